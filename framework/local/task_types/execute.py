"""One attempt of a native task in its own process: execute it, keep its record, return the exit code."""

import datetime
from collections.abc import Sequence
from pathlib import Path

from framework.core.errors import FrameworkError
from framework.core.task_run import AttemptRecord, TaskError
from framework.local.task_types import failures, python_file, sql_file, wheel
from framework.local.task_types.dbutils.notebook import NotebookExit
from framework.local.task_types.invocation import Invocation
from framework.local.task_types.session import Session
from framework.runtime import redaction, run_records, structured_logs

_LABELS = ("job_run_id", "task_run_id", "attempt", "task_key", "pipeline", "project", "target")


def main(argv: Sequence[str]) -> int:
    """Execute the Invocation in ``argv[0]``; 0 on success, 1 on failure, and the record says why."""
    invocation = Invocation.from_json(argv[0])
    started = _now()
    redaction.keep_secrets_of(invocation.parameters)
    with structured_logs.captured({name: str(getattr(invocation, name)) for name in _LABELS}):
        notes: list[str] = []
        error: TaskError | None = None
        try:
            structured_logs.quiet_spark()
            _execute(invocation, notes)
        except BaseException as raised:
            if run_records.is_written():  # by a wheel's task of our own runtime, which knows better
                return 1
            error = _error(raised, invocation)
        if not run_records.is_written():
            record = redaction.redacted_record(_record(invocation, started, notes, error))
            structured_logs.ended(record)
            run_records.write(record)
    return 1 if error else 0


def _execute(invocation: Invocation, notes: list[str]) -> None:
    """Do what the task says; what is worth knowing about it goes to ``notes``. Raises what the task raises."""
    directory = run_records.outbox()
    if directory is None:
        raise FrameworkError(f"{run_records.OUTBOX} is not set", "native tasks are started by the local run")
    session = Session.open(invocation, directory)
    try:
        value = _run(invocation, session, directory)
    except NotebookExit as exit_:
        value = exit_.value
    except SystemExit as exit_:
        if failures.is_failure(exit_):
            raise
        value = ""
    finally:
        notes += session.current.notes
    notes += [f"exit value: {redaction.redacted(value)[:200]}"] if value else []


def _run(invocation: Invocation, session: Session, directory: Path) -> str:
    match invocation.task_type:
        case "notebook_task":
            return session.notebook()
        case "spark_python_task":
            python_file.run(_file(invocation), invocation.arguments, session.names())
        case "python_wheel_task":
            wheel.run(invocation.package_name, invocation.entry_point, invocation.parameters, invocation.arguments)
        case "sql_task":
            sql_file.run(session.spark, _file(invocation), invocation.parameters, directory)
        case other:
            raise FrameworkError(f"a local run cannot execute a {other}", "disable it for the local target")
    return ""


def _file(invocation: Invocation) -> Path:
    if invocation.file is None:
        raise FrameworkError(f"task '{invocation.task_key}' names no file")
    return invocation.root / invocation.file


def _error(raised: BaseException, invocation: Invocation) -> TaskError:
    wheel_code = invocation.task_type == "python_wheel_task"
    package = wheel.module_name(invocation.package_name, invocation.entry_point) if wheel_code else ""
    error = failures.task_error(raised, invocation.root, package)
    structured_logs.failed(error)
    return error


def _record(invocation: Invocation, started: str, notes: list[str], error: TaskError | None) -> AttemptRecord:
    return AttemptRecord(
        job_run_id=invocation.job_run_id,
        task_run_id=invocation.task_run_id,
        attempt=invocation.attempt,
        project=invocation.project,
        pipeline=invocation.pipeline,
        target=invocation.target,
        task_key=invocation.task_key,
        kind=invocation.task_type,
        result="FAILED" if error else "SUCCESS",
        started_at=started,
        ended_at=_now(),
        parameters=invocation.parameters,
        notes=tuple(notes),
        error=error,
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
