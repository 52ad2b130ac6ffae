import argparse

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

parser = argparse.ArgumentParser()
parser.add_argument("--catalog")
parser.add_argument("--country")
given = parser.parse_args()

spark = SparkSession.builder.getOrCreate()
orders = spark.table(f"{given.catalog}.raw.orders").filter(F.col("country") == given.country)
total = orders.groupBy("country").agg(F.sum("price").alias("price"))
total.write.mode("append").saveAsTable(f"{given.catalog}.raw.by_country")
