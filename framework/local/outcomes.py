"""How what happened to a task becomes its outcome."""

import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from framework.core.errors import LocalEngineError
from framework.core.job_run import JobResult, TaskOutcome
from framework.core.task_run import AttemptRecord, TaskError, TaskResult
from framework.local.protocol import AttemptEnded
from framework.local.rules import loop_result, run_job_result
from framework.runtime.redaction import redacted_error

Limit = Literal["", "task", "job"]
"""Whose time limit ended an attempt, if one did."""
_SHOWN = 5
"""Failed iterations that a message names."""


def skipped(task_key: str, kind: str, result: TaskResult) -> TaskOutcome:
    """A task that never ran."""
    return TaskOutcome(task_key=task_key, kind=kind, result=result, attempts=0, duration_s=0.0)


@dataclass(frozen=True, kw_only=True)
class Made:
    """What every outcome of a task that ran says: ``attempt`` is the last one, ``duration_s`` covers all of them."""

    task_key: str
    kind: str
    attempt: int
    duration_s: float

    def outcome(self, result: TaskResult, error: TaskError | None = None, **more: Any) -> TaskOutcome:
        """The outcome with ``result``; ``more`` are fields of TaskOutcome."""
        return TaskOutcome(
            task_key=self.task_key,
            kind=self.kind,
            result=result,
            attempts=self.attempt,
            duration_s=self.duration_s,
            error=redacted_error(error) if error and result != "SUCCESS" else None,
            **more,
        )


def of_process(made: Made, ended: AttemptEnded, directory: Path, limit: Limit) -> TaskOutcome:
    """The outcome of a task whose last attempt has ended and left its record in ``directory``."""
    record, unreadable = read_record(directory)
    result = _result(ended, record, bool(limit))
    error = (record and record.error) or unreadable or _unrecorded(ended, result, limit, directory)
    return made.outcome(result, error, record=record, log=str(log_file(directory)))


def of_child(made: Made, job: str, child_run_id: int, ended: JobResult, limit: Limit) -> TaskOutcome:
    """The outcome of a ``run_job_task``."""
    result: TaskResult = "TIMEDOUT" if limit and ended == "CANCELED" else run_job_result(ended)
    error = TaskError("RunJob", f"run {child_run_id} of {job} ended as {ended}", f"framework runs {child_run_id}")
    return made.outcome(result, time_limit(limit) if result == "TIMEDOUT" else error, child_run_id=child_run_id)


def of_loop(made: Made, iterations: tuple[TaskOutcome, ...], total: int, overdue: bool) -> TaskOutcome:
    """The outcome of a ``for_each_task`` with ``total`` iterations; some never began when it is ``overdue``."""
    if overdue:
        limit = time_limit("task")
        left = replace(limit, message=f"{limit.message} with {len(iterations)} of {total} iterations begun")
        return made.outcome("TIMEDOUT", left, iterations=iterations)
    failures = [index for index, each in enumerate(iterations) if each.result != "SUCCESS"]
    first = next((each.error for each in iterations if each.error), None)
    error = TaskError(
        first.type if first else "ForEach",
        f"{len(failures)} of {len(iterations)} iterations did not succeed ({_some(failures)})"
        + (f"; the first: {first.message}" if first else ""),
        first.hint if first else "",
        first.traceback if first else "",
    )
    return made.outcome(loop_result([each.result for each in iterations]), error, iterations=iterations)


def of_engine_death(made: Made, error: LocalEngineError, directory: Path | None) -> TaskOutcome:
    """A task that was running when the engine died."""
    told = TaskError("LocalEngineError", error.message, error.hint)
    return made.outcome("INTERNAL_ERROR", told, log=str(log_file(directory)) if directory else "")


def _some(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    return f"{shown}, …" if len(numbers) > _SHOWN else shown


def read_record(directory: Path) -> tuple[AttemptRecord | None, TaskError | None]:
    """What the attempt recorded, if it got that far; an error when that cannot be read."""
    file = directory / "record.json"
    try:
        return AttemptRecord.from_json(file.read_text(encoding="utf-8")), None
    except FileNotFoundError:
        return None, None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return None, TaskError("BrokenRecord", f"the task's record cannot be read: {error}", f"See {file}.")


def log_file(directory: Path) -> Path:
    """Where an attempt says what it does."""
    return directory / "stderr.log"


def _result(ended: AttemptEnded, record: AttemptRecord | None, timed_out: bool) -> TaskResult:
    if timed_out and ended.canceled:
        return "TIMEDOUT"
    if ended.canceled:
        return "CANCELED"
    # A process that exits with 0 without having recorded anything did not do its task: os._exit(0), say.
    return "SUCCESS" if ended.exit_code == 0 and record and record.result == "SUCCESS" else "FAILED"


def _unrecorded(ended: AttemptEnded, result: TaskResult, limit: str, directory: Path) -> TaskError:
    if result == "TIMEDOUT":
        return time_limit(limit)
    if result == "CANCELED":
        return TaskError("Canceled", "the run was canceled")
    if ended.signal is not None:
        name = signal.strsignal(ended.signal) or "an unknown signal"
        hint = "Was the machine out of memory?" if ended.signal == signal.SIGKILL else ""
        return TaskError("ProcessDied", f"the task's process was ended by signal {ended.signal}, {name}", hint)
    return TaskError(
        "ProcessDied",
        f"the task's process exited with code {ended.exit_code} without recording a result",
        f"See {log_file(directory)}. A full disk keeps a task from recording, too.",
    )


def time_limit(limit: str) -> TaskError:
    """That of a task or of its job."""
    hint = f"Raise timeout_seconds of the {'pipeline' if limit == 'job' else 'task'}."
    return TaskError("TimeLimit", f"the {limit} ran longer than its time limit", hint)
