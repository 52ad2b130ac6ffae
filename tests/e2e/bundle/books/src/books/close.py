"""Closes the books of a day."""

import argparse

from databricks.sdk.runtime import dbutils
from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def main() -> None:
    """Copy the totals, and say who closed them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--catalog")
    parser.add_argument("--day")
    parser.add_argument("--closed_by")
    given = parser.parse_args()
    spark = SparkSession.builder.getOrCreate()
    closed = spark.table(f"{given.catalog}.sales.totals").withColumn("closed_by", F.lit(given.closed_by))
    closed.write.mode("overwrite").saveAsTable(f"{given.catalog}.sales.closed")
    dbutils.jobs.taskValues.set("closed", closed.count())
