import datetime

import pandas as pd
import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from example_demand_forecast.features import FEATURES, add_features, build_weekly_demand, product_lines, weekly_demand
from example_demand_forecast.weeks import Weeks

MONDAY = datetime.date(2011, 1, 3)
WEEK = datetime.timedelta(weeks=1)
LINE = "InvoiceNo string, StockCode string, Quantity int, InvoiceDate timestamp, UnitPrice double, Country string"


def weeks(count: int) -> Weeks:
    """A backtest over so many weeks from MONDAY on."""
    origin = MONDAY + (count - 4) * WEEK
    return Weeks.of(MONDAY, MONDAY + count * WEEK - datetime.timedelta(days=1), origin)


def sold(spark: SparkSession, units_by_week: dict[int, float]) -> DataFrame:
    rows = [("20000", MONDAY + n * WEEK, units) for n, units in units_by_week.items()]
    return spark.createDataFrame(rows, "stock_code string, week date, units double")


def test_only_orders_of_products_in_the_united_kingdom_count(spark: SparkSession) -> None:
    sunday, uk = datetime.datetime(2011, 1, 9, 16, 0), "United Kingdom"
    sales = spark.createDataFrame(
        [
            ("536365", " 85123a ", 6, sunday, 2.55, uk),
            ("C536366", "85123A", -6, sunday, 2.55, uk),
            ("C536367", "85123A", 6, sunday, 2.55, uk),
            ("536368", "85123A", 6, sunday, 0.0, uk),
            ("536369", "85123A", -1, sunday, 2.55, uk),
            ("536370", "POST", 1, sunday, 18.0, uk),
            ("536371", "851234", 1, sunday, 1.0, uk),
            ("536372", "85123A", 6, sunday, 2.55, "France"),
        ],
        LINE,
    )
    expected = spark.createDataFrame([("85123A", MONDAY, 6.0)], "stock_code string, week date, units double")
    assert_df_equality(product_lines(sales), expected, ignore_nullable=True)


def test_a_week_without_sales_has_demand_0(spark: SparkSession) -> None:
    demand = weekly_demand(sold(spark, {n: 2.0 for n in range(40) if n != 7}), weeks(40))
    assert_df_equality(
        demand.where(F.col("week").between(MONDAY + 6 * WEEK, MONDAY + 8 * WEEK)),
        spark.createDataFrame(
            [("20000", MONDAY + n * WEEK, units) for n, units in ((6, 2.0), (7, 0.0), (8, 2.0))],
            "stock_code string, week date, demand double",
        ),
        ignore_nullable=True,
        ignore_row_order=True,
    )


@pytest.mark.parametrize(("weeks_sold", "kept"), [(30, 1), (29, 0)])
def test_products_that_sold_in_fewer_than_30_weeks_before_the_holdout_are_left_out(
    spark: SparkSession, weeks_sold: int, kept: int
) -> None:
    before = dict.fromkeys(range(weeks_sold), 1.0)
    in_holdout = dict.fromkeys(range(36, 40), 1.0)
    demand = weekly_demand(sold(spark, before | in_holdout), weeks(40))
    assert demand.select("stock_code").distinct().count() == kept


def test_features_look_at_the_weeks_before(spark: SparkSession) -> None:
    lines = sold(spark, {n: float(n) for n in range(1, 40)})
    features = add_features(weekly_demand(lines, weeks(40)), weeks(40))
    row = features.where(F.col("week") == F.lit(MONDAY + 10 * WEEK)).collect()[0].asDict()
    assert (row["demand"], row["split"], row["weeks_on_sale"]) == (10.0, "train", 9)
    assert [row[f"lag_{k}"] for k in range(1, 5)] == [9.0, 8.0, 7.0, 6.0]
    assert (row["mean_4"], row["mean_8"], row["mean_26"]) == (7.5, 5.5, 4.5)
    assert (row["max_8"], row["share_8"], row["mean_all"]) == (9.0, 1.0, 5.0)


def test_sales_of_a_week_change_no_feature_of_it_or_of_earlier_weeks(
    sample_sales: DataFrame, sample_features: pd.DataFrame
) -> None:
    changed_from = "2011-06-06"
    later = F.col("InvoiceDate") >= F.lit(changed_from)
    quantity = F.when(later, F.col("Quantity") * 7 + 1).otherwise(F.col("Quantity")).cast("int")
    changed = build_weekly_demand(sample_sales.withColumn("Quantity", quantity), "2011-11-07").toPandas()
    pd.testing.assert_frame_equal(_up_to(changed, changed_from), _up_to(sample_features, changed_from))
    assert changed["demand"].sum() != sample_features["demand"].sum()


def test_in_production_the_week_of_as_of_has_features_but_no_demand(sample_sales: DataFrame) -> None:
    features = build_weekly_demand(sample_sales, "2011-12-07")
    last = (
        features.where("week >= '2011-11-28'")
        .groupBy("week", "split")
        .agg(F.count("demand").alias("known"), F.count("lag_1").alias("lagged"))
    )
    products = features.select("stock_code").distinct().count()
    assert sorted(map(tuple, last.collect())) == [
        (datetime.date(2011, 11, 28), "holdout", products, products),
        (datetime.date(2011, 12, 5), "forecast", 0, products),
    ]


def test_an_empty_table_is_refused(spark: SparkSession) -> None:
    with pytest.raises(ValueError, match="there are no sales"):
        build_weekly_demand(spark.createDataFrame([], LINE), "2011-11-07")


def test_the_real_data_gives_1310_products_and_5240_holdout_points(real_sales: DataFrame) -> None:
    features = build_weekly_demand(real_sales, "2011-11-07")
    counts = features.agg(
        F.count_distinct("stock_code"), F.count_if(F.col("split") == "holdout"), F.sum("demand"), F.min("week")
    )
    assert tuple(counts.collect()[0]) == (1310, 5240, 3_125_592.0, datetime.date(2010, 12, 6))


def _up_to(features: pd.DataFrame, week: str) -> pd.DataFrame:
    early = features[features["week"] <= datetime.date.fromisoformat(week)]
    return early[["stock_code", "week", "weeks_on_sale", *FEATURES]].sort_values(
        ["stock_code", "week"], ignore_index=True
    )
