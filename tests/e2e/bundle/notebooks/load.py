# Databricks notebook source
# ruff: noqa
# MAGIC %md
# MAGIC Orders of a day, by country.

# COMMAND ----------
# MAGIC %run ./prices

# COMMAND ----------
dbutils.widgets.text("day", "")
dbutils.widgets.text("catalog", "")
catalog, day = dbutils.widgets.get("catalog"), dbutils.widgets.get("day")

# COMMAND ----------
spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.raw")
rows = [(number, country, day, price) for number, (country, price) in enumerate(PRICES)]
orders = spark.createDataFrame(rows, "id int, country string, day string, price double")
orders.write.mode("overwrite").saveAsTable(f"{catalog}.raw.orders")
# The countries append to it, side by side.
spark.sql(f"CREATE OR REPLACE TABLE {catalog}.raw.by_country (country STRING, price DOUBLE)")

# COMMAND ----------
# MAGIC %sql
# MAGIC SELECT country, sum(price) AS price FROM IDENTIFIER(:catalog || '.raw.orders') GROUP BY country

# COMMAND ----------
dbutils.jobs.taskValues.set("orders", orders.count())
dbutils.jobs.taskValues.set("countries", sorted({country for country, _ in PRICES}))

# COMMAND ----------
dbutils.notebook.exit(f"{orders.count()} orders")
