"""Rules about who writes what."""

from collections.abc import Iterator, Sequence

from framework.check.branch_checks import exclude_each_other, needed_branches
from framework.check.finding import finding
from framework.check.name_checks import without_catalog
from framework.core.diagnostics import Diagnostic
from framework.resolve.dependencies import same_name
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.spec.node_path import NodePath

_HINT = "One task owns a table or a model: write to another name, or merge the two tasks."


def one_writer_per_table(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A table or model that two tasks of one run write; one behind each branch of a condition may."""
    needed = needed_branches(pipeline.tasks)
    writers: dict[tuple[str, str], list[str]] = {}
    for _, task, to, name in writes([pipeline]):
        others, key = writers.setdefault((to, same_name(name)), []), task.task_key
        if first := next((each for each in others if not exclude_each_other(each, key, needed)), ""):
            summary = f"{to} {without_catalog(name)} is written by two tasks, '{first}' and '{key}'"
            yield finding(pipeline, _where_written(task, name), summary, _HINT)
        others.append(key)


def one_writer_in_the_project(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """A table or model that tasks of two pipelines write."""
    writers: dict[tuple[str, str], tuple[str, str]] = {}
    for pipeline, task, to, name in writes(pipelines):
        other, first = writers.setdefault((to, same_name(name)), (pipeline.pipeline, task.task_key))
        if other != pipeline.pipeline:
            both = f"'{other}' (task '{first}') and '{pipeline.pipeline}' (task '{task.task_key}')"
            summary = f"{to} {without_catalog(name)} is written by two pipelines, {both}"
            yield finding(pipeline, _where_written(task, name), summary, _HINT)


def one_writer_in_the_catalog(
    pipelines: Sequence[ResolvedPipeline], others: Sequence[ResolvedPipeline]
) -> Iterator[Diagnostic]:
    """A table or model that tasks of two projects write."""
    writers: dict[tuple[str, str], tuple[ResolvedPipeline, ResolvedTask]] = {}
    for pipeline, task, to, name in writes(others):
        writers.setdefault((to, same_name(name)), (pipeline, task))
    for pipeline, task, to, name in writes(pipelines) if writers else ():
        if found := writers.get((to, same_name(name))):
            place = found[0].location(_where_written(found[1], name))
            both = f"'{found[0].project}' (at {place}) and '{pipeline.project}'"
            summary = f"{to} {without_catalog(name)} is written by two projects, {both}"
            yield finding(pipeline, _where_written(task, name), summary, _HINT)


def writes(pipelines: Sequence[ResolvedPipeline]) -> Iterator[tuple[ResolvedPipeline, ResolvedTask, str, str]]:
    """Every table and model that a task writes, with its name."""
    for pipeline in pipelines:
        for task in pipeline.tasks:
            for to, name in task.writes:
                yield pipeline, task, to, name


def _where_written(task: ResolvedTask, name: str) -> NodePath:
    written = (
        path
        for path, reference, each in task.names
        if reference.role == "writes" and same_name(each) == same_name(name)
    )
    return (*task.path, *next(written, ()))
