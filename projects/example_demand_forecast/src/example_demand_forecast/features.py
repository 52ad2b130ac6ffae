"""Invoice lines to one row per product and week, with what was known before that week began."""

import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from example_demand_forecast.weeks import Weeks

SCALED = ["lag_1", "lag_2", "lag_3", "lag_4", "mean_4", "mean_8", "mean_26", "max_8", "mean_all"]
"""Features in units a week: the model sees them relative to the product's own level."""
FEATURES = [*SCALED, "share_8"]

_SELECTION_WEEKS = 48
_MIN_WEEKS_SOLD = 30


def build_weekly_demand(sales: DataFrame, as_of: str) -> DataFrame:
    """Features and demand per product and week, from the first complete week to the one that ``as_of`` lies in.

    Where the sales already cover that week and the next three, those four are the holdout and the table goes on to
    their end. Columns: stock_code, week (its Monday), split (train, holdout or forecast), demand (units; null while it
    is not known), weeks_on_sale (null before the first sale) and FEATURES. Raises ValueError when there are too few
    sales for ``as_of``.
    """
    weeks = Weeks.of(*_span(sales), datetime.date.fromisoformat(as_of))
    return add_features(weekly_demand(product_lines(sales), weeks), weeks)


def product_lines(sales: DataFrame) -> DataFrame:
    """Ordered units of products in the United Kingdom: stock_code, week, units.

    Left out: cancellations, corrections, gifts at no price, and codes that are no products, such as postage.
    """
    stock_code = F.upper(F.trim("StockCode"))
    return sales.where(
        (F.col("Country") == "United Kingdom")
        & stock_code.rlike(r"^\d{5}[A-Z]*$")
        & ~F.col("InvoiceNo").startswith("C")
        & (F.col("Quantity") > 0)
        & (F.col("UnitPrice") > 0)
    ).select(
        stock_code.alias("stock_code"),
        F.to_date(F.date_trunc("week", F.to_date("InvoiceDate"))).alias("week"),
        F.col("Quantity").cast("double").alias("units"),
    )


def weekly_demand(lines: DataFrame, weeks: Weeks) -> DataFrame:
    """One row per product and week without gaps: a week without sales has demand 0, one not yet known null.

    Kept are products that sold in at least 30 of the 48 weeks before the holdout; the holdout itself has no say.
    """
    in_selection = F.col("week").between(F.lit(weeks.before_holdout(_SELECTION_WEEKS)), F.lit(weeks.before_holdout(1)))
    all_weeks = F.sequence(F.lit(weeks.first), F.lit(weeks.last), F.expr("interval 7 days"))
    known = F.col("week") <= F.lit(weeks.last_known)
    return (
        lines.where(F.col("week").between(F.lit(weeks.first), F.lit(weeks.last_known)))
        .groupBy("stock_code", "week")
        .agg(F.sum("units").alias("demand"))
        .groupBy("stock_code")
        # One map per product instead of a join with the calendar: one pass and one shuffle less.
        .agg(
            F.map_from_entries(F.collect_list(F.struct("week", "demand"))).alias("by_week"),
            F.count_if(in_selection).alias("weeks_sold"),
        )
        .where(F.col("weeks_sold") >= _MIN_WEEKS_SOLD)
        .select("stock_code", "by_week", F.explode(all_weeks).alias("week"))
        .select(
            "stock_code",
            "week",
            F.when(known, F.coalesce(F.try_element_at("by_week", F.col("week")), F.lit(0.0))).alias("demand"),
        )
    )


def add_features(demand: DataFrame, weeks: Weeks) -> DataFrame:
    """``demand`` with FEATURES, which look at earlier weeks only, and with ``split``."""
    by_week = Window.partitionBy("stock_code").orderBy("week")
    units, sold = F.col("demand"), F.col("demand") > 0
    past, past_8 = by_week.rowsBetween(Window.unboundedPreceding, -1), by_week.rowsBetween(-8, -1)
    first_sale = F.min(F.when(sold, F.col("week"))).over(past)
    weeks_on_sale = (F.date_diff(F.col("week"), first_sale) / 7).cast("int")
    return demand.select(
        "stock_code",
        "week",
        _split(weeks).alias("split"),
        "demand",
        weeks_on_sale.alias("weeks_on_sale"),
        *[F.lag("demand", k).over(by_week).alias(f"lag_{k}") for k in range(1, 5)],
        *[F.avg(units).over(by_week.rowsBetween(-k, -1)).alias(f"mean_{k}") for k in (4, 8, 26)],
        F.max(units).over(past_8).alias("max_8"),
        (F.sum(units).over(past) / weeks_on_sale).alias("mean_all"),
        F.avg(sold.cast("double")).over(past_8).alias("share_8"),
    )


def _split(weeks: Weeks) -> Column:
    week = F.col("week")
    return (
        F.when(week < F.lit(weeks.holdout), "train")
        .when(week <= F.lit(weeks.last_known), "holdout")
        .otherwise("forecast")
    )


def _span(sales: DataFrame) -> tuple[datetime.date, datetime.date]:
    invoiced = F.to_date("InvoiceDate")
    first, last = sales.agg(F.min(invoiced), F.max(invoiced)).collect()[0]
    if first is None:
        raise ValueError("there are no sales: the table is empty, or every InvoiceDate is null")
    return first, last
