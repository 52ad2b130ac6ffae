"""Rules about conditions and the branches behind them (docs.databricks.com/jobs: conditional-tasks, run-if)."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import reduce
from typing import NamedTuple, Self

from framework.check.finding import finding, warning
from framework.core.diagnostics import Diagnostic
from framework.core.dynamic_values import references_in
from framework.core.graph import topological_order
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask


class _Branches(NamedTuple):
    """The conditions that had each outcome, as bits: sets of names take a hundred times as long to compare."""

    true: int = 0
    false: int = 0

    def both(self, other: Self) -> Self:
        """What holds in either."""
        return type(self)(self.true | other.true, self.false | other.false)

    def shared(self, other: Self) -> Self:
        """What holds in each."""
        return type(self)(self.true & other.true, self.false & other.false)

    @property
    def contradictions(self) -> int:
        """The conditions with both outcomes."""
        return self.true & self.false


_ANY = _Branches()

_EQUALITY = ("EQUAL_TO", "NOT_EQUAL")
_NUMERIC = ("GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL")
_ONE_MUST_HAVE_RUN = ("ALL_SUCCESS", "NONE_FAILED")


def outcomes_of_conditions(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``depends_on`` with the outcome of a task that has none."""
    tasks = {task.task_key: task for task in pipeline.tasks}
    for task in pipeline.tasks:
        for index, dependency in enumerate(task.depends_on):
            named = tasks.get(dependency.task_key)
            if dependency.outcome and named and "condition_task" not in named.native:
                summary = f"task '{dependency.task_key}' has no outcome: it is no condition_task"
                hint = "Leave the outcome out, or name a condition_task."
                yield finding(pipeline, (*task.path, "depends_on", index, "outcome"), summary, hint)


def unreachable_tasks(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A task that runs only if a condition is both true and false: it never does."""
    needed, bits = needed_branches(pipeline.tasks), _bits(pipeline.tasks)
    for task in pipeline.tasks:
        upstream = [d.task_key for d in task.depends_on]
        if needed.get(task.task_key, _ANY) is not None or len(set(upstream)) < len(upstream):
            continue
        if any(needed.get(key, _ANY) is None for key in upstream):
            continue  # Said of the first one already.
        both = _together(task, needed, bits) or _ANY
        condition = next(key for key, bit in bits.items() if bit & both.contradictions)
        yield finding(
            pipeline,
            task.path,
            f"task '{task.task_key}' can never run: '{condition}' would have to be both true and false",
            "A task behind both branches depends on the last task of each, without an outcome.",
        )


def condition_operands(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A comparison of numbers with what is none; a condition that compares nothing but constants."""
    for level in pipeline.levels:
        condition = level.fields("condition_task")
        operands = {name: condition[name] for name in ("left", "right") if isinstance(condition.get(name), str)}
        fixed = {name: text for name, text in operands.items() if not references_in(text) and "${" not in text}
        path = (*level.path, "condition_task")
        for name, text in fixed.items() if condition.get("op") in _NUMERIC else ():
            if not _is_number(text):
                hint = f"{condition['op']} compares numbers; {' and '.join(_EQUALITY)} compare text."
                yield finding(pipeline, (*path, name), f"'{text}' is no number", hint)
        if len(fixed) == 2 and condition.get("op") in (*_NUMERIC, *_EQUALITY):
            hint = "Name a parameter or a task's value in it, such as {{job.parameters.x}}."
            yield warning(pipeline, path, "the condition compares two constants: its outcome is always the same", hint)


def needed_branches(those: Iterable[ResolvedTask]) -> Mapping[str, _Branches | None]:
    """By task key, the branches that were taken whenever the task executes; None where that cannot be."""
    tasks = {task.task_key: task for task in those}
    if not (bits := _bits(tasks.values())):
        return {}  # No branches at all.
    try:
        order = topological_order({key: [d.task_key for d in task.depends_on] for key, task in tasks.items()})
    except ValueError:
        return {}  # A cycle, which is a finding of its own.
    needed: dict[str, _Branches | None] = {}
    for key in order:
        branches = _together(tasks[key], needed, bits) if key in tasks else _ANY
        needed[key] = None if branches is None or branches.contradictions else branches
    return needed


def exclude_each_other(one: str, other: str, needed: Mapping[str, _Branches | None]) -> bool:
    """Whether at most one of two tasks executes in any run, as the branches say that they ``needed``."""
    first, second = needed.get(one, _ANY), needed.get(other, _ANY)
    return first is None or second is None or first.both(second).contradictions != 0


def _bits(tasks: Iterable[ResolvedTask]) -> dict[str, int]:
    """A bit for each condition that has a branch, by its key and in the keys' order."""
    named = {d.task_key for task in tasks for d in task.depends_on if d.outcome}
    return {key: 1 << number for number, key in enumerate(sorted(named))}


def _together(task: ResolvedTask, needed: Mapping[str, _Branches | None], bits: Mapping[str, int]) -> _Branches | None:
    """What holds whenever ``task`` executes, contradictions included; None when nothing before it ever executes."""
    outcomes = [d for d in task.depends_on if d.outcome]
    if outcomes:
        # All of its outcomes must have come about, whatever its run_if.
        taken = _ANY
        for d in outcomes:
            if (before := needed.get(d.task_key, _ANY)) is None:
                return None
            bit = bits[d.task_key]
            taken = taken.both(before).both(_Branches(bit, 0) if d.outcome == "true" else _Branches(0, bit))
        return taken
    run_if = task.databricks.get("run_if") or task.settings.get("run_if") or "ALL_SUCCESS"
    if not task.depends_on or run_if not in _ONE_MUST_HAVE_RUN:
        return _ANY
    possible = [each for d in task.depends_on if (each := needed.get(d.task_key, _ANY)) is not None]
    return reduce(_Branches.shared, possible) if possible else None


def _is_number(text: str) -> bool:
    try:
        return Decimal(text.strip()).is_finite()
    except InvalidOperation:
        return False
