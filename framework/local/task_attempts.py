"""A task of a compiled job → the attempt that the engine starts, with the Jobs service's rules for parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.compile.bundle import RELEASE_PATH, Plan
from framework.compile.jobs import ENTRY_POINT, PACKAGE
from framework.core.dynamic_values import references_in
from framework.core.errors import UsageError
from framework.core.job_run import TaskOutcome
from framework.core.task_run import TaskError
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptSpec
from framework.local.references import RunValues, can_be_filled
from framework.runtime import arguments

if TYPE_CHECKING:
    from databricks.bundles.jobs import Job, Task


@dataclass(frozen=True, kw_only=True)
class CodeOfRun:
    """Where a run's code is: its release, the copy of the sources that it runs, where they came from, and their zip."""

    release: Path
    sources: Path
    originals: Path
    zip: Path

    def in_original_places(self, outcome: TaskOutcome) -> TaskOutcome:
        """``outcome`` with the files of an error as the user knows them."""
        if outcome.error is None:
            return outcome
        texts = {
            name: text.replace(str(self.sources), str(self.originals)) for name, text in vars(outcome.error).items()
        }
        return replace(outcome, error=TaskError(**texts))


def refuse_unsupported(job: "Job") -> None:
    """Raise UsageError for what a local run cannot execute."""
    tasks: Any = job.tasks
    for task in tasks:
        if problem := _unsupported(task):
            raise UsageError(f"task '{task.task_key}' {problem}, which a local run cannot execute yet")


def check_arguments(job: "Job", plan: Plan, values: RunValues) -> None:
    """Let the runtime read every task's arguments before anything runs. Raises what it raises."""
    tasks: Any = job.tasks
    everyone = {str(task.task_key): "" for task in tasks}
    values = replace(values, results=everyone, task_run_ids=everyone)
    for task in tasks:
        given = arguments.parse(_arguments(_named(task, Path("release"), values, "0", 1), values.parameters))
        arguments.convert_params(plan.tasks[str(task.task_key)], given.parameters)


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
    return AttemptSpec(
        attempt_id=task_run_id,
        argv=_arguments(_named(task, code.release, values, task_run_id, attempt), values.parameters),
        directory=paths.attempt(values.job_run_id, str(task.task_key), attempt),
        cwd=paths.root,
        sys_path=(str(code.sources),),
        py_files=(str(code.zip),),
    )


def _unsupported(task: Any) -> str:
    from databricks.bundles.core import Variable

    wheel = task.python_wheel_task
    if wheel is None or (wheel.package_name, wheel.entry_point) != (PACKAGE, ENTRY_POINT):
        return f"is a {next((name for name, value in vars(task).items() if name.endswith('_task') and value), 'task')}"
    if task.disabled:
        return "is disabled"
    if variable := next((name for name, value in vars(task).items() if isinstance(value, Variable)), ""):
        return f"has a bundle variable as its {variable}"
    references = references_in(" ".join(wheel.named_parameters.values()))
    unknown = next((reference for reference in references if not can_be_filled(reference)), "")
    return f"refers to {{{{{unknown}}}}}" if unknown else ""


def _named(task: Any, release: Path, values: RunValues, task_run_id: str, attempt: int) -> dict[str, str]:
    return {
        name: values.fill(str(text).replace(RELEASE_PATH, str(release)), str(task.task_key), task_run_id, attempt)
        for name, text in task.python_wheel_task.named_parameters.items()
    }


def _arguments(named: Mapping[str, str], job_parameters: Mapping[str, str]) -> tuple[str, ...]:
    # The Jobs service pushes job parameters into named parameters, and they win.
    return tuple(f"--{name}={value}" for name, value in {**named, **job_parameters}.items())
