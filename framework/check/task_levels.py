"""The native tasks of a pipeline one by one, those inside of loops too."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from framework.core.dynamic_values import references_in
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.spec.layers import merged
from framework.spec.node_path import NodePath
from framework.spec.task_spec import NATIVE_TASKS


@dataclass(frozen=True)
class Level:
    """A task, or the task inside of a loop: ``native`` says what it does, ``settings`` is what stands beside that.

    ``path`` leads to what it does, ``settings_path`` to the settings: a task's own stand under 'databricks:', but for
    those that the framework knows, and the compute that the target gives to a task of ours.
    """

    task: ResolvedTask
    path: NodePath
    native: Mapping[str, Any]
    settings: Mapping[str, Any]
    settings_path: NodePath
    in_loop: bool

    def fields(self, kind: str) -> Mapping[str, Any]:
        """The fields of ``kind`` if this task is one, else nothing."""
        value = self.native.get(kind)
        return value if isinstance(value, Mapping) else {}


def levels(pipeline: ResolvedPipeline) -> Iterator[Level]:
    """Every task, each loop followed by the task inside of it."""
    for task in pipeline.tasks:
        settings = merged([task.settings, task.databricks])
        yield Level(task, task.path, task.native, settings, (*task.path, "databricks"), in_loop=False)
        if (inner := inner_task(task)) is not None:
            path = (*task.path, "for_each_task", "task")
            native = {name: value for name, value in inner.items() if name in NATIVE_TASKS}
            yield Level(task, path, native, inner, path, in_loop=True)


def inner_task(task: ResolvedTask) -> Mapping[str, Any] | None:
    """The task inside of a loop, as written."""
    loop = task.native.get("for_each_task")
    inner = loop.get("task") if isinstance(loop, Mapping) else None
    return inner if isinstance(inner, Mapping) else None


def references_of_tasks(pipeline: ResolvedPipeline) -> Iterator[tuple[NodePath, str]]:
    """Each ``{{…}}`` in what tasks are told, with its place."""
    for _, path, text in texts_of_tasks(pipeline):
        yield from ((path, reference) for reference in references_in(text))


def texts_of_tasks(pipeline: ResolvedPipeline) -> Iterator[tuple[Level, NodePath, str]]:
    """Each text of a task in which the Jobs service fills in references."""
    for level in levels(pipeline):
        for name, parameter in level.task.params.items() if not level.in_loop else ():
            yield level, (*level.path, "params", name), parameter.value
        for kind, fields in level.native.items():
            written = fields.items() if isinstance(fields, Mapping) else ()
            own = {name: value for name, value in written if (kind, name) != ("for_each_task", "task")}
            yield from ((level, path, text) for path, text in _texts(own, (*level.path, kind)))


def _texts(value: object, path: NodePath) -> Iterator[tuple[NodePath, str]]:
    """Each text in nested mappings and lists, with its path."""
    if isinstance(value, str):
        yield path, value
        return
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for step, below in inner:
        yield from _texts(below, (*path, step))
