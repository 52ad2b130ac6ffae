# Databricks notebook source
# ruff: noqa
# MAGIC %pip install --quiet something

# COMMAND ----------

# MAGIC %md
# MAGIC # Orders of a day

# COMMAND ----------

# MAGIC %run ./names $catalog="shop_dev"

# COMMAND ----------

dbutils.widgets.text("day", "2000-01-01", "Day")
dbutils.widgets.dropdown("country", "DE", ["DE", "FR"])
day = dbutils.widgets.get("day")
country = dbutils.widgets.get("country")

# COMMAND ----------

# MAGIC %sql
# MAGIC CREATE SCHEMA IF NOT EXISTS shop_dev.raw;
# MAGIC CREATE OR REPLACE TABLE shop_dev.raw.orders AS
# MAGIC SELECT id, :country AS country, date'${day}' AS day FROM range(3)

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT country, count(*) AS orders FROM shop_dev.raw.orders GROUP BY ALL

# COMMAND ----------

orders = _sqldf.first().orders
print(f"{orders} orders in {table_name('raw', 'orders')} on {day}")
display(spark.table(table_name("raw", "orders")).orderBy("id"))

# COMMAND ----------

# MAGIC %sh
# MAGIC echo "a shell in $(basename $PWD)"

# COMMAND ----------

dbutils.fs.put(f"/Volumes/shop_dev/raw/landing/{country}.csv", "id,name\n1,a\n2,b\n", True)
spark.read.csv(f"/Volumes/shop_dev/raw/landing/{country}.csv", header=True).count()

# COMMAND ----------

# MAGIC %fs ls /Volumes/shop_dev/raw/landing

# COMMAND ----------

total = dbutils.notebook.run("./add", 60, {"a": orders, "b": 4})
dbutils.jobs.taskValues.set("orders", {"count": orders, "total": int(total)})
dbutils.notebook.exit(f"{orders} orders")

# COMMAND ----------

raise AssertionError("nothing is executed after exit")
