"""Functions that make tables, and some that fail."""

import pandas as pd
from pyspark.sql import functions as F


def weekly(sales, factor: int = 1):
    return sales.groupBy("stock_code", "week").agg((F.sum("quantity") * factor).cast("double").alias("quantity"))


def as_they_are(sales):
    return sales


def of_day(sales, context):
    return sales.withColumn("logical_date", F.lit(context.logical_date))


def of_country(sales, country):
    return sales.withColumn("country", F.lit(country))


def of_another_day(sales):
    return sales.withColumn("logical_date", F.lit("1999-01-01").cast("date"))


def two_tables(sales):
    return {"few": sales.limit(1), "all": sales}


def one_of_two_tables(sales):
    return {"few": sales.limit(1), "all": sales.toPandas()}


def exits(sales):
    raise SystemExit(0)


def report(sales, context):
    context.logger.info("sold %s\nthings", sales.count())


def wants_more(sales, weather):
    return sales


def raises(sales):
    return {}["x"]


def raises_half_a_character(sales):
    raise ValueError("\udc80")


def wrong_column(sales):
    return sales.withColumn("double", F.col("quantty") * 2)


def fails_on_a_worker(sales):
    def explode(batches):
        for _ in batches:
            raise ValueError("cannot explode")
        yield pd.DataFrame()

    return sales.mapInPandas(explode, sales.schema)


def returns_pandas(sales):
    return sales.toPandas()


def other_columns(sales):
    return sales.withColumnRenamed("quantity", "amount")
