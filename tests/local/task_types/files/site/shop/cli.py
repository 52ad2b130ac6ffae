import sys

from pyspark.dbutils import DBUtils
from pyspark.sql import SparkSession


def close():
    from databricks.sdk.runtime import dbutils, spark

    assert spark is SparkSession.builder.getOrCreate()
    spark.range(2).write.mode("overwrite").saveAsTable("main.closing.books")
    rows = spark.table("main.closing.books").count()
    dbutils.jobs.taskValues.set(key="rows", value=rows)
    DBUtils(spark).jobs.taskValues.set(key="arguments", value=sys.argv[1:])
    return 1


def stop():
    sys.exit(3)
