"""A task of a compiled job → the attempt that the engine starts, with the Jobs service's rules for parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.compile.bundle import RELEASE_PATH
from framework.compile.jobs import ENTRY_POINT, PACKAGE
from framework.core.errors import UsageError
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptSpec
from framework.local.references import RunValues

if TYPE_CHECKING:
    from databricks.bundles.jobs import Job, Task


@dataclass(frozen=True, kw_only=True)
class CodeOfRun:
    """Where a run's code is: the release directory with the plans, the sources, and the same as a zip for workers."""

    release: Path
    source_directory: Path
    zip: Path


def refuse_unsupported(job: "Job") -> None:
    """Raise UsageError for a task that a local run cannot execute."""
    tasks: Any = job.tasks
    for task in tasks:
        wheel = task.python_wheel_task
        if wheel is None or (wheel.package_name, wheel.entry_point) != (PACKAGE, ENTRY_POINT):
            native = next((name for name, value in vars(task).items() if name.endswith("_task") and value), "task")
            raise UsageError(
                f"task '{task.task_key}' is a {native}, which a local run cannot execute yet",
                "A local run executes tasks that have a 'kind'.",
            )


def attempt_spec(
    task: "Task",
    code: CodeOfRun,
    paths: LocalPaths,
    values: RunValues,
    *,
    task_run_id: str,
    attempt: int,
) -> AttemptSpec:
    """The process that executes ``attempt`` (from 1) of ``task``."""
    key = str(task.task_key)
    wheel: Any = task.python_wheel_task
    named = {
        name: values.fill(str(text).replace(RELEASE_PATH, str(code.release)), key, task_run_id, attempt)
        for name, text in wheel.named_parameters.items()
    }
    return AttemptSpec(
        attempt_id=task_run_id,
        argv=_arguments(named, values.parameters),
        directory=paths.attempt(values.job_run_id, key, attempt),
        cwd=paths.root,
        sys_path=(str(code.source_directory),),
        py_files=(str(code.zip),),
    )


def _arguments(named: Mapping[str, str], job_parameters: Mapping[str, str]) -> tuple[str, ...]:
    # The Jobs service pushes job parameters into named parameters, and they win.
    return tuple(f"--{name}={value}" for name, value in {**named, **job_parameters}.items())
