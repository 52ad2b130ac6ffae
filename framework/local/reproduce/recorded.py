"""What a run recorded of its tasks, and which of them can be done once more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from framework.core.errors import UsageError
from framework.core.redaction import REDACTED
from framework.core.task_run import AttemptRecord
from framework.records.run_store import RunStore
from framework.records.run_values import Key, StoredRun
from framework.runtime.kinds import KINDS


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A task that succeeded: its ``name`` (``loop[3]`` in a loop), and the repair of the run that did it."""

    name: str
    record: AttemptRecord
    repair: int


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Tasks to do once more, in the order of the run, and those that are not done again, each with the reason."""

    chosen: tuple[Recorded, ...]
    skipped: Mapping[str, str]


def choice(store: RunStore, run: StoredRun, tasks: Sequence[str]) -> Choice:
    """The ``tasks`` of ``run``; without any, all. Raises UsageError when nothing is left, or a task is not there."""
    history = store.history(run.job_run_id)
    repairs = {(a.task_key, a.iteration, a.attempt): a.repair for a in history.attempts}
    found: dict[str, Recorded] = {}
    skipped: dict[str, str] = {}
    for key in sorted(history.outcomes, key=lambda each: (_place(run, each), each[1] or 0)):
        outcome, name = history.outcomes[key], _name(key)
        if tasks and name not in tasks and key[0] not in tasks:
            continue
        record = _whole(outcome.record, run.parameters) if outcome.record else None
        if reason := _reason(record, outcome.result):
            skipped[name] = reason
        elif record:
            repair = repairs.get((*key, record.attempt), run.repairs)
            found[name] = Recorded(name=name, record=record, repair=repair)
    there = {each for name in (*found, *skipped) for each in (name, name.partition("[")[0])}
    if missing := [task for task in tasks if task not in there]:
        raise UsageError(f"run {run.job_run_id} has no task '{missing[0]}'", f"Its tasks are: {', '.join(run.tasks)}.")
    if not found:
        told = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
        raise UsageError(f"nothing of run {run.job_run_id} can be done once more", told or "framework runs lists runs.")
    return Choice(chosen=tuple(found.values()), skipped=skipped)


def _place(run: StoredRun, key: Key) -> int:
    return run.tasks.index(key[0]) if key[0] in run.tasks else len(run.tasks)


def _name(key: Key) -> str:
    return key[0] if key[1] is None else f"{key[0]}[{key[1]}]"


def _reason(record: AttemptRecord | None, result: str) -> str:
    if result != "SUCCESS":
        return f"it came to {result}, so there is nothing to compare with"
    if record is None:
        return "it has no record of its own"
    if record.kind not in KINDS:
        return f"a {record.kind} is not done again: nobody knows what it reads and writes"
    if getattr(KINDS[record.kind], "offers", "") == "version":
        return "models are never registered again"
    if hidden := [name for name, value in record.parameters.items() if REDACTED in value]:
        return f"it got a secret as parameter '{hidden[0]}', which is not kept: context.secret(scope, key) reads one"
    return ""


def _whole(record: AttemptRecord, given: Mapping[str, Any]) -> AttemptRecord:
    """``record`` with those of the secrets among its parameters that the run store keeps."""
    parameters = {n: str(given.get(n, v)) if REDACTED in v else v for n, v in record.parameters.items()}
    return replace(record, parameters=parameters)
