"""The plan beside a compiled job: the templates of its tasks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from framework.core.errors import FrameworkError
from framework.core.task_run import PLAN_SCHEMA, Provenance, TaskRun


def load_plan(path: Path) -> dict[str, TaskRun]:
    """The tasks by key. Raises FrameworkError when the file is missing, broken or of another version."""
    raw = _read(path)
    if raw.get("schema") != PLAN_SCHEMA:
        raise FrameworkError(
            f"the plan {path} has schema {raw.get('schema')}, this runtime reads {PLAN_SCHEMA}",
            "compile and deploy again with the framework's version that the cluster installs",
        )
    try:
        return {key: TaskRun.from_dict(task) for key, task in raw["tasks"].items()}
    except (KeyError, TypeError) as error:
        raise FrameworkError(f"the plan {path} does not fit this runtime: {error}", "compile it again") from None


def load_provenance(plan: Path) -> Provenance:
    """The commit and release of the bundle that ``plan`` belongs to; empty where there is no such file."""
    path = plan.parent.parent / "provenance.json"
    raw = _read(path) if path.is_file() else {}
    return Provenance(str(raw.get("commit", "")), bool(raw.get("dirty", False)), str(raw.get("release", "")))


def writers(plan: Mapping[str, TaskRun]) -> dict[str, str]:
    """For each table that a task of ``plan`` writes, the key of that task."""
    return {table: key for key, task in plan.items() for table in _tables(task.options.get("writes"))}


def _tables(writes: Any) -> list[str]:
    if isinstance(writes, Mapping):
        return list(writes.values())
    return [writes] if writes else []


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
