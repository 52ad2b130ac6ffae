"""How an attempt's end becomes a task's outcome."""

import signal
from pathlib import Path

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
    timed_out: bool,
) -> TaskOutcome:
    """The outcome of a task whose last attempt has ended."""
    record = _read_record(spec.directory)
    result = _result(ended, record, timed_out)
    return TaskOutcome(
        task_key=task_key,
        kind=kind,
        result=result,
        attempts=attempt,
        duration_s=duration_s,
        record=record,
        error=None if result == "SUCCESS" else (record and record.error) or _unrecorded(ended, result),
        log=str(_log_file(spec.directory)),
    )


def _read_record(directory: Path) -> AttemptRecord | None:
    try:
        return AttemptRecord.from_json((directory / "record.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def _result(ended: AttemptEnded, record: AttemptRecord | None, timed_out: bool) -> TaskResult:
    if timed_out and ended.canceled:
        return "TIMEDOUT"
    if ended.canceled:
        return "CANCELED"
    # A process that exits with 0 without having recorded anything did not do its task: os._exit(0), say.
    return "SUCCESS" if ended.exit_code == 0 and record and record.result == "SUCCESS" else "FAILED"


def _unrecorded(ended: AttemptEnded, result: TaskResult) -> TaskError:
    if result == "TIMEDOUT":
        return TaskError(
            "TimeLimit", "the attempt ran longer than its time limit", "Raise timeout_seconds of the task."
        )
    if result == "CANCELED":
        return TaskError("Canceled", "the run was canceled")
    if ended.signal is not None:
        name = signal.Signals(ended.signal).name
        hint = "Was the machine out of memory?" if ended.signal == signal.SIGKILL else ""
        return TaskError("ProcessDied", f"the task's process was killed by {name}", hint)
    return TaskError("ProcessDied", f"the task's process exited with code {ended.exit_code} without recording a result")


def _log_file(directory: Path) -> Path:
    return directory / "stderr.log"
