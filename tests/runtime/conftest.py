"""One JVM with Delta for all tests here. Attempts run in this process (classic) or in another (Spark Connect)."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyspark
import pytest
from pyspark.sql import SparkSession

from framework.core.task_run import AttemptRecord, Parameter, TaskRun
from framework.runtime import entrypoint

PROJECT = Path(__file__).parent / "project"
HAS_CONNECT = pyspark.__version__.startswith("4.2")
_numbers = itertools.count(1)

pytestmark = pytest.mark.spark


@pytest.fixture(scope="session", autouse=True)
def _surroundings(tmp_path_factory) -> Iterator[None]:
    """MLflow in a directory of its own, and the project importable here and on Spark's workers."""
    store = tmp_path_factory.mktemp("mlflow")
    root = str(Path(entrypoint.__file__).parents[2])
    patch = pytest.MonkeyPatch()
    patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}/mlflow.db")
    patch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{store}/mlflow.db")
    patch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT), root]))
    patch.setenv("PYSPARK_PYTHON", sys.executable)
    patch.syspath_prepend(str(PROJECT))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def spark(tmp_path_factory, _surroundings) -> Iterator[SparkSession]:
    session = _builder(tmp_path_factory.mktemp("warehouse")).getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def connect_worker(spark, tmp_path_factory) -> Iterator[subprocess.Popen]:
    """A process that runs attempts over Spark Connect, one per line of JSON."""
    server = getattr(getattr(spark._jvm.org.apache.spark.sql.connect.service, "SparkConnectService$"), "MODULE$")
    code = (
        "import json, os, sys\nfrom framework.runtime import entrypoint\n"
        "for line in sys.stdin:\n"
        "    job = json.loads(line); os.environ['FRAMEWORK_OUTBOX'] = job['outbox']\n"
        "    print(entrypoint.main(job['argv']), flush=True)\n"
    )
    environment = {**os.environ, "SPARK_REMOTE": f"sc://localhost:{server.localPort()}"}
    log = (tmp_path_factory.mktemp("connect") / "stderr.log").open("w")
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment,
        text=True,
    ) as process:
        yield process
        process.stdin.close()


@dataclass(frozen=True)
class Runner:
    """Runs one task as a job would; ``job_run_id`` is this test's own, ``schema`` its own database."""

    directory: Path
    schema: str
    job_run_id: str
    worker: subprocess.Popen | None

    def __call__(
        self, kind: str, *, task_key: str = "it", params=None, given=None, more=None, shared=None, **options
    ) -> AttemptRecord:
        number = next(_numbers)
        outbox, plan = self.directory / f"attempt{number}", self.directory / "bundle" / "plans" / "shop.json"
        defaults = {name: Parameter.of(value) for name, value in (params or {}).items()}
        tasks = {task_key: self.template(task_key, kind, options, defaults), **(more or {})}
        plan.parent.mkdir(parents=True, exist_ok=True)
        templates = {key: task.as_dict() for key, task in tasks.items()}
        plan.write_text(json.dumps({"schema": 1, "shared_tables": shared or {}, "tasks": templates}))
        (plan.parent.parent / "provenance.json").write_text('{"commit": "abc123", "dirty": true, "release": "r1"}')
        own = {"plan": plan, "task": task_key, "job_run_id": self.job_run_id, "task_run_id": number, "attempt": 1}
        arguments = {**{f"framework.{name}": value for name, value in own.items()}, **(given or {})}
        self._run([f"--{name}={value}" for name, value in arguments.items()], outbox)
        return AttemptRecord.from_json((outbox / "record.json").read_text())

    def template(self, task_key: str, kind: str, options: dict[str, Any], params=None) -> TaskRun:
        return TaskRun(
            project="shop", pipeline="shop", target="local", task_key=task_key, kind=kind, options=options,
            params=params or {}, tags={"owner": "tests"},
        )  # fmt: skip

    def name(self, table: str) -> str:
        return f"spark_catalog.{self.schema}.{table}"

    def _run(self, argv: list[str], outbox: Path) -> None:
        if self.worker:
            self.worker.stdin.write(json.dumps({"argv": argv, "outbox": str(outbox)}) + "\n")
            self.worker.stdin.flush()
            self.worker.stdout.readline()
            return
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FRAMEWORK_OUTBOX", str(outbox))
            entrypoint.main(argv)


@pytest.fixture
def attempt(spark, tmp_path) -> Runner:
    number = next(_numbers)
    return Runner(tmp_path, f"s{number}", f"job{number}", None)


_CONNECT = pytest.param("connect", marks=pytest.mark.skipif(not HAS_CONNECT, reason="4.2 only"))


@pytest.fixture(params=["classic", _CONNECT])
def either(request, attempt) -> Runner:
    """``attempt``, once in this process and once over Spark Connect."""
    return _runner(request, attempt)


@pytest.fixture(params=[pytest.param("classic", marks=pytest.mark.soak), _CONNECT])
def remote(request, attempt) -> Runner:
    """The same where both go the same way: in this process only in a soak, and with older versions of Spark."""
    return _runner(request, attempt)


@pytest.fixture
def table(spark, attempt):
    """Makes a table in this test's schema out of rows and a schema, and gives its name."""

    def make(name: str, rows: list[tuple], columns: str) -> str:
        full = attempt.name(name)
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {full.rpartition('.')[0]}")
        frame = spark.createDataFrame(rows, columns).coalesce(1)
        frame.write.format("delta").mode("overwrite").saveAsTable(full)
        return full

    return make


@pytest.fixture
def sales(table) -> str:
    rows = [("A", "2011-11-07", 2), ("A", "2011-11-07", 3), ("B", "2011-11-07", 7)]
    return table("sales", rows, "stock_code string, week string, quantity int")


def _runner(request, attempt: Runner) -> Runner:
    worker = request.getfixturevalue("connect_worker") if request.param == "connect" else None
    return replace(attempt, worker=worker)


def _builder(warehouse: Path) -> SparkSession.Builder:
    builder = SparkSession.builder.master("local[2]").config(map=_settings(warehouse))
    if HAS_CONNECT:
        from framework.local import jars, java

        found = java.find(warehouse.parent / "java", lambda _: None)
        return builder.config("spark.jars", ",".join(map(str, jars.resolve(found, lambda _: None))))
    from delta import configure_spark_with_delta_pip

    return configure_spark_with_delta_pip(builder)


def _settings(warehouse: Path) -> dict[str, str]:
    connect = {
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": "0",
    }
    return {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(warehouse),
        "spark.sql.shuffle.partitions": "1",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        **(connect if HAS_CONNECT else {}),
    }
