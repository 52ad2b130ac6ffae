"""The plan beside a compiled job: the templates of its tasks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.core.errors import FrameworkError
from framework.core.task_run import DEV_PREFIX, PLAN_SCHEMA, TaskRun


@dataclass(frozen=True)
class Plan:
    """The templates of tasks by key. ``shared_tables`` are read where a person has no such table: by that one."""

    tasks: Mapping[str, TaskRun]
    shared_tables: Mapping[str, str] = field(default_factory=dict)


def load_plan(path: Path, dev_prefix: str = "") -> Plan:
    """The plan in the file, its names those of the person whom ``dev_prefix`` stands for.

    Raises FrameworkError when the file is missing, broken, of another version, or a person's and nobody says whose.
    """
    raw = _read(path)
    if raw.get("schema") != PLAN_SCHEMA:
        raise FrameworkError(
            f"the plan {path} has schema {raw.get('schema')}, this runtime reads {PLAN_SCHEMA}",
            "compile and deploy again with the framework's version that the cluster installs",
        )
    if not dev_prefix and DEV_PREFIX in json.dumps([raw.get("tasks"), raw.get("shared_tables")]):
        raise FrameworkError(f"the plan {path} is for a person's own schemas, and nobody says whose", "deploy it again")
    own = _prefixed(raw, dev_prefix) if dev_prefix else raw
    try:
        tasks = {key: TaskRun.from_dict(task) for key, task in own["tasks"].items()}
        return Plan(tasks, own.get("shared_tables", {}))
    except (KeyError, TypeError) as error:
        raise FrameworkError(f"the plan {path} does not fit this runtime: {error}", "compile it again") from None


def writers(plan: Mapping[str, TaskRun]) -> dict[str, str]:
    """For each table that a task of ``plan`` writes, the key of that task."""
    return {table: key for key, task in plan.items() for table in written_by(task)}


def written_by(task: TaskRun) -> list[str]:
    """The tables that ``task`` writes."""
    writes = task.options.get("writes")
    if isinstance(writes, Mapping):
        return list(writes.values())
    return [writes] if writes else []


def _prefixed(value: Any, prefix: str) -> Any:
    """Plain values with every name in them completed."""
    if isinstance(value, str):
        return value.replace(DEV_PREFIX, prefix)
    if isinstance(value, dict):
        return {_prefixed(key, prefix): _prefixed(each, prefix) for key, each in value.items()}
    return [_prefixed(each, prefix) for each in value] if isinstance(value, list) else value


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FrameworkError(f"cannot read {path}: {error.strerror}", "compile the project again") from None
    except ValueError as error:
        raise FrameworkError(f"{path} is not JSON: {error}", "compile the project again") from None
    if not isinstance(raw, dict):
        raise FrameworkError(f"{path} is not a JSON object", "compile the project again")
    return raw
