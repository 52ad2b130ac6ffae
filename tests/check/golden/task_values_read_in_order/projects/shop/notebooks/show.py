# Databricks notebook source

rows = dbutils.jobs.taskValues.get(taskKey="count", key="rows")
days = dbutils.jobs.taskValues.get("cuont", "days")
other = dbutils.jobs.taskValues.get("another", "days", default=1)
also = dbutils.jobs.taskValues.get("count", "days", default=1)
