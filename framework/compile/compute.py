"""What the tasks of ours need on their compute: the wheels of the release, and what the project's lock pins."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from framework.compile.bundle import RELEASE_PATH

_WHEELS = tuple(f"{RELEASE_PATH}/wheels/${{var.{name}}}" for name in ("project_wheel", "runtime_wheel"))
_REQUIREMENTS = f"{RELEASE_PATH}/requirements.txt"


def with_code(job: Mapping[str, Any], ours: Collection[str]) -> dict[str, Any]:
    """``job`` with the code of the tasks ``ours``: on serverless in their environment, on a cluster as libraries."""
    tasks: Sequence[dict[str, Any]] = job["tasks"]
    on_serverless = {task["environment_key"] for task in tasks if task["task_key"] in ours and _key(task)}
    on_cluster = {task["task_key"] for task in tasks if task["task_key"] in ours and not _key(task)}
    changed: dict[str, Any] = {"tasks": [_with_libraries(t) if t["task_key"] in on_cluster else t for t in tasks]}
    if environments := job.get("environments"):
        changed["environments"] = [
            _with_dependencies(each) if each.get("environment_key") in on_serverless else each for each in environments
        ]
    return {**job, **changed}


def _key(task: Mapping[str, Any]) -> Any:
    return task.get("environment_key")


def _with_dependencies(environment: Mapping[str, Any]) -> dict[str, Any]:
    spec = environment.get("spec") or {}
    own = [*_WHEELS, f"-r {_REQUIREMENTS}"]
    return {**environment, "spec": {**spec, "dependencies": [*own, *(spec.get("dependencies") or [])]}}


def _with_libraries(task: Mapping[str, Any]) -> dict[str, Any]:
    own = [*({"whl": wheel} for wheel in _WHEELS), {"requirements": _REQUIREMENTS}]
    return {**task, "libraries": [*own, *(task.get("libraries") or [])]}
