"""What the comparison does in Spark, in a process of its own: make the scratch schema, compare tables, drop it."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.trace.reproduced.written import Compared, Written, differing, is_loose

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

CALL = "framework.local.reproduce.rows:main"
_RESULT = "rows.json"


def prepare(schema: str, tables: Sequence[Written]) -> str:
    """The argument of ``main`` that makes an empty ``schema``, with the tables to which rows are added."""
    return json.dumps({"do": "prepare", "schema": schema, "tables": [asdict(each) for each in tables]})


def compare(tables: Sequence[Written]) -> str:
    """The argument of ``main`` that compares what was written with what was written again."""
    return json.dumps({"do": "compare", "tables": [asdict(each) for each in tables]})


def drop(schema: str) -> str:
    """The argument of ``main`` that drops ``schema`` and all in it."""
    return json.dumps({"do": "drop", "schema": schema})


def read_result(directory: Path) -> list[Compared]:
    """What ``main`` found, in the order of the tables. Raises OSError when it did not get that far."""
    found = json.loads((directory / _RESULT).read_text(encoding="utf-8"))
    return [Compared(**{**each, "columns": tuple(each["columns"])}) for each in found]


def main(argv: Sequence[str]) -> int:
    """In the attempt's process."""
    from pyspark.sql import SparkSession

    spark, wanted = SparkSession.builder.getOrCreate(), json.loads(argv[0])
    tables = [Written(**each) for each in wanted.get("tables", ())]
    found: list[Compared] = []
    if wanted["do"] == "compare":
        found = [_compared(spark, each) for each in tables]
    else:
        spark.sql(f"drop schema if exists {wanted['schema']} cascade")
    if wanted["do"] == "prepare":
        spark.sql(f"create schema {wanted['schema']}")
        for each in tables:
            _make_empty(spark, each)
    Path(os.environ["FRAMEWORK_OUTBOX"], _RESULT).write_text(json.dumps([*map(asdict, found)]), encoding="utf-8")
    return 0


def _make_empty(spark: "SparkSession", written: Written) -> None:
    """Rows that are added take the types of the table's columns; a table that is overwritten takes theirs."""
    if written.part != "all":
        empty = _at(spark, written.table, written.version).limit(0)
        empty.write.format("delta").saveAsTable(written.scratch)


def _compared(spark: "SparkSession", written: Written) -> Compared:
    then, now = _then(spark, written), spark.table(written.scratch)
    before, after = dict(then.dtypes), dict(now.dtypes)
    if columns := differing(before, after):
        return Compared(then=then.count(), now=now.count(), columns=columns)
    return counted(*(_comparable(frame, list(before)) for frame in (then, now)))


def counted(then: "DataFrame", now: "DataFrame") -> Compared:
    """In one pass: how often each row is there, then and now."""
    from pyspark.sql import functions as F

    rows = F.struct("*").alias("row")
    both = then.select(rows, F.lit(1).alias("then"), F.lit(0).alias("now"))
    both = both.unionAll(now.select(rows, F.lit(0).alias("then"), F.lit(1).alias("now")))
    like = both.groupBy("row").agg(F.sum("then").alias("then"), F.sum("now").alias("now"))
    only_then, only_now = F.greatest(F.expr("then - now"), F.lit(0)), F.greatest(F.expr("now - then"), F.lit(0))
    sums = {"then": F.col("then"), "now": F.col("now"), "only_then": only_then, "only_now": only_now}
    (found,) = like.agg(*[F.coalesce(F.sum(each), F.lit(0)).alias(name) for name, each in sums.items()]).collect()
    return Compared(**found.asDict())


def _then(spark: "SparkSession", written: Written) -> "DataFrame":
    rows = _at(spark, written.table, written.version)
    if written.part == "all":
        return rows
    if written.part != "added":
        return rows.filter(written.part)
    return rows.exceptAll(_at(spark, written.table, written.version - 1)) if written.version else rows


def _at(spark: "SparkSession", table: str, version: int) -> "DataFrame":
    return spark.read.option("versionAsOf", version).table(table)


def _comparable(frame: "DataFrame", names: Sequence[str]) -> "DataFrame":
    """``frame`` with columns that Spark can compare: maps and variants as text."""
    types = dict(frame.dtypes)
    return frame.select(*[_as_text(name) if is_loose(types[name]) else _column(name) for name in names])


def _as_text(name: str) -> "Column":
    from pyspark.sql import functions as F

    return F.to_json(F.struct(_column(name))).alias(name)


def _column(name: str) -> Any:
    from pyspark.sql import functions as F

    return F.col("`" + name.replace("`", "``") + "`")
