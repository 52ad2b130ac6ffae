"""What flows between tasks: tables and models by name, a trained model, verdicts and task values."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from framework.core.dynamic_values import references_in
from framework.core.identifiers import Reference
from framework.resolve.dependencies import same_name
from framework.resolve.resolved import ResolvedTask
from framework.spec.node_path import NodePath

_OFFERED = {"model": "the trained model", "verdict": "the verdict", "version": "the model's version"}


@dataclass(frozen=True)
class Dataset:
    """A table or a model (``to``) with its name in three parts, and the model's ``@alias`` or ``/version``."""

    to: str
    name: str
    version: str = ""

    @property
    def key(self) -> str:
        """The same for every way to write one name; no task key holds a colon."""
        return f"{self.to}:{same_name(self.name)}"

    @property
    def short(self) -> str:
        """Without the catalog, which is the target's."""
        return self.name.partition(".")[2]


@dataclass(frozen=True)
class TaskFlows:
    """What one task takes and gives. ``tasks`` are those that its options name, ``values`` are (task key, name)."""

    reads: tuple[Dataset, ...]
    writes: tuple[Dataset, ...]
    tasks: tuple[str, ...]
    values: tuple[tuple[str, str], ...]
    offers: str


def flows_of(task: ResolvedTask) -> TaskFlows:
    """All that flows into and out of ``task``."""
    return TaskFlows(
        reads=tuple(dict.fromkeys(_datasets(task.names, "reads"))),
        writes=tuple(dict.fromkeys(_datasets(task.names, "writes"))),
        tasks=tuple(name for _, reference, name in task.names if reference.to == "task"),
        values=tuple(dict.fromkeys(_values(task))),
        offers=_OFFERED.get(getattr(task.options, "offers", ""), "its result"),
    )


def datasets_between(source: TaskFlows, target: TaskFlows) -> list[Dataset]:
    """The tables and models that ``target`` reads and ``source`` writes."""
    written = {dataset.key for dataset in source.writes}
    return [dataset for dataset in target.reads if dataset.key in written]


def carried(key: str, source: TaskFlows, target: TaskFlows) -> tuple[str, ...]:
    """In words, all that ``target`` gets from ``source``, the task named ``key``."""
    return (
        *(dataset.short + dataset.version for dataset in datasets_between(source, target)),
        *((source.offers,) if key in target.tasks else ()),
        *(name for task, name in target.values if task == key),
    )


def _datasets(named: Sequence[tuple[NodePath, Reference, str]], role: str) -> Iterator[Dataset]:
    for _, reference, name in named:
        if reference.to in ("table", "model") and reference.role == role:
            base = name.partition("@")[0].partition("/")[0]
            yield Dataset(reference.to, base, name.removeprefix(base))


def _values(task: ResolvedTask) -> Iterator[tuple[str, str]]:
    for reference in references_in(json.dumps([task.native, getattr(task.options, "params", None)], default=str)):
        if reference.startswith("tasks."):
            _, key, *member = reference.split(".")
            yield key, ".".join(member).removeprefix("values.")
