"""What the run store has of a run, and which of its tasks can be done once more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from framework.core.redaction import REDACTED
from framework.core.task_run import AttemptRecord
from framework.records.run_store import RunStore
from framework.records.run_values import StoredRun
from framework.trace.reproduced import choice
from framework.trace.reproduced.choice import Choice, Ended


def chosen(store: RunStore, run: StoredRun, tasks: Sequence[str]) -> Choice:
    """The ``tasks`` of ``run``; without any, all. Raises UsageError when nothing is left, or a task is not there."""
    return choice.choice(str(run.job_run_id), _ended(store, run), run.tasks, tasks)


def _ended(store: RunStore, run: StoredRun) -> Iterator[Ended]:
    history = store.history(run.job_run_id)
    repairs = {(a.task_key, a.iteration, a.attempt): a.repair for a in history.attempts}
    for key, outcome in history.outcomes.items():
        record = _whole(outcome.record, run.parameters) if outcome.record else None
        repair = repairs.get((*key, record.attempt), run.repairs) if record else run.repairs
        yield Ended(task_key=key[0], iteration=key[1], result=outcome.result, record=record, repair=repair)


def _whole(record: AttemptRecord, given: Mapping[str, Any]) -> AttemptRecord:
    """``record`` with those of the secrets among its parameters that the run store keeps."""
    parameters = {n: str(given.get(n, v)) if REDACTED in v else v for n, v in record.parameters.items()}
    return replace(record, parameters=parameters)
