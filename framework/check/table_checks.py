"""Rules about who writes what."""

from collections.abc import Iterator, Sequence

from framework.check.finding import finding
from framework.core.diagnostics import Diagnostic
from framework.resolve.dependencies import names_written, same_name
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.spec.node_path import NodePath
from framework.spec.references import references

_HINT = "One task owns a table or a model: write to another name, or merge the two tasks."


def one_writer_per_table(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A table or model that two tasks write."""
    writers: dict[tuple[str, str], str] = {}
    for task in pipeline.tasks:
        for to, name in names_written(task.options) if task.kind else ():
            first = writers.setdefault((to, same_name(name)), task.task_key)
            if first != task.task_key:
                summary = f"{to} {name} is written by two tasks, '{first}' and '{task.task_key}'"
                yield finding(pipeline, _where_written(task, name), summary, _HINT)


def one_writer_in_the_project(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """A table or model that tasks of two pipelines write."""
    writers: dict[tuple[str, str], tuple[str, str]] = {}
    for pipeline in pipelines:
        for task in pipeline.tasks:
            for to, name in names_written(task.options) if task.kind else ():
                other, first = writers.setdefault((to, same_name(name)), (pipeline.pipeline, task.task_key))
                if other != pipeline.pipeline:
                    both = f"'{other}' (task '{first}') and '{pipeline.pipeline}' (task '{task.task_key}')"
                    summary = f"{to} {name} is written by two pipelines, {both}"
                    yield finding(pipeline, _where_written(task, name), summary, _HINT)


def _where_written(task: ResolvedTask, name: str) -> NodePath:
    written = (
        path for path, reference, each in references(task.options) if reference.role == "writes" and each == name
    )
    return (*task.path, *next(written, ()))
