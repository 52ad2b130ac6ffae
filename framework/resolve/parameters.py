"""Parameters with their types: a value from the Jobs service is a string, its YAML default says what it means."""

from collections.abc import Mapping
from typing import Any

from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.dynamic_values import only_reference
from framework.core.errors import InvalidProject, UsageError
from framework.core.task_run import Parameter
from framework.spec.node_path import NodePath, format_path, quoted
from framework.spec.pipeline_spec import PipelineSpec
from framework.spec.suggestions import close_match, did_you_mean, listed
from framework.spec.target_spec import PipelineOverride, TargetSpec


def job_parameters(written: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Parameter]:
    """The pipeline's parameters: types from the pipeline's file, values from the target where it has some."""
    types = {name: Parameter.of(value).type for name, value in written.items()}
    return {name: Parameter(types[name], Parameter.of(value).value) for name, value in {**written, **overrides}.items()}


def refuse_misfits(
    target: TargetSpec, of_pipeline: NodePath, pipeline: PipelineSpec, override: PipelineOverride
) -> None:
    """Raise InvalidProject when the target sets parameters that the pipeline lacks, or to values of another type.

    ``of_pipeline`` is where the target changes the pipeline.
    """
    findings = [
        finding
        for name, value in override.parameters.items()
        if (finding := _misfit(target, of_pipeline, pipeline, name, Parameter.of(value).value))
    ]
    if findings:
        raise InvalidProject(Diagnostics.of(findings))


def task_parameters(written: Mapping[str, Any], of_job: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """A task's ``params``; one that is a job parameter as a whole has that parameter's type."""
    return {name: _task_parameter(value, of_job) for name, value in written.items()}


def run_parameters(given: Mapping[str, str], of_job: Mapping[str, Parameter]) -> dict[str, str]:
    """The values for one run. Raises UsageError for a name that the pipeline lacks or a value of another type."""
    for name, value in given.items():
        if name not in of_job:
            raise UsageError(f"the pipeline has no parameter '{name}'", _choices(name, of_job))
        if not _converts(of_job[name], value):
            raise UsageError(f"parameter '{name}' is of type {of_job[name].type}, and {quoted(value)} is not")
    return {**{name: parameter.value for name, parameter in of_job.items()}, **given}


def _misfit(
    target: TargetSpec, of_pipeline: NodePath, pipeline: PipelineSpec, name: str, value: str
) -> Diagnostic | None:
    path = (*of_pipeline, "parameters", name)
    if name not in pipeline.parameters:
        summary = f"pipeline '{pipeline.name}' has no parameter {quoted(name)}{did_you_mean(name, pipeline.parameters)}"
        hint = "Declare it with its default in the pipeline's file; a target only changes values."
        return Diagnostic(summary, target.key_location(path), format_path(path), hint)
    default = Parameter.of(pipeline.parameters[name])
    if "{{" in value or _converts(default, value):
        return None
    hint = f"Its type is that of its default, at {pipeline.document.location(('parameters', name))}."
    summary = f"parameter '{name}' is of type {default.type}, and {quoted(value)} is not"
    return Diagnostic(summary, target.location(path), format_path(path), hint)


def _converts(parameter: Parameter, value: str) -> bool:
    try:
        parameter.convert(value)
    except ValueError:
        return False
    return True


def _task_parameter(value: Any, of_job: Mapping[str, Parameter]) -> Parameter:
    reference = only_reference(value)
    named = of_job.get(reference.removeprefix("job.parameters.")) if reference.startswith("job.parameters.") else None
    return Parameter(named.type, value) if named else Parameter.of(value)


def _choices(name: str, of_job: Mapping[str, Parameter]) -> str:
    if not of_job:
        return "It declares none: add it under 'parameters:' in the pipeline's file."
    close = close_match(name, of_job)
    return f"Did you mean {quoted(close)}?" if close else f"It has: {listed(of_job)}."
