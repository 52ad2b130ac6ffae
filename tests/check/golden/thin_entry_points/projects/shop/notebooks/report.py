# Databricks notebook source
# MAGIC %pip install tabulate

# COMMAND ----------

# MAGIC %run ./setup

# COMMAND ----------

import shop.demand

dbutils.widgets.text("as_of", "")
as_of = dbutils.widgets.get("as_of")
spark.sql("use catalog main")


def clean(rows):
    for row in rows:
        yield row


query = f"select product, sum(units) from raw.sales where day = '{as_of}'"
rows = spark.sql(query)
names = [column.lower() for column in rows.columns]
long = [name for name in names if len(name) > 8]

# COMMAND ----------

# MAGIC %sql
# MAGIC select * from raw.sales
