# Databricks notebook source
%cd data

# COMMAND ----------

!ls
for name in names
    print(name)
