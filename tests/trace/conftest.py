"""A warehouse with tables that tasks wrote, and the records of the runs that did: real Delta tables, no JVM.

Three runs of ``demand`` on consecutive days: features, training, evaluation, registration, scoring. Each scores its
own day; the third scores the first day again.
"""

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import CommitProperties, write_deltalake

from framework.core.ops_tables import JOB_RUNS, in_order, row_of, times
from framework.core.task_run import AttemptRecord, Environment, ModelVersion, Origin, TableVersion, Verdict
from framework.records.ops_store import OpsStore, RunRows
from framework.trace.delta_ops import DeltaOps
from framework.trace.delta_tables import DeltaTables
from framework.trace.sources import Sources
from framework.trace.tracing import trace

RAW, FEATURES, PREDICTIONS = (f"spark_catalog.{name}" for name in ("raw.sales", "features.daily", "predictions.daily"))
MODEL = "spark_catalog.models.demand"
DAYS = {1: date(2024, 3, 1), 2: date(2024, 3, 2), 3: date(2024, 3, 1)}
LOADED = {"framework.source.sha256": "ab" * 32, "framework.source.file": "data/sales.csv"}


@dataclass
class World:
    """``sources`` are what a trace asks."""

    warehouse: Path
    raw: str = RAW
    features: str = FEATURES
    predictions: str = PREDICTIONS
    model: str = MODEL

    @property
    def sources(self) -> Sources:
        models = Registered({"1": "f" * 31 + "1", "2": "f" * 31 + "2", "3": "f" * 31 + "3"}, {"champion": "3"})
        return Sources(
            ops=DeltaOps(self.warehouse), tables=DeltaTables(self.warehouse), models=models, catalog="spark_catalog"
        )

    def trace(self, subject: str, direction: str = "up", **row: str):
        return trace(subject, self.sources, direction, row)

    def write(self, table: str, columns: dict, said: dict | None = None, mode: str = "overwrite") -> None:
        """One commit that says ``said`` of itself."""
        more = CommitProperties(custom_metadata={"userMetadata": json.dumps(said)}) if said else None
        write_deltalake(str(self.directory(table)), pa.table(columns), mode=mode, commit_properties=more)

    def attempt(self, run: int, task: str, kind: str = "python", **more) -> AttemptRecord:
        return attempt(run, task, kind, **more)

    def directory(self, table: str) -> Path:
        _, schema, name = table.split(".")
        return self.warehouse / f"{schema}.db" / name

    def record(
        self, run: int, *records: AttemptRecord, repair: int = 0, result: str = "SUCCESS", **job: str | list[str]
    ) -> None:
        rows = [row_of(record, repair=repair) for record in records]
        job_runs = [job_row(run, repair, result) | job]
        OpsStore(self.warehouse).append([RunRows(job_run_id=run, project="shop", repairs=repair, task_runs=rows,
                                                 job_runs=job_runs)])  # fmt: skip


@dataclass(frozen=True)
class Registered:
    """A registry: the MLflow run of each version, and aliases."""

    versions: dict[str, str]
    aliases: dict[str, str]

    def at_alias(self, name, alias):
        return self.at_version(name, self.aliases.get(alias, ""))

    def at_version(self, name, version):
        run = self.versions.get(version) if name == MODEL else None
        return ModelVersion(name, version, run) if run else None

    def beside(self, name):
        return [MODEL]

    def labels(self, name):
        return [*(f"@{each}" for each in self.aliases), *(f"/{each}" for each in self.versions)] * (name == MODEL)


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    world = World(tmp_path_factory.mktemp("trace") / ".framework/warehouse")
    world.write(RAW, {"product": ["a", "b"], "units": [1, 2]})
    as_loaded_by_spark(world.directory(RAW))
    for run, day in DAYS.items():
        world.write(FEATURES, {"product": ["a", "b"], "lag": [run, run + 1]}, said(run, "features"))
        rows = {"product": ["a", "b"], "forecast": [run + 0.5, run + 1.5], "logical_date": [day, day]}
        # With delta-rs a slice is appended; who wrote a row is told by what the commit says of its slice.
        world.write(PREDICTIONS, rows if run < 3 else {**rows, "product": ["a", "c"]},
                    said(run, "score") | {"slice": {"logical_date": str(day)}}, "append")  # fmt: skip
        world.record(run, *records(run))
    return world.warehouse


@pytest.fixture
def world(built) -> World:
    """The one that all tests share: they change nothing in it."""
    return World(built)


@pytest.fixture
def empty(tmp_path) -> World:
    return World(tmp_path / ".framework/warehouse")


def as_loaded_by_spark(table: Path) -> None:
    """Spark notes the properties of a new table in its first commit; delta-rs does not."""
    log = table / "_delta_log" / f"{0:020}.json"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        if "commitInfo" in line:
            line["commitInfo"]["operationParameters"] = {"properties": json.dumps(LOADED)}
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))


def said(run: int, task: str) -> dict:
    number = 1 + ["features", "train", "evaluate", "register", "score"].index(task)
    return {"task_run_id": f"{run}000{number}", "attempt": 1, "job_run_id": str(run), "task_key": task}


def records(run: int) -> list[AttemptRecord]:
    """The five attempts of a run; each reads what the run wrote."""
    mlflow_run = "f" * 31 + str(run)
    candidate, registered = ModelVersion("models:/m-1", "", mlflow_run), ModelVersion(MODEL, str(run), mlflow_run)
    features = (TableVersion(FEATURES, run - 1),)
    scored = (TableVersion(PREDICTIONS, run - 1, 2),)
    judged = Verdict(True, ("wape 0.4 is at most 0.6",), f"champion v{run - 1}" if run > 1 else "")
    return [
        attempt(run, "features", "feature_table", inputs=(TableVersion(RAW, 0),), outputs=features),
        attempt(run, "train", "train", inputs=features, model=candidate, metrics={"rmse": 3.0 + run}),
        attempt(run, "evaluate", "evaluate", inputs=features, model=candidate, metrics={"wape": run / 10},
                verdict=judged),
        attempt(run, "register", "register_model", model=registered),
        attempt(run, "score", "batch_inference", inputs=features, outputs=scored, model=registered),
    ]  # fmt: skip


def attempt(run: int, task: str, kind: str = "python", **more) -> AttemptRecord:
    """An attempt that took a second, on the day of its run."""
    numbered = said(run, task) if task in ("features", "train", "evaluate", "register", "score") else {}
    record = AttemptRecord(
        job_run_id=str(run),
        task_run_id=numbered.get("task_run_id", f"{run}0009"),
        attempt=1,
        project="shop",
        pipeline="demand",
        target="local",
        task_key=task,
        kind=kind,
        result="SUCCESS",
        started_at=f"2024-03-0{run}T04:00:00Z",
        ended_at=f"2024-03-0{run}T04:00:01Z",
        parameters={"as_of": str(DAYS.get(run, ""))},
        origin=Origin(commit=f"c0ffee{run}" + "0" * 33, dirty=run == 2, release="ab12" * 4, project_wheel="w" * 16),
        environment=Environment(framework="1.0", python="3.11", spark="4.2.0", runtime="local"),
    )
    return replace(record, **more)


def job_row(run: int, repair: int, result: str) -> dict:
    values = {column.name: "" if column.type == "STRING" else None for column in JOB_RUNS.columns}
    values |= times(f"2024-03-0{run}T04:00:00Z", f"2024-03-0{run}T04:00:09Z")
    values |= {"job_run_id": str(run), "repair": repair, "project": "shop", "pipeline": "demand", "target": "local"}
    values |= {"parameters": {"as_of": str(DAYS.get(run, ""))}, "result": result, "compute": {}, "tasks": ["train"]}
    return in_order(JOB_RUNS, values | {"commit": f"c0ffee{run}" + "0" * 33})
