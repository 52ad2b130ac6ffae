"""What tasks are told, in which the Jobs service fills in references; those inside of loops too."""

from collections.abc import Iterator, Mapping

from framework.core.dynamic_values import references_in
from framework.resolve.resolved import Level, ResolvedPipeline
from framework.spec.node_path import NodePath


def references_of_tasks(pipeline: ResolvedPipeline) -> Iterator[tuple[NodePath, str]]:
    """Each ``{{…}}`` in what tasks are told, with its place."""
    for _, path, text in texts_of_tasks(pipeline):
        yield from ((path, reference) for reference in references_in(text))


def texts_of_tasks(pipeline: ResolvedPipeline) -> Iterator[tuple[Level, NodePath, str]]:
    """Each text of a task in which the Jobs service fills in references."""
    for level in pipeline.levels:
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
