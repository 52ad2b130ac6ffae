"""Which tasks of a run can be done once more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from framework.core.errors import UsageError
from framework.core.redaction import REDACTED
from framework.core.task_run import AttemptRecord
from framework.runtime.kinds import KINDS

_NO_END = "it was not finished, or its record is missing, so there is nothing to compare with"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """``tasks`` are keys, or iterations (``loop[3]``); none: all. Metrics that differ by ``tolerance`` are the same."""

    tasks: tuple[str, ...] = ()
    tolerance: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a task, or an iteration of a loop, ended, with the record of its last attempt, if that left one.

    ``repair`` is that of the run which made it.
    """

    task_key: str
    iteration: int | None
    result: str
    record: AttemptRecord | None
    repair: int = 0

    @property
    def name(self) -> str:
        """As people write it: ``loop[3]`` in a loop."""
        return self.task_key if self.iteration is None else f"{self.task_key}[{self.iteration}]"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A task that succeeded: its ``name`` (``loop[3]`` in a loop), and the repair of the run that did it."""

    name: str
    record: AttemptRecord
    repair: int = 0


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Tasks to do once more, in the order of the run, and those that are not done again, each with the reason."""

    chosen: tuple[Recorded, ...]
    skipped: Mapping[str, str]


def choice(run: str, ended: Iterable[Ended], order: Sequence[str], tasks: Sequence[str]) -> Choice:
    """The ``tasks`` among what ``ended``; without any, all.

    ``order`` are the keys of the run's tasks. Raises UsageError when nothing is left, or a task is not there.
    """
    found: dict[str, Recorded] = {}
    skipped: dict[str, str] = {}
    places = {key: place for place, key in enumerate(order)}
    if missing := [task for task in tasks if task.partition("[")[0] not in places]:
        raise UsageError(f"run {run} has no task '{missing[0]}'", f"Its tasks are: {', '.join(order)}.")
    open_ends = dict.fromkeys(tasks or order, _NO_END)
    for each in sorted(ended, key=lambda each: (places.get(each.task_key, len(places)), each.iteration or 0)):
        if tasks and each.name not in tasks and each.task_key not in tasks:
            continue
        for name in (each.name, each.task_key):
            open_ends.pop(name, None)
        if reason := _reason(each):
            skipped[each.name] = reason
        elif each.record:
            found[each.name] = Recorded(name=each.name, record=each.record, repair=each.repair)
    skipped |= open_ends
    if not found:
        told = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
        raise UsageError(f"nothing of run {run} can be done once more", told or "framework runs lists runs.")
    return Choice(chosen=tuple(found.values()), skipped=skipped)


def _reason(ended: Ended) -> str:
    record = ended.record
    if ended.result != "SUCCESS":
        return f"it came to {ended.result}, so there is nothing to compare with"
    if record is None:
        return "it has no record of its own"
    if record.kind not in KINDS:
        return f"a {record.kind} is not done again: nobody knows what it reads and writes"
    if getattr(KINDS[record.kind], "offers", "") == "version":
        return "models are never registered again"
    if hidden := [name for name, value in record.parameters.items() if REDACTED in value]:
        return f"it got a secret as parameter '{hidden[0]}', which is not kept: context.secret(scope, key) reads one"
    return ""
