# Databricks notebook source
# MAGIC %run ./parts/names

# COMMAND ----------

import dates

dbutils.notebook.run("./parts/archive", 600)
