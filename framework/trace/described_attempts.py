"""Attempts, and the code that they are made of, as nodes of a graph."""

from collections.abc import Iterator, Mapping
from typing import Any

from framework.core.model_notes import says_kept
from framework.trace.conditions import Row
from framework.trace.described import attempt_id, id_of, known, moment
from framework.trace.graph import Node
from framework.trace.sources import Sources

_SYNC = "its record is not there: it is under way, or framework runs sync brings it"


def of_attempt(row: Row, sources: Sources) -> Node:
    """An attempt, by its row of ``task_runs``."""
    name = row["task_key"] if row["iteration"] is None else f"{row['task_key']}[{row['iteration']}]"
    error = ": ".join(filter(None, (row["error_type"], row["error_message"])))
    facts = known(
        kind=row["kind"],
        pipeline=row["pipeline"],
        project=row["project"],
        target=row["target"],
        job_run_id=row["job_run_id"],
        task_run_id=row["task_run_id"],
        attempt=row["attempt"],
        started_at=moment(row["started_at"]),
        duration_s=row["duration_s"],
        compute=_compute(row),
        principal=row["principal"],
        logical_date=str(row["logical_date"] or ""),
        parameters=row["parameters"],
        wrote=list(_written(row)),
        metrics=row["metrics"],
        verdict=_verdict(row),
        notes=list(row["notes"] or ()),
        error=error,
        started_run=row["run_job_run_id"],
        recorded_by="" if row["source"] == "process" else row["source"],
    )
    links = known(
        run=row["run_url"],
        log=sources.log_of(row),
        mlflow_run=row["kind"] == "train" and row["mlflow_run_id"] and sources.mlflow_of(row["mlflow_run_id"]),
    )
    title = f"task {name} of run {row['job_run_id']}: {row['result']}"
    return Node(id=id_of(row), kind="attempt", title=title, facts=facts, links=links, problem=error)


def of_unrecorded(said: Mapping[str, Any]) -> Node:
    """An attempt of which nothing is known but what its commits say."""
    told = {name: str(value) for name, value in said.items() if not isinstance(value, dict) and value != ""}
    title = f"task {told.get('task_key', '?')} of run {told.get('job_run_id', '?')}"
    number = attempt_id(told.get("task_run_id", ""), told.get("attempt", ""))
    return Node(id=number, kind="attempt", title=title, facts=told, problem=_SYNC)


def of_code(row: Row) -> Node:
    """The code that an attempt was made of."""
    commit, release = row["commit"] or "", row["release"] or ""
    dirty = " with changes that were not committed" if row["dirty"] else ""
    title = f"commit {commit[:12]}{dirty}" if commit else "code without a commit"
    names = ("commit", "dirty", "release", "deployment", "project_wheel", "runtime_wheel", "bundle", "framework")
    facts = known(**{name: row[name] for name in names if row[name]})
    own = "/".join(str(row[name] or "") for name in names[:-1])
    return Node(id=f"code:{own}", kind="code", title=f"{title}, release {release}" if release else title, facts=facts)


def _written(row: Row) -> Iterator[str]:
    for each in row["outputs"] or ():
        rows = f", {each['rows']} rows" if each["rows"] is not None else ""
        yield f"{each['table']} v{each['version']}{rows}"
    if row["kind"] == "register_model" and row["model_version"] and not says_kept(row["kind"], row["notes"]):
        yield f"{row['model_name']} v{row['model_version']}"


def _compute(row: Row) -> str:
    parts = [f"{name} {row[column]}" for name, column in (("Python", "python"), ("Spark", "spark")) if row[column]]
    runtime = row["runtime"] and (row["runtime"] if row["runtime"] == "local" else f"runtime {row['runtime']}")
    machine = [f"{name} {value}" for name, value in (row["compute"] or {}).items()]
    return ", ".join(filter(None, [*parts, runtime, *machine]))


def _verdict(row: Row) -> str:
    if row["verdict_passed"] is None:
        return ""
    reasons = "; ".join(row["verdict_reasons"] or ())
    return f"{'passed' if row['verdict_passed'] else 'not passed'}: {reasons}"
