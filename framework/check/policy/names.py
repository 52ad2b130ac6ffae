"""Rules about the names that a project gives."""

from collections.abc import Iterator

from framework.check.policy.native_fields import NativeJob
from framework.core.diagnostics import Diagnostic, Location
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.spec.node_path import NodePath, format_path, quoted
from framework.spec.patterns import matches
from framework.spec.policy_spec import TargetPolicy

_Named = tuple[str, str, NodePath]
"""What it is, its name, and the path to it."""


def name_patterns(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A name that does not match the pattern for its kind of thing."""
    patterns = {what: pattern for what, pattern in vars(policy.rules.names).items() if pattern is not None}
    if "task" in patterns:
        for task in job.tasks:
            yield from task.unknown((), policy.says(("names", "task")))
    for what, name, path in _names(job.pipeline) if patterns else ():
        if what in patterns and not matches(patterns[what], name):
            summary = f"{what} name {quoted(name)} does not match {quoted(patterns[what])}"
            hint = f"{policy.says(('names', what))} requires it."
            yield Diagnostic(summary, _location(job.pipeline, what, path), format_path(path), hint)


def _names(pipeline: ResolvedPipeline) -> Iterator[_Named]:
    yield "project", pipeline.project, ("name",)
    yield "pipeline", pipeline.pipeline, ("name",)
    for name in pipeline.parameters:
        yield "parameter", name, ("parameters", name)
    for task in pipeline.tasks:
        yield "task", task.task_key, (*task.path, "task_key")
        if isinstance(inner := (task.inner_task or {}).get("task_key"), str):
            yield "task", inner, (*task.path, "for_each_task", "task", "task_key")
        if task.kind:
            yield from _written(task)
            # Others take it over from the task that trains.
            if pipeline.document.depth((*task.path, "experiment")) == len(task.path) + 1:
                yield "experiment", str(task.options.experiment).rpartition("/")[2], (*task.path, "experiment")


def _written(task: ResolvedTask) -> Iterator[_Named]:
    for below, reference, name in task.names:
        if reference.role == "writes":
            _, schema, own = name.split(".")
            yield "schema", schema, (*task.path, *below)
            yield reference.to, own, (*task.path, *below)


def _location(pipeline: ResolvedPipeline, what: str, path: NodePath) -> Location:
    if what == "project":
        return pipeline.project_document.location(path)
    return pipeline.document.key_location(path) if what == "parameter" else pipeline.location(path)
