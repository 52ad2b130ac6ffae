# Databricks notebook source

dbutils.jobs.taskValues.set(key="rows", value=3)
dbutils.jobs.taskValues.set("days", 2)
dbutils.jobs.taskValues.set("weeks", 2)
