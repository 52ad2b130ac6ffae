"""Rules about the task graph."""

from collections.abc import Iterator, Mapping
from itertools import islice, pairwise
from operator import itemgetter

from framework.check.finding import finding
from framework.core.diagnostics import Diagnostic
from framework.core.graph import find_cycles
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.spec.node_path import NodePath
from framework.spec.suggestions import close_match, listed

_MOST_NAMES = 20
_MOST_CYCLES = 10


def unknown_dependencies(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``depends_on``, ``model_from`` or ``gates`` that names no task, or the task itself."""
    keys = dict.fromkeys(task.task_key for task in pipeline.tasks)
    for task in pipeline.tasks:
        unknown = [d.task_key for d in task.depends_on if d.task_key not in keys or d.task_key == task.task_key]
        named = _where_named(pipeline, task) if unknown else {}
        for key in unknown:
            # What a {{…}} names is for the rule about references.
            if (path := named.get(key)) is None:
                continue
            if key == task.task_key:
                yield finding(pipeline, path, f"task '{key}' depends on itself")
            else:
                close = close_match(key, keys)
                hint = f"Did you mean '{close}'?" if close else f"The tasks are: {listed(keys)}."
                summary = f"task '{task.task_key}' depends on '{key}', which does not exist"
                yield finding(pipeline, path, summary, hint)


def repeated_dependencies(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A task that is named twice in one ``depends_on``."""
    for task in pipeline.tasks:
        seen: dict[str, str] = {}
        for index, dependency in enumerate(task.depends_on):
            if dependency.task_key not in seen:
                seen[dependency.task_key] = dependency.outcome
                continue
            both = {seen[dependency.task_key], dependency.outcome} == {"true", "false"}
            yield finding(
                pipeline,
                (*task.path, "depends_on", index),
                f"task '{task.task_key}' depends on '{dependency.task_key}' twice",
                "It can never have both outcomes: to go on after either, leave the outcome out." if both else "",
            )


def cycles(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Tasks that wait for each other."""
    tasks = {task.task_key: task for task in pipeline.tasks}
    upstream = {
        key: [d.task_key for d in task.depends_on if d.task_key in tasks and d.task_key != key]
        for key, task in tasks.items()
    }
    found = list(islice(find_cycles(upstream), _MOST_CYCLES + 1))
    for number, cycle in enumerate(found[:_MOST_CYCLES], 1):
        path, here = _where_closed(pipeline, tasks, cycle)
        hint = "An arrow is an entry of depends_on, or a table or model that one task writes and the next one reads."
        more = " There are more cycles: mend these first." if number == _MOST_CYCLES < len(found) else ""
        summary = f"the tasks wait for each other: {' → '.join(_shortened(cycle))}"
        yield finding(pipeline, path, summary, f"{here}{hint}{more}")


def _where_closed(
    pipeline: ResolvedPipeline, tasks: Mapping[str, ResolvedTask], cycle: tuple[str, ...]
) -> tuple[NodePath, str]:
    """The entry of depends_on that leads back furthest in the file, and what it says; if none does, a task."""
    position = {key: index for index, key in enumerate(tasks)}
    entries = [
        (position[first] - position[then], path, f"Here '{then}' names '{first}'. ")
        for first, then in pairwise(cycle)
        if (path := _where_named(pipeline, tasks[then]).get(first)) and "depends_on" in path
    ]
    return max(entries, key=itemgetter(0))[1:] if entries else (tasks[cycle[0]].path, "")


def _where_named(pipeline: ResolvedPipeline, task: ResolvedTask) -> dict[str, NodePath]:
    """The places that name other tasks, by their keys: entries of depends_on, else options such as model_from."""
    written = pipeline.document.value
    for step in task.path:
        written = written[step]
    found: dict[str, NodePath] = {}
    for index, entry in enumerate(written.get("depends_on") or ()):
        key = entry.get("task_key") if isinstance(entry, dict) else entry
        found.setdefault(str(key), (*task.path, "depends_on", index))
    for path, reference, name in task.names:
        if reference.to == "task":
            found.setdefault(name, (*task.path, *path))
    return found


def _shortened(cycle: tuple[str, ...]) -> list[str]:
    half = _MOST_NAMES // 2
    return [*cycle] if len(cycle) <= _MOST_NAMES else [*cycle[:half], "…", *cycle[-half:]]
