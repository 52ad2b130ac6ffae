"""The two tables of run records: ``task_runs``, a row per attempt, and ``job_runs``, a row per run of a job and repair.

The one definition behind the DDL, the rows that are appended, and the questions asked of them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Literal

from framework.core.task_run import AttemptRecord, ModelVersion, TableVersion, TaskError

Source = Literal["process", "scheduler", "jobs_api"]
"""Who wrote a row: the attempt's own process, the local scheduler, or ``framework runs sync`` from the Jobs API."""

_NO_NAME = re.compile(r"[^0-9A-Za-z_]")
"""What a project of somebody else's bundle may have in its name, and a schema may not."""
_TABLES = "ARRAY<STRUCT<table: STRING, version: BIGINT, rows: BIGINT, schema_hash: STRING>>"
_STRINGS = "MAP<STRING, STRING>"


@dataclass(frozen=True)
class Column:
    """A column with its type in Spark SQL."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class OpsTable:
    """A table in each ``ops_<project>``, append only. A row per ``key``; ``clustered_by`` is what questions filter."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    clustered_by: tuple[str, ...] = ("started_at",)

    @property
    def told_apart_by(self) -> tuple[str, ...]:
        """Rows that are alike in these are one: who lost the answer to an append may have repeated it.

        With the time, so that a question about some days need not look at the rows of all others; with repair and
        result, as what a task never tried is decided anew by each repair.
        """
        return tuple(dict.fromkeys((*self.key, "repair", "result", "started_at")))

    @property
    def schema(self) -> str:
        """Names and types, as Spark reads a schema."""
        return ", ".join(f"`{column.name}` {column.type}" for column in self.columns)


_RUN = (
    Column("project", "STRING", "The project"),
    Column("pipeline", "STRING", "The pipeline"),
    Column("target", "STRING", "The target: local, dev, staging, prod"),
)
_TIMES = (
    Column("source", "STRING", "Who wrote the row: process, scheduler or jobs_api"),
    Column("result", "STRING", "The result in the words of the Jobs service, such as SUCCESS or UPSTREAM_FAILED"),
    Column("started_at", "TIMESTAMP", "When it began"),
    Column("ended_at", "TIMESTAMP", "When it ended"),
    Column("duration_s", "DOUBLE", "Seconds from beginning to end"),
)
_ORIGIN = (
    Column("release", "STRING", "Id of the release"),
    Column("deployment", "STRING", "Id of the deployment that put the release to work"),
    Column("commit", "STRING", "The git commit of the code"),
    Column("dirty", "BOOLEAN", "Whether the work tree differed from the commit"),
    Column("project_wheel", "STRING", "First 16 hex digits of the sha256 of the project's wheel"),
    Column("runtime_wheel", "STRING", "First 16 hex digits of the sha256 of the runtime's wheel"),
    Column("bundle", "STRING", "First 16 hex digits of the sha256 of the compiled plans"),
)
_ENVIRONMENT = (
    Column("framework", "STRING", "Version of the framework"),
    Column("python", "STRING", "Version of Python"),
    Column("spark", "STRING", "Version of Spark"),
    Column("runtime", "STRING", "Databricks runtime, or local"),
    Column("compute", _STRINGS, "The machine: kind, cluster id, node type, as far as they are known"),
    Column("principal", "STRING", "Whose rights it had"),
    Column("job_id", "STRING", "The job in the workspace"),
    Column("run_url", "STRING", "Its page in the workspace"),
)
_RESULTS = (
    Column("parameters", _STRINGS, "The parameters as they arrived, secrets redacted"),
    Column("inputs", _TABLES, "Tables that were read, each at one version"),
    Column("outputs", _TABLES, "Tables that were written, with the version that this made"),
    Column("input_keys", "ARRAY<STRING>", "table@version of each input"),
    Column("output_keys", "ARRAY<STRING>", "table@version of each output"),
    Column("metrics", "MAP<STRING, DOUBLE>", "Metrics that the task computed"),
    Column("mlflow_run_id", "STRING", "The MLflow run"),
    Column("model_name", "STRING", "The model that was trained, evaluated, registered or used"),
    Column("model_version", "STRING", "Its version, empty while it is not registered"),
    Column("model_digest", "STRING", "Hashes of a trained model's input example and of what it predicts for it"),
    Column("verdict_passed", "BOOLEAN", "What the gate decided, if there was one"),
    Column("verdict_reasons", "ARRAY<STRING>", "Why"),
    Column("verdict_against", "STRING", "The model version that had to be beaten"),
    Column("notes", "ARRAY<STRING>", "What a person should read"),
    Column("error_type", "STRING", "The exception's class"),
    Column("error_message", "STRING", "The error in one line, secrets redacted"),
    Column("error_hint", "STRING", "What to do about it"),
    Column("error_traceback", "STRING", "The project's own frames"),
)

TASK_RUNS = OpsTable(
    name="task_runs",
    comment="One row per attempt at a task, and one per task that was decided without an attempt",
    columns=(
        Column("job_run_id", "STRING", "The run of the job"),
        Column("task_run_id", "STRING", "The attempt's id; empty for a task that never ran"),
        Column("task_key", "STRING", "The task in its pipeline"),
        Column("iteration", "INT", "Number of the iteration in a loop, from 0"),
        Column("attempt", "INT", "Number of the attempt, from 1; 0 for a task that never ran"),
        Column("repair", "INT", "Number of the repair that made it; 0 for the run itself"),
        *_RUN,
        Column("kind", "STRING", "The kind of the task"),
        *_TIMES,
        Column("logical_date", "DATE", "The date that the run is about"),
        *_ORIGIN,
        *_ENVIRONMENT,
        *_RESULTS,
        Column("run_job_run_id", "STRING", "The run of another job that the task started"),
    ),
    key=("job_run_id", "task_key", "iteration", "task_run_id", "attempt"),
)

JOB_RUNS = OpsTable(
    name="job_runs",
    comment="One row per run of a job that ended, and one more per repair of it: the last one counts",
    columns=(
        Column("job_run_id", "STRING", "The run of the job"),
        Column("repair", "INT", "Number of the repair; 0 for the run itself"),
        *_RUN,
        Column("job", "STRING", "The name of the job"),
        Column("trigger", "STRING", "What started it: one_time, periodic, …"),
        *_TIMES,
        Column("parameters", _STRINGS, "The job's parameters, secrets redacted"),
        Column("tasks", "ARRAY<STRING>", "The keys of its tasks in topological order"),
        Column("parent_run_id", "STRING", "The run whose task started it"),
        Column("backfill", "STRING", "The moment in the past that it makes up for"),
        *_ORIGIN,
        *_ENVIRONMENT,
    ),
    key=("job_run_id", "repair"),
)

OPS_TABLES = (TASK_RUNS, JOB_RUNS)


def ops_schema(project: str) -> str:
    """The schema of a project's tables of records, the same in each target's catalog."""
    return f"ops_{_NO_NAME.sub('_', project).lower()}"


def row_of(
    record: AttemptRecord, source: Source = "process", *, repair: int = 0, run_job_run_id: str = ""
) -> dict[str, Any]:
    """The row of ``task_runs`` for an attempt: plain values (datetimes in UTC) in the order of the columns."""
    model, error, verdict = record.model or ModelVersion("", "", ""), record.error or TaskError("", ""), record.verdict
    values: dict[str, Any] = {
        **{name: getattr(record, name) for name in ("job_run_id", "task_run_id", "task_key", "iteration", "attempt")},
        **{name: getattr(record, name) for name in ("project", "pipeline", "target", "kind", "result")},
        **times(record.started_at, record.ended_at),
        **_own_fields(record),
        **{f"error_{name}": value for name, value in asdict(error).items()},
        "repair": repair,
        "source": source,
        "logical_date": date.fromisoformat(record.logical_date[:10]) if record.logical_date else None,
        "inputs": [asdict(each) for each in record.inputs],
        "outputs": [asdict(each) for each in record.outputs],
        "input_keys": _keys(record.inputs),
        "output_keys": _keys(record.outputs),
        "mlflow_run_id": model.mlflow_run_id,
        "model_name": model.name,
        "model_version": model.version,
        "model_digest": model.digest,
        "verdict_passed": verdict.passed if verdict else None,
        "verdict_reasons": list(verdict.reasons) if verdict else [],
        "verdict_against": verdict.against if verdict else "",
        "run_job_run_id": run_job_run_id,
    }
    return in_order(TASK_RUNS, values)


def record_of(row: Mapping[str, Any]) -> AttemptRecord:
    """The attempt that a row of ``task_runs`` tells of: the inverse of ``row_of``."""
    empty = {"MAP": {}, "ARRAY": [], "BOOLEAN": False, "INT": None}
    value: dict[str, Any] = {
        each.name: empty.get(each.type.partition("<")[0], "") if row[each.name] is None else row[each.name]
        for each in TASK_RUNS.columns
    }
    model = {name: value[f"model_{name}"] for name in ("name", "version", "digest")}
    model["mlflow_run_id"] = value["mlflow_run_id"]
    verdict = {name: value[f"verdict_{name}"] for name in ("passed", "reasons", "against")}
    value |= {
        "model": model if any(model.values()) else None,
        "verdict": verdict if row["verdict_passed"] is not None else None,
        "error": {f.name: value[f"error_{f.name}"] for f in fields(TaskError)} if value["error_type"] else None,
        "origin": dict(value),
        "environment": dict(value),
    }
    return AttemptRecord.from_json(json.dumps(value, default=lambda moment: moment.isoformat()))


def times(started_at: str, ended_at: str) -> dict[str, Any]:
    """The columns of a beginning and an end, each in ISO 8601, or empty."""
    began, ended = (datetime.fromisoformat(each).astimezone(UTC) if each else None for each in (started_at, ended_at))
    return {
        "started_at": began,
        "ended_at": ended,
        "duration_s": (ended - began).total_seconds() if began and ended else None,
    }


def in_order(table: OpsTable, values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` as a row of ``table``, as text that a file can hold. Raises KeyError when a column has none."""
    return {column.name: _writable(values[column.name]) for column in table.columns}


def _writable(value: Any) -> Any:
    """``value`` with lone surrogates escaped, which stand for bytes that are no text: no table takes them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_writable(name): _writable(each) for name, each in value.items()}
    return [*map(_writable, value)] if isinstance(value, list) else value


def _own_fields(record: AttemptRecord) -> dict[str, Any]:
    plain = {**asdict(record.origin), **asdict(record.environment)}
    return {
        **plain,
        "parameters": dict(record.parameters),
        "metrics": dict(record.metrics),
        "notes": list(record.notes),
    }


def _keys(tables: tuple[TableVersion, ...]) -> list[str]:
    return [each.key for each in tables]
