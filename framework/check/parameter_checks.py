"""Rules about parameters and the ``{{…}}`` in them."""

from collections.abc import Iterator

from framework.core.diagnostics import Diagnostic
from framework.core.dynamic_values import only_reference, problem_with, references_in
from framework.core.graph import find_cycle
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import NodePath, format_path

_OF_A_TASK = ("task", "tasks", "input")
_OF_THE_JOB = "job.parameters."


def unknown_references(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``{{…}}`` that stands for nothing, or for nothing yet."""
    of_job: list[tuple[NodePath, str]] = [(("logical_date",), pipeline.logical_date)]
    of_job += [(("parameters", name), parameter.value) for name, parameter in pipeline.parameters.items()]
    for path, text in of_job:
        for reference in references_in(text):
            if reference.partition(".")[0] in _OF_A_TASK:
                summary = f"'{{{{{reference}}}}}' has no value here: this is set before any task runs"
                yield _finding(pipeline, path, summary, "Write it in the params of the task that needs it.")
            else:
                yield from _unknown(pipeline, path, reference)
    for task in pipeline.tasks:
        for name, parameter in task.params.items():
            for reference in references_in(parameter.value):
                yield from _unknown(pipeline, (*task.path, "params", name), reference)


def circular_parameters(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Parameters whose values refer to each other in a circle."""
    upstream = {
        name: [r.removeprefix(_OF_THE_JOB) for r in references_in(parameter.value) if r.startswith(_OF_THE_JOB)]
        for name, parameter in pipeline.parameters.items()
    }
    while cycle := find_cycle(upstream):
        circle = " → ".join(reversed(cycle))
        hint = "An arrow is a {{job.parameters.…}} in the value: give one of them a value of its own."
        yield _finding(pipeline, ("parameters", cycle[0]), f"the parameters refer to each other: {circle}", hint)
        upstream = {name: others for name, others in upstream.items() if name not in cycle}


def shadowed_parameters(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A task's parameter that the job's parameter of the same name silently replaces."""
    for task in pipeline.tasks:
        for name, parameter in task.params.items():
            if name in pipeline.parameters and only_reference(parameter.value) != f"{_OF_THE_JOB}{name}":
                yield _finding(
                    pipeline,
                    (*task.path, "params", name),
                    f"the pipeline's parameter '{name}' would replace this value",
                    f"A job's parameter wins over a task's: rename it, or write '{{{{job.parameters.{name}}}}}'.",
                )


def _unknown(pipeline: ResolvedPipeline, path: NodePath, reference: str) -> Iterator[Diagnostic]:
    if problem := problem_with(reference, pipeline.parameters, [task.task_key for task in pipeline.tasks]):
        yield _finding(pipeline, path, f"'{{{{{reference}}}}}' refers to nothing: {problem}")


def _finding(pipeline: ResolvedPipeline, path: NodePath, summary: str, hint: str = "") -> Diagnostic:
    return Diagnostic(summary, pipeline.location(path), format_path(path), hint)
