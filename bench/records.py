"""What an attempt on Databricks does to be found again, against one bare append of its row.

Ours is the line in the log, the row in ``task_runs`` with the principal and the metadata of its commit, and the look
whether a table that the task wrote still has its tags. The bare append is that of the same row by the same client, over
Spark Connect on the same engine, to a table of its own. Both tables have had as many appends before, the sides
alternate. Limit: 1.3 times. What sets tags of Unity Catalog is left out: only a workspace has them.
"""

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING

from _measure import about_this_machine, row

from framework.core.ops_tables import TASK_RUNS, row_of
from framework.core.task_run import AttemptRecord, TableVersion, TaskRun
from framework.local.engine import Engine
from framework.local.paths import LocalPaths
from framework.records.ops_arrow import arrow_table
from framework.runtime import run_records, structured_logs, tags
from framework.runtime.context import TaskContext
from framework.runtime.task import Task

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EARLIER, WARM_UP, LIMIT = 300, 5, 1.3
OURS, BARE, WRITTEN = "ops_bench", "bare_bench", "shop.weekly"
_numbers = itertools.count(1)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=25)
    runs = arguments.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="bench-records-") as folder:
        paths = LocalPaths(Path(folder))
        with Engine.connect(paths, print) as engine:
            os.environ["SPARK_REMOTE"] = engine.remote_url(str(uuid.uuid4()))
            spark = session()
            make(spark, paths.warehouse)
            sides = {"bare": lambda: bare(spark), "ours": lambda: ours(spark)}
            times: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(WARM_UP + runs):
                for name, side in sides.items():
                    times[name].append(seconds(side))
            check(spark, WARM_UP + runs)
            spark.stop()
    return report(times["bare"][WARM_UP:], times["ours"][WARM_UP:])


def session() -> "SparkSession":
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def make(spark: "SparkSession", warehouse: Path) -> None:
    """The table of records and the bare one, with as many commits, and a table that a task has written and tagged."""
    from deltalake import write_deltalake

    for schema in (OURS, BARE):
        spark.sql(f"CREATE SCHEMA {schema}")
        columns = f"({TASK_RUNS.schema}) USING delta TBLPROPERTIES ('delta.appendOnly' = 'true')"
        spark.sql(f"CREATE TABLE {schema}.{TASK_RUNS.name} {columns}")
        for _ in range(EARLIER):
            rows = arrow_table(TASK_RUNS, [row_of(record())])
            write_deltalake(str(warehouse / f"{schema}.db" / TASK_RUNS.name), rows, mode="append")
    spark.sql("CREATE SCHEMA shop")
    spark.sql(f"CREATE TABLE {WRITTEN} USING delta AS SELECT 1 AS id")
    tags.put_on(WRITTEN, task())


def bare(spark: "SparkSession") -> None:
    rows = spark.createDataFrame([tuple(row_of(record()).values())], TASK_RUNS.schema)
    rows.writeTo(f"{BARE}.{TASK_RUNS.name}").append()


def ours(spark: "SparkSession") -> None:
    with Path(os.devnull).open("w") as log, redirect_stderr(log), structured_logs.captured({"task_key": "weekly"}):
        tags.put_on(WRITTEN, task())
        run_records.write(record(), OURS)


def check(spark: "SparkSession", appends: int) -> None:
    """Raises RuntimeError when a row is not there: what fails there is only told in the log."""
    if (found := spark.table(f"{OURS}.{TASK_RUNS.name}").count()) != EARLIER + appends:
        raise RuntimeError(f"the table of records has {found} rows, not {EARLIER + appends}")


def task() -> Task:
    common = {"project": "shop", "pipeline": "daily", "target": "local", "task_key": "weekly"}
    template = TaskRun(**common, kind="feature_table", options={}, tags={"owner": "shop-team", "cost_center": "4711"})
    return Task(template=template, context=TaskContext(job_run_id="1", task_run_id="1", attempt=1, **common))


def record() -> AttemptRecord:
    number = next(_numbers)
    return AttemptRecord(
        job_run_id=str(number),
        task_run_id=str(number * 10),
        attempt=1,
        project="shop",
        pipeline="daily",
        target="prod",
        task_key="weekly",
        kind="feature_table",
        result="SUCCESS",
        started_at="2026-01-31T04:00:00Z",
        ended_at="2026-01-31T04:00:20Z",
        parameters={"as_of": "2026-01-31"},
        inputs=(TableVersion("prod.raw.sales", number, 68120, "ab" * 8),),
        outputs=(TableVersion("prod.shop.weekly", number, 1310, "cd" * 8),),
        metrics={"rows": 1310.0},
    )


def seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(bare_times: list[float], our_times: list[float]) -> int:
    ratio = statistics.median(our_times) / statistics.median(bare_times)
    print(f"\n{about_this_machine()}; {len(our_times)} alternating appends, after {EARLIER} others")
    print(f"{'':<28}{'median':>10}{'min':>10}{'max':>10}")
    print(row("one bare append", bare_times, "s"))
    print(row("record, tags and log line", our_times, "s"))
    print(f"ours / bare: {ratio:.2f} (limit {LIMIT})")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
