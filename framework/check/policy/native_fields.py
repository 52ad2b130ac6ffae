"""The native fields of jobs and tasks as they will be compiled, and where each of them stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from framework.check.finding import shown_path
from framework.core.diagnostics import Diagnostic
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.layers import merged
from framework.spec.node_path import NodePath, quoted


@dataclass(frozen=True)
class NativeFields:
    """The fields of a job, or of the task at ``path``: the ``own`` ones, and what ``databricks:`` lays over them.

    ``filled_in_later`` is the ``${…}`` that stands in place of all of them, or nothing.
    """

    pipeline: ResolvedPipeline
    path: NodePath
    own: Mapping[str, Any]
    databricks: Mapping[str, Any]
    filled_in_later: str = ""

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """All of them; what is null is as if it were not there."""
        return mapping(_without_nulls(merged([self.own, self.databricks])))

    def finding(self, summary: str, hint: str, below: NodePath) -> Diagnostic:
        """A finding about the value at ``below``."""
        path = self._path(below)
        return Diagnostic(summary, self.pipeline.location(path), shown_path(self.pipeline, path), hint)

    def missing(self, summary: str, hint: str, below: NodePath) -> Diagnostic:
        """A finding about a value that should be at ``below``: it points at the nearest thing that is there."""
        path = self._path(below)
        return Diagnostic(summary, self.pipeline.location(path), shown_path(self.pipeline, path[:-1]), hint)

    def unknown(self, below: NodePath, says: str) -> Iterator[Diagnostic]:
        """A finding when the value at ``below``, or one on the way to it, is a ``${…}`` that the bundle fills in."""
        value: Any = self.filled_in_later or self.values
        for depth in range(len(below) + 1):
            if depth:
                value = _inside(value, below[depth - 1])
            if is_filled_in_later(value):
                hint = f"Write the value itself. {says} limits it."
                yield self.finding(f"what {quoted(value)} stands for cannot be known here", hint, below[:depth])

    def is_refused(self, name: str, shape: type) -> bool:
        """Whether the field ``name`` has a value of another ``shape``: the types of the Jobs service say so already."""
        value = self.values.get(name)
        return value is not None and not isinstance(value, shape) and not is_filled_in_later(value)

    def _path(self, below: NodePath) -> NodePath:
        """The path in the pipeline's words: under ``databricks`` if that is where the value that counts stands."""
        if not below:
            return self.path
        name = below[0]
        native = name in self.databricks and (
            name not in self.own or not isinstance(self.own[str(name)], Mapping) or _is_in(self.databricks, below)
        )
        return (*self.path, *(("databricks",) if native else ()), *below)


@dataclass(frozen=True)
class NativeJob(NativeFields):
    """The fields of the job, and those of its ``tasks``, the ones inside of loops included."""

    tasks: tuple[NativeFields, ...] = ()


def mapping(value: Any) -> Mapping[str, Any]:
    """``value`` if it is a mapping, else an empty one: what the Jobs service refuses is not the policy's to say."""
    return value if isinstance(value, Mapping) else {}


def is_filled_in_later(value: Any) -> bool:
    """Whether ``value`` is text with a ``${…}`` in it: what that stands for, only the bundle knows."""
    return isinstance(value, str) and "${" in value


def elements(value: Any) -> list[Any]:
    """``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def value_at(values: Any, path: NodePath) -> Any:
    """What stands at ``path`` in ``values``; None where that leads nowhere."""
    for step in path:
        values = _inside(values, step)
    return values


def whole_number(value: Any) -> int | None:
    """The number that the Jobs service's types make of ``value``, be it text; None when it is none."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def native_job(pipeline: ResolvedPipeline) -> NativeJob:
    """The job that the pipeline will be."""
    tasks: list[NativeFields] = []
    for task in pipeline.tasks:
        does = {"python_wheel_task": {}} if task.kind else task.native
        tasks += _and_inner(NativeFields(pipeline, task.path, {**task.settings, **does}, task.databricks))
    return NativeJob(
        pipeline, (), {**pipeline.settings, "tags": pipeline.tags}, pipeline.databricks, tasks=tuple(tasks)
    )


def _and_inner(task: NativeFields) -> Iterator[NativeFields]:
    yield task
    inner: Any = mapping(task.own.get("for_each_task")).get("task")
    path = (*task.path, "for_each_task", "task")
    if is_filled_in_later(inner):
        yield NativeFields(task.pipeline, path, {}, {}, filled_in_later=inner)
    elif mapping(inner):
        yield from _and_inner(NativeFields(task.pipeline, path, inner, {}))


def _inside(value: Any, step: str | int) -> Any:
    if isinstance(value, list) and isinstance(step, int):
        return value[step] if step < len(value) else None
    return mapping(value).get(str(step))


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return [*map(_without_nulls, value)] if isinstance(value, list) else value
    return {name: _without_nulls(each) for name, each in value.items() if each is not None}


def _is_in(values: Any, path: NodePath) -> bool:
    """Whether a mapping says something at ``path``; a list says everything below it."""
    for step in path:
        if isinstance(values, list):
            return True
        if not isinstance(values, Mapping) or step not in values:
            return False
        values = values[str(step)]
    return True
