"""Rows of two tables beside each other, in Spark."""

from framework.local.reproduce.rows import counted
from framework.trace.reproduced.written import Compared

COLUMNS = "id int, x double, tags array<string>, at struct<day: date>"


def test_each_row_needs_one_that_is_like_it(spark):
    twice, odd = (1, 0.5, ["a"], None), (None, float("nan"), None, None)
    then = spark.createDataFrame([twice, twice, odd, (2, None, [], None)], COLUMNS)
    now = spark.createDataFrame([odd, twice, (2, 0.0, [], None), (3, 1.0, None, None), twice], COLUMNS)

    assert counted(then, now) == Compared(then=4, now=5, only_then=1, only_now=2)
    assert counted(then, then) == Compared(then=4, now=4)
    assert counted(then, then.unionAll(then)) == Compared(then=4, now=8, only_now=4)
    assert counted(then.limit(0), now.limit(0)) == Compared(then=0, now=0)
