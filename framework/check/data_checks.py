"""Rules about parameters, models and tables."""

from collections.abc import Iterator
from typing import Any

from framework.core.diagnostics import Diagnostic
from framework.core.dynamic_values import problem_with, references_in
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.runtime.kinds.evaluate import Evaluate
from framework.runtime.kinds.feature_table import FeatureTable
from framework.runtime.kinds.options import Beats, ReplaceWhere
from framework.runtime.kinds.train import Train
from framework.spec.node_path import format_path


def unknown_references(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``{{…}}`` that stands for nothing."""
    places: list[tuple[tuple[str | int, ...], Any]] = [(("logical_date",), pipeline.logical_date)]
    places += [(("parameters", name), parameter.value) for name, parameter in pipeline.parameters.items()]
    for task in pipeline.tasks:
        places += [((*task.path, "params", name), parameter.value) for name, parameter in task.params.items()]
    keys = [task.task_key for task in pipeline.tasks]
    for path, text in places:
        for reference in references_in(text):
            if problem := problem_with(reference, pipeline.parameters, keys):
                yield _finding(pipeline, path, f"'{{{{{reference}}}}}' refers to nothing: {problem}")


def shadowed_parameters(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A task's parameter that the job's parameter of the same name silently replaces."""
    for task in pipeline.tasks:
        for name, parameter in task.params.items():
            if name in pipeline.parameters and references_in(parameter.value) != (f"job.parameters.{name}",):
                yield _finding(
                    pipeline,
                    (*task.path, "params", name),
                    f"the pipeline's parameter '{name}' would replace this value",
                    f"A job's parameter wins over a task's: rename it, or write '{{{{job.parameters.{name}}}}}'.",
                )


def models_come_from_training(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``model_from`` that names a task which trains nothing."""
    kinds = {task.task_key: task.options for task in pipeline.tasks}
    for task in pipeline.tasks:
        source = getattr(task.options, "model_from", None)
        if source in kinds and not isinstance(kinds[source], Train):
            hint = (
                f"The tasks that train are: {', '.join(k for k, o in kinds.items() if isinstance(o, Train)) or 'none'}."
            )
            yield _finding(pipeline, (*task.path, "model_from"), f"task '{source}' trains no model", hint)


def gates_have_a_metric(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``evaluate`` that decides nothing, or ``beats`` that has no metric to compare by."""
    for task, options in _of_kind(pipeline, Evaluate):
        if not options.thresholds and options.beats is None:
            yield _finding(
                pipeline, task.path, f"task '{task.task_key}' decides nothing", "Add 'thresholds:' or 'beats:'."
            )
        elif not options.thresholds and not (isinstance(options.beats, Beats) and options.beats.metric):
            hint = "Name it: beats: {alias: champion, metric: wape, lower_is_better: true}."
            yield _finding(pipeline, (*task.path, "beats"), "'beats' has no metric to compare the models by", hint)


def gates_have_a_model(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``beats`` without a registered model to compare with."""
    for task, options in _of_kind(pipeline, Evaluate):
        if options.beats is not None and options.model is None:
            yield _finding(
                pipeline,
                (*task.path, "beats"),
                f"task '{task.task_key}' does not say which model the candidate has to beat",
                f"Add 'model: schema.model', or a register_model task with 'model_from: {options.model_from}'.",
            )


def replaced_columns_have_values(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``replace_where`` on a column whose value for this run nobody gives."""
    for task in pipeline.tasks:
        mode = getattr(task.options, "write_mode", None)
        for index, column in enumerate(mode.replace_where if isinstance(mode, ReplaceWhere) else ()):
            if column != "logical_date" and column not in task.params:
                yield _finding(
                    pipeline,
                    (*task.path, "write_mode", "replace_where", index),
                    f"nothing gives column '{column}' a value for this run",
                    f"Use 'logical_date', or add '{column}' to the task's params.",
                )


def feature_keys_hold(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A feature table whose write mode lets a key repeat across runs."""
    for task, options in _of_kind(pipeline, FeatureTable):
        path = (*task.path, "write_mode")
        if options.write_mode == "append":
            hint = "Use overwrite, or {replace_where: […]} on columns of the key."
            yield _finding(pipeline, path, "a feature table cannot append: its primary key could repeat", hint)
        elif isinstance(options.write_mode, ReplaceWhere):
            for column in set(options.write_mode.replace_where) - set(options.primary_keys):
                hint = f"Add '{column}' to primary_keys, or replace by columns of the key."
                yield _finding(pipeline, path, f"'{column}' is no part of the primary key, which could repeat", hint)


def _of_kind(pipeline: ResolvedPipeline, kind: type) -> Iterator[tuple[ResolvedTask, Any]]:
    return ((task, task.options) for task in pipeline.tasks if isinstance(task.options, kind))


def _finding(pipeline: ResolvedPipeline, path: tuple[str | int, ...], summary: str, hint: str = "") -> Diagnostic:
    return Diagnostic(summary, pipeline.location(path), format_path(path), hint)
