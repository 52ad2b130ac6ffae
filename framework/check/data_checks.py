"""Rules about models, gates and tables."""

import os
from collections.abc import Iterator, Sequence

from framework.check.finding import finding, key_finding
from framework.check.name_checks import declared_sources
from framework.core.diagnostics import Diagnostic, Severity
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.runtime.kinds.base import offering
from framework.runtime.kinds.options import ReplaceWhere
from framework.spec.node_path import format_path, quoted


def models_come_from_training(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``model_from`` that names a task which trains nothing."""
    offers = {task.task_key: getattr(task.options, "offers", "") for task in pipeline.tasks}
    for task in pipeline.tasks:
        source = getattr(task.options, "model_from", None)
        if source in offers and offers[source] != "model":
            hint = (
                f"The tasks that train are: {', '.join(k for k, what in offers.items() if what == 'model') or 'none'}."
            )
            yield finding(pipeline, (*task.path, "model_from"), f"task '{source}' trains no model", hint)


def gates_judge_the_model(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``gates`` that names a task which gives no verdict on the model of the same ``model_from``."""
    siblings = {task.task_key: task.options for task in pipeline.tasks if task.kind}
    keys = [task.task_key for task in pipeline.tasks]
    for task in pipeline.tasks:
        gates = getattr(task.options, "gates", [])
        fitting = offering("verdict", task.options.model_from, siblings) if gates else {}
        for index, gate in enumerate(gates):
            if gate in keys and gate not in fitting:
                summary = f"task '{gate}' gives no verdict on the model of '{task.options.model_from}'"
                hint = f"The tasks that do are: {', '.join(fitting) or 'none'}."
                yield finding(pipeline, (*task.path, "gates", index), summary, hint)


def thresholds_can_be_kept(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A threshold whose ``min`` is above its ``max``: no model passes."""
    for task in pipeline.tasks:
        for metric, bounds in getattr(task.options, "thresholds", {}).items():
            if bounds.min is not None and bounds.max is not None and bounds.min > bounds.max:
                summary = f"no '{metric}' is both at least {bounds.min:g} and at most {bounds.max:g}"
                yield finding(pipeline, (*task.path, "thresholds", metric), summary, "Exchange min and max.")


def options_go_together(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Options that their kind refuses in this combination."""
    for task in pipeline.tasks:
        for problem in task.options.problems() if task.kind else ():
            path = (*task.path, problem.field) if problem.field else task.path
            yield finding(pipeline, path, f"task '{task.task_key}': {problem.summary}", problem.hint)
        if getattr(task.options, "entrypoint", None):
            yield from _taken_arguments(pipeline, task)


def replaced_columns_have_values(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``replace_where`` on a column whose value for this run nobody gives."""
    for task in pipeline.tasks:
        mode = getattr(task.options, "write_mode", None)
        for index, column in enumerate(mode.replace_where if isinstance(mode, ReplaceWhere) else ()):
            if column != "logical_date" and column not in task.params:
                yield finding(
                    pipeline,
                    (*task.path, "write_mode", "replace_where", index),
                    f"nothing gives column '{column}' a value for this run",
                    f"Use 'logical_date', or add '{column}' to the task's params.",
                )


def sources_have_a_file(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """A source whose file is not there, and that has no sample either: a local run could not read it."""
    for document, name, source in declared_sources(pipelines):
        written = source["path"]
        file = pipelines[0].source_directory.parent / written
        # pathlib would raise for a name that is too long.
        if "${" not in written and not source.get("sample") and not os.path.exists(file):  # noqa: PTH110
            path = ("sources", name, "path")
            summary = f"there is no file {quoted(written)} for source '{name}', and no sample"
            hint = "Put it there, name another one by --source, or add a function that makes a sample."
            yield Diagnostic(summary, document.location(path), format_path(path), hint, Severity.WARNING)


def _taken_arguments(pipeline: ResolvedPipeline, task: ResolvedTask) -> Iterator[Diagnostic]:
    """Names under ``reads`` and ``params`` by which the function gets something else."""
    reads = getattr(task.options, "reads", {})
    taken = dict.fromkeys(("context", *task.options.passes), "the framework gives the function an argument")
    for section, names in (("reads", reads), ("params", task.params)):
        for name in names:
            if name in taken or (section == "params" and name in reads):
                why = taken.get(name, "'reads' gives the function an argument")
                summary = f"task '{task.task_key}': {why} '{name}' already"
                yield key_finding(pipeline, (*task.path, section, name), summary, "Rename one of the two.")
