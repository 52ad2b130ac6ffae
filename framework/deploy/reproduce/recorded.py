"""What the tables of records tell of a run, and which of its tasks can be done once more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from framework.core.errors import UsageError
from framework.core.ops_tables import JOB_RUNS, TASK_RUNS, record_of
from framework.trace.conditions import equals
from framework.trace.ops import Ops
from framework.trace.reproduced.choice import Choice, Ended, choice
from framework.trace.search import run_number


@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """``backfill`` is the moment in the past that it made up for, if it did."""

    number: str
    project: str
    pipeline: str
    target: str
    commit: str
    backfill: str
    choice: Choice


def recorded(ops: Ops, which: str, tasks: Sequence[str], target: str) -> RecordedRun:
    """The run of that number, or the ``last``. Raises UsageError when there is none, or nothing to do once more."""
    number = run_number(ops, which)
    rows = ops.select(TASK_RUNS, [equals("job_run_id", number)])
    if not rows:
        hint = f"framework runs -e {target} lists the runs; framework runs sync -e {target} may bring its records."
        raise UsageError(f"there is no record of a run {number} on {target}", hint)
    run: Mapping[str, Any] = next(iter(ops.select(JOB_RUNS, [equals("job_run_id", number)])), {})
    if not (run or tasks):
        hint = f"framework runs sync -e {target} brings it; --task does one task that is recorded."
        raise UsageError(f"run {number} on {target} has no record of its own yet: a task may be missing", hint)
    order = run.get("tasks") or list(dict.fromkeys(row["task_key"] for row in reversed(rows)))
    return RecordedRun(
        number=number,
        project=rows[0]["project"],
        pipeline=rows[0]["pipeline"],
        target=target,
        commit=run.get("commit") or rows[0]["commit"] or "",
        backfill=run.get("backfill") or "",
        choice=choice(number, _ended(rows, run.get("release") or ""), order, tasks),
    )


def _ended(rows: Sequence[Mapping[str, Any]], release: str) -> Iterator[Ended]:
    """The last attempt of each task; ``rows`` are the newest first."""
    last = {(row["task_key"], row["iteration"]): row for row in reversed(rows)}
    for (task_key, iteration), row in last.items():
        record = record_of(row)
        if not record.origin.release:
            record = replace(record, origin=replace(record.origin, release=release))
        # What nobody but the process knows is missing where it left no record: the service does not tell it.
        is_whole = bool(record.environment.framework)
        yield Ended(task_key=task_key, iteration=iteration, result=record.result, record=record if is_whole else None)
