"""Rules about the task graph."""

import difflib
from collections.abc import Iterator

from framework.core.diagnostics import Diagnostic
from framework.core.graph import find_cycle
from framework.resolve.dependencies import names_written, same_name
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import format_path


def unknown_dependencies(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``depends_on`` or ``model_from`` that names no task, or the task itself."""
    keys = [task.task_key for task in pipeline.tasks]
    for task in pipeline.tasks:
        for dependency in task.depends_on:
            if dependency.task_key in keys and dependency.task_key != task.task_key:
                continue
            path = _where_named(pipeline, task.path, dependency.task_key)
            if dependency.task_key == task.task_key:
                yield Diagnostic(
                    f"task '{task.task_key}' depends on itself", pipeline.location(path), format_path(path)
                )
            else:
                close = difflib.get_close_matches(dependency.task_key, keys, n=1)
                hint = f"Did you mean '{close[0]}'?" if close else f"The tasks are: {', '.join(keys)}."
                summary = f"task '{task.task_key}' depends on '{dependency.task_key}', which does not exist"
                yield Diagnostic(summary, pipeline.location(path), format_path(path), hint)


def cycles(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Tasks that wait for each other."""
    keys = {task.task_key for task in pipeline.tasks}
    upstream = {
        t.task_key: [d.task_key for d in t.depends_on if d.task_key in keys - {t.task_key}] for t in pipeline.tasks
    }
    if cycle := find_cycle(upstream):
        path = next(task.path for task in pipeline.tasks if task.task_key == cycle[0])
        yield Diagnostic(
            f"the tasks wait for each other: {' → '.join(cycle)}",
            pipeline.location(path),
            format_path(path),
            "An arrow is an entry of depends_on, or a table or model that one task writes and the next one reads.",
        )


def one_writer_per_table(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A table or model that two tasks write."""
    writers: dict[tuple[str, str], str] = {}
    for task in pipeline.tasks:
        for to, name in names_written(task.options) if task.kind else ():
            first = writers.setdefault((to, same_name(name)), task.task_key)
            if first != task.task_key:
                path = (*task.path, "writes" if to == "table" else "model")
                yield Diagnostic(
                    f"{to} {name} is written by two tasks, '{first}' and '{task.task_key}'",
                    pipeline.location(path),
                    format_path(path),
                    "One task owns a table or a model: write to another name, or merge the two tasks.",
                )


def _where_named(pipeline: ResolvedPipeline, path: tuple[str | int, ...], key: str) -> tuple[str | int, ...]:
    """The place that names ``key``: an entry of depends_on, or model_from, or else the task."""
    written = pipeline.document.value
    for step in path:
        written = written[step]
    for index, entry in enumerate(written.get("depends_on", ())):
        if key in (entry, entry.get("task_key") if isinstance(entry, dict) else entry):
            return (*path, "depends_on", index)
    return (*path, "model_from") if written.get("model_from") == key else path
