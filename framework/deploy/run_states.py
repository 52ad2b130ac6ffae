"""The states of runs as the Jobs API tells them, in the words of ``core.job_run``."""

from typing import TYPE_CHECKING, Any, get_args

from framework.core.job_run import JobResult
from framework.core.task_run import TaskResult

if TYPE_CHECKING:
    from databricks.sdk.service.jobs import BaseRun, RepairHistoryItem, Run, RunTask

_ENDED = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")
_RUNNING = ("RUNNING", "TERMINATING")
_OF_CODES = {
    "SUCCESS": "SUCCESS",
    "SUCCESS_WITH_FAILURES": "SUCCESS_WITH_FAILURES",
    "CANCELED": "CANCELED",
    "USER_CANCELED": "CANCELED",
    "DISABLED": "DISABLED",
    "SKIPPED": "SKIPPED",
    "MAX_CONCURRENT_RUNS_EXCEEDED": "SKIPPED",
    "MAX_JOB_QUEUE_SIZE_EXCEEDED": "SKIPPED",
}
"""Results by the termination code, for answers that have only the newer shape."""


def is_ended(run: "Run | RunTask | BaseRun") -> bool:
    """Whether nothing more happens to it, unless it is repaired."""
    return _life_cycle(run) in _ENDED


def is_running(run: "Run | RunTask | BaseRun") -> bool:
    """Whether it is being executed right now."""
    return _life_cycle(run) in _RUNNING


def waits_for_retry(task: "RunTask") -> bool:
    """Whether an attempt has failed and the next one has not begun."""
    return _life_cycle(task) == "WAITING_FOR_RETRY"


def task_result(task: "RunTask") -> TaskResult:
    """The result of a task that has ended."""
    said = _result(task)
    if said == "SKIPPED":
        return "EXCLUDED"
    return said if said in get_args(TaskResult) else "INTERNAL_ERROR"


def job_result(run: "Run | RepairHistoryItem") -> JobResult:
    """The result of a run that has ended."""
    said = _result(run)
    if said == "MAXIMUM_CONCURRENT_RUNS_REACHED":
        return "SKIPPED"
    return said if said in get_args(JobResult) else "FAILED"


def message_of(run: "Run | RunTask") -> str:
    """What the service says about the state, in one line."""
    details = run.status.termination_details if run.status else None
    text = (run.state.state_message if run.state else "") or (details.message if details else "") or ""
    return " ".join(text.split())


def _life_cycle(run: "Run | RunTask | BaseRun | RepairHistoryItem") -> str:
    """In the words of the older shape, which says more: the newer one has no word for a run that was skipped."""
    if run.state and run.state.life_cycle_state:
        return str(run.state.life_cycle_state.value)
    state = run.status.state.value if run.status and run.status.state else ""
    return "WAITING_FOR_RETRY" if state == "WAITING" else state


def _result(run: "Run | RunTask | RepairHistoryItem") -> Any:
    if run.state and run.state.result_state:
        return run.state.result_state.value
    if (life_cycle := _life_cycle(run)) in ("SKIPPED", "INTERNAL_ERROR"):
        return life_cycle
    details = run.status.termination_details if run.status else None
    if details is None or details.code is None:
        return "INTERNAL_ERROR"
    internal = details.type is not None and details.type.value in ("INTERNAL_ERROR", "CLOUD_FAILURE")
    return _OF_CODES.get(details.code.value, "INTERNAL_ERROR" if internal else "FAILED")
