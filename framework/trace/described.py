"""Commits, models and runs as nodes of a graph: what a person wants to know of each."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from framework.trace.conditions import Row
from framework.trace.graph import Node
from framework.trace.sources import Sources
from framework.trace.tables import CUT, LOADED_AS, LOADED_FROM, Commit

_OTHER_ROWS = "of earlier versions; --row column=value finds who wrote one"


def version_id(table: str, version: int) -> str:
    """The node of a table at a version."""
    return f"table:{table}@{version}"


def attempt_id(task_run_id: str, attempt: Any) -> str:
    """The node of an attempt."""
    return f"attempt:{task_run_id}/{attempt}"


def model_id(name: str, version: str) -> str:
    """The node of a version of a model."""
    return f"model:{name}/{version}"


def id_of(row: Row) -> str:
    """The node of the attempt that a row of ``task_runs`` is about; a task that never ran has no id of its own."""
    own = row["task_run_id"] or f"{row['job_run_id']}/{row['task_key']}[{row['iteration']}]"
    return attempt_id(own, row["attempt"])


def of_version(table: str, version: int, commit: Commit | None, problem: str) -> Node:
    """A table at a version."""
    facts: dict[str, Any] = {"table": table, "version": version}
    if commit:
        facts |= known(
            same_data_as="" if commit.version == version else f"v{commit.version}",
            operation=commit.operation,
            at=moment(commit.at),
            rows=commit.rows,
            slice=dict(commit.slice or {}),
            other_rows=_OTHER_ROWS if commit.slice and commit.version else "",
            written_by="" if commit.task_run_id or LOADED_AS in commit.properties else commit.who or commit.engine,
        )
    else:
        problem = problem or CUT
    return Node(id=version_id(table, version), kind="table", title=f"{table} v{version}", facts=facts, problem=problem)


def of_source(commit: Commit) -> Node:
    """The file, or the function that makes a sample, that a table was loaded from."""
    digest, file = commit.properties[LOADED_AS], commit.properties.get(LOADED_FROM, "")
    sample = digest.startswith("sample ")
    title = (
        f"sample by {digest.split()[1]}" if sample else f"file {file}" if file else f"file with sha256 {digest[:16]}"
    )
    facts = known(sha256=digest.split()[-1], file="" if sample else file)
    return Node(id=f"source:{digest}:{file}", kind="source", title=title, facts=facts)


def of_model(name: str, version: str, mlflow_run_id: str, sources: Sources) -> Node:
    """A version of a registered model."""
    links = known(mlflow_run=mlflow_run_id and sources.mlflow_of(mlflow_run_id))
    return Node(
        id=model_id(name, version),
        kind="model",
        title=f"{name} v{version}",
        facts={"model": name, "version": version},
        links=links,
    )


def of_run(job_run_id: str, row: Row | None, tasks: Iterable[Row]) -> Node:
    """A run of a job: by its row of ``job_runs`` when it has one, else by those of its tasks."""
    told = row or next(iter(tasks))
    facts = known(
        pipeline=told["pipeline"],
        project=told["project"],
        target=told["target"],
        started_at=moment(told["started_at"]),
        **({name: row[name] for name in ("duration_s", "trigger", "parent_run_id", "parameters")} if row else {}),
        backfill=row["backfill"] if row else "",
        repairs=row["repair"] if row else 0,
    )
    result = f": {row['result']}" if row else ""
    links = known(run=told["run_url"])
    return Node(id=f"run:{job_run_id}", kind="run", title=f"run {job_run_id}{result}", facts=facts, links=links)


def moment(at: datetime | None) -> str:
    """ISO 8601 in UTC, to the second."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else ""


def known(**facts: Any) -> dict[str, Any]:
    """The facts that say something."""
    return {name: value for name, value in facts.items() if value not in ("", None, False, {}, [], 0)}
