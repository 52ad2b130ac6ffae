"""Rules about what stands under ``databricks:``, which is merged over everything that the framework writes."""

from collections.abc import Iterator, Mapping

from framework.core.diagnostics import Diagnostic
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import NodePath, format_path
from framework.spec.task_spec import NATIVE_TASKS

_OWN_FIELD = "It has a field of its own beside 'databricks:'. Write it there, where it is checked."
_OF_JOB = {
    "name": "The job's name is made of the project's and the pipeline's.",
    "parameters": _OWN_FIELD,
    "tasks": _OWN_FIELD,
}
_OF_TASK = {
    "task_key": _OWN_FIELD,
    "depends_on": _OWN_FIELD,
    **dict.fromkeys(NATIVE_TASKS, "What a task does stands beside 'databricks:', not in it."),
}


def owned_fields(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Fields by which ``databricks:`` would change what the rules have looked at: tasks, edges, parameters."""
    yield from _owned(pipeline, (), pipeline.databricks, _OF_JOB)
    for task in pipeline.tasks:
        yield from _owned(pipeline, task.path, task.databricks, _OF_TASK)


def _owned(
    pipeline: ResolvedPipeline, path: NodePath, written: Mapping[str, object], owned: Mapping[str, str]
) -> Iterator[Diagnostic]:
    for name in written:
        if name in owned:
            place = (*path, "databricks", name)
            summary = f"'{name}' cannot stand under 'databricks:'"
            yield Diagnostic(summary, pipeline.document.key_location(place), format_path(place), owned[name])
