"""``depends_on``: what is written out, and what follows from who writes what others read."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from framework.core.dynamic_values import references_in
from framework.core.identifiers import Reference
from framework.resolve.resolved import Dependency
from framework.spec.references import Named
from framework.spec.task_spec import TaskSpec


def dependencies(
    tasks: Mapping[str, TaskSpec], names: Mapping[str, Iterable[Named]]
) -> dict[str, tuple[Dependency, ...]]:
    """The edges of every task, by task key. ``names`` are those in the resolved options of our kinds."""
    writers, places = _writers(names), {key: place for place, key in enumerate(tasks)}
    found: dict[str, tuple[Dependency, ...]] = {}
    for key, task in tasks.items():
        written = [Dependency(d.task_key, d.outcome or "") for d in task.depends_on]
        named = {key, *(d.task_key for d in written)}
        implied = dict.fromkeys(_implied(task, names.get(key, ()), writers))
        order = sorted(implied, key=lambda other: places.get(other, len(places)))
        found[key] = (*written, *(Dependency(other) for other in order if other not in named))
    return found


def same_name(name: str) -> str:
    """``name`` in the form in which two names of one table or model are equal: their case does not matter."""
    return name.lower()


def _writers(names: Mapping[str, Iterable[Named]]) -> dict[tuple[str, str], list[str]]:
    writers: dict[tuple[str, str], list[str]] = {}
    for key, named in names.items():
        for _, reference, name in named:
            if reference.role == "writes":
                writers.setdefault((reference.to, same_name(name)), []).append(key)
    return writers


def _implied(task: TaskSpec, named: Iterable[Named], writers: Mapping[tuple[str, str], list[str]]) -> Iterator[str]:
    for _, reference, name in named:
        yield from _upstream_of(reference, name, writers)
    text = json.dumps([task.native, getattr(task.options, "params", None), task.databricks], default=str)
    for value in references_in(text):
        if value.startswith("tasks."):
            yield value.split(".")[1]


def _upstream_of(reference: Reference, name: str, writers: Mapping[tuple[str, str], list[str]]) -> list[str]:
    if reference.role != "reads":
        return []
    if reference.to == "task":
        return [name]
    # A model is read at an alias or a version; whoever registers the model goes first.
    return writers.get((reference.to, same_name(re.split("[@/]", name, maxsplit=1)[0])), [])
