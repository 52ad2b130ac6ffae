# Databricks notebook source
print("no task runs it")
