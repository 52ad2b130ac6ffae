"""How an attempt's end becomes a task's outcome."""

import signal
from pathlib import Path
from typing import Literal

from framework.core.errors import LocalEngineError
from framework.core.job_run import TaskOutcome, TaskResult
from framework.core.task_run import AttemptRecord, TaskError
from framework.local.protocol import AttemptEnded, AttemptSpec


def skipped(task_key: str, kind: str, result: TaskResult) -> TaskOutcome:
    """A task that never ran."""
    return TaskOutcome(task_key=task_key, kind=kind, result=result, attempts=0, duration_s=0.0)


def outcome_of(
    ended: AttemptEnded,
    spec: AttemptSpec,
    *,
    task_key: str,
    kind: str,
    attempt: int,
    duration_s: float,
    limit: Literal["", "task", "job"],
) -> TaskOutcome:
    """The outcome of a task whose last attempt has ended; ``limit`` says whose time limit ended it, if one did."""
    record, unreadable = _read_record(spec.directory)
    result = _result(ended, record, bool(limit))
    return TaskOutcome(
        task_key=task_key,
        kind=kind,
        result=result,
        attempts=attempt,
        duration_s=duration_s,
        record=record,
        error=None
        if result == "SUCCESS"
        else (record and record.error) or unreadable or _unrecorded(ended, result, limit),
        log=str(_log_file(spec.directory)),
    )


def engine_died(
    error: LocalEngineError, spec: AttemptSpec, *, task_key: str, kind: str, attempt: int, duration_s: float
) -> TaskOutcome:
    """A task that was running when the engine died."""
    return TaskOutcome(
        task_key=task_key,
        kind=kind,
        result="INTERNAL_ERROR",
        attempts=attempt,
        duration_s=duration_s,
        error=TaskError("LocalEngineError", error.message, error.hint),
        log=str(_log_file(spec.directory)),
    )


def _read_record(directory: Path) -> tuple[AttemptRecord | None, TaskError | None]:
    file = directory / "record.json"
    try:
        return AttemptRecord.from_json(file.read_text(encoding="utf-8")), None
    except FileNotFoundError:
        return None, None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return None, TaskError("BrokenRecord", f"the task's record cannot be read: {error}", f"See {file}.")


def _result(ended: AttemptEnded, record: AttemptRecord | None, timed_out: bool) -> TaskResult:
    if timed_out and ended.canceled:
        return "TIMEDOUT"
    if ended.canceled:
        return "CANCELED"
    # A process that exits with 0 without having recorded anything did not do its task: os._exit(0), say.
    return "SUCCESS" if ended.exit_code == 0 and record and record.result == "SUCCESS" else "FAILED"


def _unrecorded(ended: AttemptEnded, result: TaskResult, limit: str) -> TaskError:
    if result == "TIMEDOUT":
        hint = f"Raise timeout_seconds of the {'pipeline' if limit == 'job' else 'task'}."
        return TaskError("TimeLimit", f"the {limit} ran longer than its time limit", hint)
    if result == "CANCELED":
        return TaskError("Canceled", "the run was canceled")
    if ended.signal is not None:
        name = signal.strsignal(ended.signal) or "an unknown signal"
        hint = "Was the machine out of memory?" if ended.signal == signal.SIGKILL else ""
        return TaskError("ProcessDied", f"the task's process was ended by signal {ended.signal}, {name}", hint)
    return TaskError("ProcessDied", f"the task's process exited with code {ended.exit_code} without recording a result")


def _log_file(directory: Path) -> Path:
    return directory / "stderr.log"
