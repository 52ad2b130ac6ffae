"""Annotations of entry points that cannot be true.

These findings stand at the annotation: what a function is given and has to return follows from its task, so that is
where it is mended, and an editor shows it there. Which arguments there are is the pipeline's choice:
``entrypoint_checks`` looks at them, and its findings stand in the YAML.
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.check.annotations import Type, Types, allowed
from framework.check.source_files import place
from framework.check.source_modules import Find, Function, SourceModule, modules_below
from framework.core.diagnostics import Diagnostic, Location
from framework.core.identifiers import split_entrypoint
from framework.core.task_run import Parameter
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.spec.node_path import NodePath, format_path, quoted

_FRAME = "pyspark.sql.DataFrame"
_NUMBERS = {"bool", "int", "float", "complex"}
_FITTING = {
    "str": {"str"},
    "bool": _NUMBERS,
    "int": _NUMBERS - {"bool"},
    "float": {"float", "complex"},
    "list": {"list"},
    "dict": {"dict", "Mapping"},
}
"""Annotations that a value of a parameter's type agrees with; as in Python's own rules, an int is good for a float."""


@dataclass(frozen=True)
class _Called:
    """A function, and the task that calls it; ``path`` is where the pipeline names it."""

    function: Function
    module: SourceModule
    file: Path
    pipeline: ResolvedPipeline
    path: NodePath
    who: str

    def types(self, annotation: ast.expr | None) -> Types:
        return allowed(annotation, self.module)

    def finding(self, annotation: ast.expr, summary: str, hint: str) -> Diagnostic:
        return Diagnostic(summary, place(self.file, self.pipeline.root, annotation), format_path(self.path), hint)

    def annotation_of(self, argument: str) -> ast.expr | None:
        named = self.function.named
        taker = named.get(argument, self.function.arguments.kwarg)
        return taker.annotation if taker else None


def entry_points_fit_annotations(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Arguments and results that are annotated as something that they certainly are not."""
    find = modules_below(pipeline.source_directory, pipeline.root)
    for task in pipeline.tasks:
        entrypoint, path = getattr(task.options, "entrypoint", None), (*task.path, "entrypoint")
        if entrypoint and (called := _called(pipeline, find, entrypoint, path, f"task '{task.task_key}'")):
            yield from _arguments(called, task)
            yield from _result(called, task.options)
    for source in pipeline.sources:
        path = ("sources", source.table.partition(".")[2], "sample")
        if source.sample and (called := _called(pipeline, find, source.sample, path, f"source '{path[1]}'")):
            yield from _returns(called, {"pandas.DataFrame"}, "a pandas DataFrame")


def _called(pipeline: ResolvedPipeline, find: Find, entrypoint: str, path: NodePath, who: str) -> _Called | None:
    """The function, when it is certain which one that is."""
    name, function = split_entrypoint(entrypoint)
    file, module = find(name) or (Path(), None)
    found = module.certain(function) if isinstance(module, SourceModule) else None
    if not isinstance(module, SourceModule) or found is None or found.decorated or found.generic or found.is_async:
        return None
    return _Called(found, module, file, pipeline, path, who)


def _arguments(called: _Called, task: ResolvedTask) -> Iterator[Diagnostic]:
    for name in getattr(task.options, "reads", {}):
        for annotation in _misfits(called, name, {_FRAME}):
            hint = f"Annotate it as {_FRAME}. {_given(called, (*task.path, 'reads', name))}"
            yield _argument(called, name, annotation, "a Spark DataFrame", hint)
    for name, parameter in task.params.items():
        kind = _kind(parameter)
        for annotation in _misfits(called, name, _FITTING.get(kind)):
            advice = _advice(kind, called.types(annotation))
            hint = f"{advice} {_given(called, (*task.path, 'params', name))}"
            yield _argument(called, name, annotation, _ARTICLES[kind], hint)
    if "model" in task.options.passes:
        for annotation in _misfits(called, "model", {"mlflow.pyfunc.PyFuncModel"}):
            hint = "Annotate it as mlflow.pyfunc.PyFuncModel: it is the model as MLflow loads it."
            yield _argument(called, "model", annotation, "an MLflow model", hint)
    if "context" in called.function.named:
        for annotation in _misfits(called, "context", {"framework.TaskContext"}):
            hint = "Write 'from framework import TaskContext' and 'context: TaskContext'."
            yield _argument(called, "context", annotation, "a TaskContext", hint)


def _misfits(called: _Called, argument: str, fitting: set[str] | None) -> Iterator[ast.expr]:
    """The argument's annotation, if it allows none of the types in ``fitting``."""
    annotation = called.annotation_of(argument)
    types = called.types(annotation)
    if annotation and fitting and types is not None and not fitting & {each.name for each in types}:
        yield annotation


def _argument(called: _Called, name: str, annotation: ast.expr, what: str, hint: str) -> Diagnostic:
    summary = f"argument '{name}' of '{called.function.name}' is {what}, not {_written(annotation)}"
    return called.finding(annotation, summary, hint)


def _result(called: _Called, options: Any) -> Iterator[Diagnostic]:
    """What the task's kind takes from its function: a model, a verdict's metrics, or what is written."""
    if options.offers == "model":
        yield from _returns(called, {"framework.TrainedModel"}, "a TrainedModel")
    elif options.offers == "verdict":
        yield from _returns(called, {"dict", "Mapping"}, "metrics, dict[str, float]", _NUMBERS)
    elif isinstance(writes := getattr(options, "writes", None), dict):
        keys = ", ".join(writes)
        yield from _returns(called, {"dict", "Mapping"}, f"a dict of Spark DataFrames: {keys}", {_FRAME})
    elif writes is not None:
        yield from _returns(called, {_FRAME}, "a Spark DataFrame")


def _returns(called: _Called, fitting: set[str], what: str, values: set[str] | None = None) -> Iterator[Diagnostic]:
    """``values`` are the types that fit as a dict's values."""
    annotation = called.function.returns
    types = called.types(annotation)
    if annotation and types is not None and not any(_fits(each, fitting, values) for each in types):
        summary = f"'{called.function.name}' has to return {what}, not {_written(annotation)}"
        hint = f"That is what {called.who} takes from it, at {_yaml_place(called, called.path)}."
        yield called.finding(annotation, summary, hint)


def _fits(found: Type, fitting: set[str], values: set[str] | None) -> bool:
    if found.name not in fitting:
        return False
    inner = found.of[1] if values and len(found.of) == 2 else None
    return inner is None or bool((values or set()) & {each.name for each in inner})


def _kind(parameter: Parameter) -> str:
    """The parameter's type; for one that is written as JSON, that of its value."""
    if parameter.type != "json":
        return parameter.type
    try:
        return type(json.loads(parameter.value)).__name__
    except (ValueError, RecursionError):
        return ""


_ARTICLES = {
    "str": "text (str)",
    "int": "an int",
    "float": "a float",
    "bool": "a bool",
    "list": "a list",
    "dict": "a dict",
}


def _advice(kind: str, types: Types) -> str:
    named = {each.name for each in types or ()}
    if kind == "str" and named & {"datetime.date", "datetime.datetime"}:
        return "Dates come as text: annotate it as str and convert it by fromisoformat."
    if kind == "str" and named & _NUMBERS:
        return "Annotate it as str, or write the value without quotes, in the job's parameters if it comes from there."
    return f"Annotate it as {kind}, or change the value."


def _given(called: _Called, path: NodePath) -> str:
    return f"It comes from {called.who}, at {_yaml_place(called, path)}."


def _yaml_place(called: _Called, path: NodePath) -> Location:
    in_project = path[0] == "sources"
    return called.pipeline.project_document.location(path) if in_project else called.pipeline.location(path)


def _written(annotation: ast.expr) -> str:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return quoted(annotation.value)
    try:
        return quoted(ast.unparse(annotation))
    except RecursionError:  # a union of very many
        return "what it is annotated as"
