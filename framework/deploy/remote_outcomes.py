"""What a task of a deployed job did: its state, and the record that it left in its log."""

import json
from typing import TYPE_CHECKING

from framework.core.job_run import FAILED, TaskOutcome
from framework.core.task_run import AttemptRecord, TaskError
from framework.deploy.run_states import message_of, task_result
from framework.runtime.run_records import RECORD_LINE

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.jobs import RunOutput, RunTask

_LAST_LINES = 20
"""Of a traceback: what matters stands at its end."""


def outcome_of(client: "WorkspaceClient", task: "RunTask", kind: str) -> TaskOutcome:
    """The outcome of a task that has ended; ``kind`` is empty for a native one.

    Its output is asked for where it may say more than the state. What is not told is left out.
    """
    result = task_result(task)
    wrong = result in FAILED and not result.startswith("UPSTREAM")
    output = _output(client, task) if wrong or (kind and result == "SUCCESS") else None
    record = record_in(_said(output))
    return TaskOutcome(
        task_key=task.task_key,
        kind=kind or _native_kind(task),
        result=result,
        attempts=(task.attempt_number or 0) + 1 if task.start_time else 0,
        duration_s=max(0, (task.end_time or 0) - (task.start_time or task.end_time or 0)) / 1000,
        record=record,
        error=((record.error if record else None) or _error(task, output)) if wrong else None,
        branch=(task.condition_task.outcome or "") if task.condition_task else "",
        task_run_id=str(task.run_id or ""),
    )


def record_in(logs: str) -> AttemptRecord | None:
    """The record of the attempt that wrote ``logs``, if it got that far and its log was not cut off."""
    line = next((line for line in reversed(logs.splitlines()) if RECORD_LINE in line), "")
    try:
        said = json.loads(line)["message"] if line.startswith("{") else line
        return AttemptRecord.from_json(said.rpartition(RECORD_LINE)[2])
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None


def _output(client: "WorkspaceClient", task: "RunTask") -> "RunOutput | None":
    from databricks.sdk.errors.base import DatabricksError

    try:
        return client.jobs.get_run_output(task.run_id or 0)
    except (DatabricksError, OSError):  # a loop has none, and somebody may see a run without its output
        return None


def _said(output: "RunOutput | None") -> str:
    """What the task wrote, or its notebook exited with: the service keeps no log of a notebook."""
    if output is None:
        return ""
    return output.logs or (output.notebook_output and output.notebook_output.result) or ""


def _native_kind(task: "RunTask") -> str:
    """The field that says what it runs, such as ``sql_task``."""
    return next((name for name, value in vars(task).items() if name.endswith("_task") and value is not None), "")


def _error(task: "RunTask", output: "RunOutput | None") -> TaskError:
    message = (output.error if output else "") or message_of(task) or "the service gives no reason"
    trace = "\n".join(((output.error_trace or "") if output else "").splitlines()[-_LAST_LINES:])
    hint = f"See {task.run_page_url}" if task.run_page_url else ""
    return TaskError("Databricks", " ".join(message.split()), hint, trace)
