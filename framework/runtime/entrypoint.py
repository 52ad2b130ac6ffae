"""What a job starts for each task: arguments → plan → context → the kind's ``run`` → record → exit code."""

import datetime
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from framework.core.errors import FrameworkError, ProjectCodeError
from framework.core.task_run import AttemptRecord, TaskError, TaskRun
from framework.runtime import (
    arguments,
    plain_values,
    plans,
    provenance,
    raised,
    redaction,
    run_records,
    structured_logs,
)
from framework.runtime.arguments import Arguments
from framework.runtime.context import TaskContext
from framework.runtime.kinds import KINDS
from framework.runtime.task import Kind, Outcome, SoFar, Task
from framework.runtime.task_values import SetTaskValue, nowhere
from framework.runtime.telemetry import telling

_logger = logging.getLogger("framework.runtime")


def console_main() -> None:
    """The entry point of a wheel task, where only an exception or SystemExit counts as failure."""
    if error := attempt(sys.argv[1:]).error:
        raise SystemExit(f"{error.type}: {error.message}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one attempt; 0 on success, 1 on failure."""
    return 0 if attempt(sys.argv[1:] if argv is None else argv).result == "SUCCESS" else 1


def attempt(argv: Sequence[str], set_task_value: SetTaskValue = nowhere) -> AttemptRecord:
    """Run one attempt and keep its record, whatever happens. Never raises an error of the task.

    ``set_task_value`` is what the project's function gets to leave values for other tasks.
    """
    started = _now()
    try:
        given = arguments.parse(argv)
    except FrameworkError as error:
        given = arguments.whose(argv)
        with structured_logs.captured(_labels(given)):
            return _record(given, None, started, Outcome(), error)
    return _attempt(given, started, set_task_value)


def run_task(
    given: Arguments, template: TaskRun, plan: plans.Plan, set_task_value: SetTaskValue, so_far: SoFar
) -> Outcome:
    """Do the task. Raises FrameworkError when it cannot be done, or nobody could trace it back to its code."""
    origin = provenance.traceable(given, template.target)
    context = TaskContext(
        job_run_id=given.job_run_id,
        task_run_id=given.task_run_id,
        attempt=given.attempt,
        project=template.project,
        pipeline=template.pipeline,
        target=template.target,
        task_key=template.task_key,
        parameters=given.parameters,
        logical_date=given.logical_date,
        backfill=given.backfill,
        tags=template.tags,
        set_task_value=set_task_value,
        logger=logging.getLogger(f"task.{template.task_key}"),
    )
    task = Task(
        template=template,
        context=context,
        params=arguments.convert_params(template, given.parameters),
        origin=origin,
        writers=plans.writers(plan.tasks),
        shared_tables=plan.shared_tables,
        pinned=given.pinned,
        so_far=so_far,
    )
    structured_logs.quiet_spark()
    return _kind(template).run(task)


def _attempt(given: Arguments, started: str, set_task_value: SetTaskValue) -> AttemptRecord:
    redaction.keep_secrets_of(given.parameters)
    with structured_logs.captured(_labels(given)) as log:
        template: TaskRun | None = None
        so_far, failed = SoFar(), None
        told = telling.OFF
        try:
            plan = plans.load_plan(Path(given.plan), given.dev_prefix)
            template = _template(plan.tasks, given)
            log.label(project=template.project, pipeline=template.pipeline, target=template.target)
            told = telling.started(template, given, started, log.listen)
            done = run_task(given, template, plan, set_task_value, so_far)
        except Exception as error:
            done, failed = so_far.outcome, error
        record = _record(given, template, started, done, failed)
        told.ended(record)
        return record


def _labels(given: Arguments) -> dict[str, str]:
    origin = provenance.origin_of(Path(given.plan))
    return {
        "job_run_id": given.job_run_id,
        "task_run_id": given.task_run_id,
        "attempt": str(given.attempt),
        "task_key": given.task,
        "release": origin.release,
        "commit": origin.commit,
    }


def _template(plan: Mapping[str, TaskRun], given: Arguments) -> TaskRun:
    if given.task not in plan:
        raise FrameworkError(f"the plan {given.plan} has no task '{given.task}'; it has {', '.join(plan)}")
    return plan[given.task]


def _kind(template: TaskRun) -> Kind:
    if template.kind not in KINDS:
        raise FrameworkError(f"this runtime does not know the task kind '{template.kind}'; it knows {', '.join(KINDS)}")
    return plain_values.load(KINDS[template.kind], template.options)


def _record(
    given: Arguments, template: TaskRun | None, started: str, done: Outcome, failed: Exception | None
) -> AttemptRecord:
    record = AttemptRecord(
        job_run_id=given.job_run_id,
        task_run_id=given.task_run_id,
        attempt=given.attempt,
        project=template.project if template else "",
        pipeline=template.pipeline if template else "",
        target=template.target if template else "",
        task_key=given.task,
        kind=template.kind if template else "",
        result="FAILED" if failed else "SUCCESS",
        started_at=started,
        ended_at=_now(),
        parameters=given.parameters,
        error=_error(failed) if failed else None,
        origin=provenance.origin_of(Path(given.plan)),
        environment=provenance.environment_of(given),
        logical_date=given.logical_date.isoformat() if given.logical_date else "",
        **_done(done),
    )
    record = redaction.redacted_record(record)
    structured_logs.ended(record)
    try:
        run_records.write(record, template.ops_schema if template else "")
    except FrameworkError as error:
        return replace(record, result="FAILED", error=_error(error))
    return record


def _done(outcome: Outcome) -> dict[str, Any]:
    names = ("inputs", "outputs", "metrics", "model", "verdict", "notes")
    return {name: getattr(outcome, name) for name in names}


def _error(error: Exception) -> TaskError:
    """What the record says about ``error``; the log gets the whole traceback of one that nobody expected."""
    if not isinstance(error, FrameworkError):
        _logger.error("the task failed unexpectedly", exc_info=error)
        kind = type(error).__name__
        return TaskError(kind, raised.one_line(error).removeprefix(f"{kind}: "), "the log has the whole traceback")
    trace = error.user_traceback if isinstance(error, ProjectCodeError) else ""
    told = TaskError(type(error).__name__, error.message, error.hint, trace)
    structured_logs.failed(told)
    if error.__cause__:
        _logger.debug("its cause", exc_info=error.__cause__)
    return told


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
