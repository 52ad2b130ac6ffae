# Databricks notebook source
# MAGIC %md Units, day by day.

# COMMAND ----------

frame = spark.table("spark_catalog.features.daily_units")
other = spark.table("elsewhere.predictions.daily_units")
