"""What a run costs when the engine is warm: from Enter to the prompt, against its Spark work alone.

A pipeline of one ``python`` task reads a small table, groups it and writes another. The same read, grouping and write
is done by a Spark Connect client in this process, which has everything imported, on the same engine and on a table of
its own; a session is opened for it and closed again, as each task has one of its own. Fair because both sides work on
the same warm JVM, and alternate. Limits: 3 s, and twice as long as the work alone. A task also asks Delta which version
it reads and which one it made; the work with these two questions is shown for orientation.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from _measure import about_this_machine, row

from framework.local.engine import Engine
from framework.local.paths import LocalPaths

SECONDS_LIMIT = 3.0
RATIO_LIMIT = 2.0

CODE = """
from pyspark.sql import DataFrame, functions as F

from framework import TaskContext


def orders(context: TaskContext) -> DataFrame:
    return context.spark.range(1000).selectExpr("id", "id % 10 as customer", "cast(id as double) as amount")


def totals(orders: DataFrame) -> DataFrame:
    return orders.groupBy("customer").agg(F.sum("amount").alias("amount"))
"""
TASK = """
name: {name}
description: One task, for a measurement.
tasks:
  - task_key: {name}
    kind: python
    entrypoint: shop.work:{name}
    reads: {reads}
    writes: shop.{name}
"""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=5)
    runs = arguments.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="bench-warm-run-") as folder:
        root = project(Path(folder))
        with Engine.connect(LocalPaths(root), print) as engine:
            pipeline_run(root, "orders")
            for _ in range(2):
                pipeline_run(root, "totals")
                work_alone(engine)
            whole, work, asking = [], [], []
            for number in range(runs):
                whole.append(seconds(lambda: pipeline_run(root, "totals")))
                work.append(seconds(lambda: work_alone(engine)))
                asking.append(seconds(lambda: work_alone(engine, ask_versions=True)))
                print(f"run {number + 1}: {whole[-1]:.2f} s, work alone {work[-1]:.2f} s", flush=True)
    return report(whole, work, asking)


def project(root: Path) -> Path:
    """A repository with a pipeline that makes a table, and one that reads it and writes another."""
    (root / "conf").mkdir()
    (root / "conf" / "base.yml").write_text("{}\n")
    pipelines, code = (root / "projects" / "shop" / name for name in ("pipelines", "src/shop"))
    pipelines.mkdir(parents=True)
    code.mkdir(parents=True)
    (root / "projects" / "shop" / "project.yml").write_text("name: shop\ndescription: Measured.\nowner: shop-team\n")
    (code / "__init__.py").touch()
    (code / "work.py").write_text(CODE)
    for name, reads in (("orders", "{}"), ("totals", "{orders: shop.orders}")):
        (pipelines / f"{name}.yml").write_text(TASK.format(name=name, reads=reads))
    return root


def pipeline_run(root: Path, pipeline: str) -> None:
    command = [sys.executable, "-m", "framework", "run", "--pipeline", pipeline]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"{pipeline} ended with {run.returncode}\n{run.stdout}{run.stderr}")


def work_alone(engine: Engine, ask_versions: bool = False) -> None:
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    spark = SparkSession.builder.remote(engine.remote_url(str(uuid.uuid4()))).create()
    try:
        if ask_versions:
            spark.sql("DESCRIBE HISTORY shop.orders LIMIT 1").select("version").collect()
        totals = spark.table("shop.orders").groupBy("customer").agg(F.sum("amount").alias("amount"))
        totals.write.format("delta").mode("overwrite").option("overwriteSchema", "true").saveAsTable("shop.alone")
        if ask_versions:
            spark.sql("DESCRIBE HISTORY shop.alone LIMIT 20").select("version", "operationMetrics").collect()
    finally:
        spark.stop()


def seconds(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def report(whole: list[float], work: list[float], asking: list[float]) -> int:
    took, ratio = statistics.median(whole), statistics.median(whole) / statistics.median(work)
    print(f"\n{about_this_machine()}; engine warm; {len(whole)} alternating runs")
    print(f"{'':<28}{'median':>10}{'min':>10}{'max':>10}")
    print(row("framework run", whole, f"s (limit {SECONDS_LIMIT:.0f})"))
    print(row("its Spark work alone", work, "s"))
    print(row("and asking for versions", asking, "s"))
    print(f"run / work alone: {ratio:.2f} (limit {RATIO_LIMIT:.0f})")
    return 0 if took <= SECONDS_LIMIT and ratio <= RATIO_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
