"""What an attempt does in an engine that has just started, so that the first task need not wait for it.

The JVM loads and links thousands of classes with the first Delta write and read: seconds, once.
"""

from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Write a tiny Delta table at the path ``argv[0]``, append to it, and read it and its history."""
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.getOrCreate()
    (path,) = argv
    table = f"delta.`{path}`"
    for mode in ("overwrite", "append"):
        rows = spark.range(3).selectExpr("id", "string(id) as name", "current_date() as day")
        rows.write.format("delta").mode(mode).option("userMetadata", "{}").save(path)
        spark.sql(f"DESCRIBE HISTORY {table} LIMIT 1").select("version", "operationMetrics").collect()
        spark.read.option("versionAsOf", 0).table(table).groupBy("name").count().collect()
    spark.sql("SHOW SCHEMAS").collect()
    return 0
