"""Specs and a target → ResolvedPipeline."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from framework.core.errors import UsageError
from framework.core.identifiers import ModelName, Reference, TableName
from framework.core.task_run import Parameter
from framework.resolve.dependencies import dependencies, same_name
from framework.resolve.job_settings import (
    COMPUTE_OF_TASK,
    compute_of,
    experiment_root,
    job_settings,
    origins,
    present,
    refuse_unknown_tasks,
    set_in,
)
from framework.resolve.parameters import job_parameters, refuse_misfits, task_parameters
from framework.resolve.resolved import ResolvedPipeline, ResolvedSource, ResolvedTask, ResolvedWorkspace
from framework.spec.layers import merged
from framework.spec.loader import ProjectSource
from framework.spec.references import Named, references, replace_references
from framework.spec.target_spec import PipelineOverride, TargetSpec, TaskOverride
from framework.spec.task_spec import TaskSpec

_TASK_SETTINGS = (
    "description", "run_if", "max_retries", "min_retry_interval_millis", "retry_on_timeout", "timeout_seconds",
)  # fmt: skip
_DEFAULT_LOGICAL_DATE = "{{job.trigger.time.iso_date}}"


def resolve(source: ProjectSource, source_files: Mapping[str, Path] | None = None) -> ResolvedPipeline:
    """Fill in everything that the files leave to defaults, to the target or to each other.

    ``source_files`` are paths given on the command line for ``schema.table`` sources. Raises UsageError for one that
    the project does not declare, InvalidProject for what the target changes and the pipeline lacks.
    """
    spec, target = source.pipeline, source.target
    of_pipeline = ("pipelines", target.key_of(source.project.name, spec.name))
    override = target.pipelines.get(of_pipeline[1], PipelineOverride())
    refuse_misfits(target, of_pipeline, spec, override)
    refuse_unknown_tasks(spec, target, of_pipeline, override)
    parameters = job_parameters(spec.parameters, override.parameters)
    tasks = tuple(_tasks(source, override, parameters))
    return ResolvedPipeline(
        **_of_project(source),
        pipeline=spec.name,
        description=spec.description,
        target=target.name,
        workspace=_workspace(target, source.project.name),
        parameters=parameters,
        logical_date=spec.logical_date or _DEFAULT_LOGICAL_DATE,
        tags={**target.tags, **source.project.tags, **spec.tags},
        settings=job_settings(spec, target, override),
        databricks=merged([spec.databricks, override.databricks]),
        tasks=tasks,
        sources=_sources(source, [name for task in tasks for name in task.names], source_files or {}),
        document=spec.document,
        origins=origins(spec, source.project, target, of_pipeline, override),
    )


def _of_project(source: ProjectSource) -> dict[str, Any]:
    """The fields of a pipeline that are the same for all of its project."""
    project = source.project
    return {
        "root": source.root,
        "project": project.name,
        "source_directory": project.directory / "src",
        "resources": vars(project.resources),
        "siblings": source.siblings,
        "project_document": project.document,
    }


def _workspace(target: TargetSpec, project: str) -> ResolvedWorkspace:
    return ResolvedWorkspace(
        mode=target.mode,
        host="" if target.host_from_environment else target.host,
        catalog=target.catalog,
        deploy_root=target.deploy_root,
        experiment_root=experiment_root(target, project),
        run_as=target.run_as,
        permissions=target.permissions,
        shared_schemas=tuple(target.shared_schemas),
        telemetry=target.telemetry.as_dict(),
    )


def _tasks(
    source: ProjectSource, override: PipelineOverride, parameters: Mapping[str, Parameter]
) -> Iterator[ResolvedTask]:
    spec, options = source.pipeline, _options(source)
    names = {key: tuple(references(value)) for key, value in options.items()}
    edges = dependencies({task.task_key: task for task in spec.tasks}, names)
    for task in spec.tasks:
        yield ResolvedTask(
            **_as_written(task, options.get(task.task_key), parameters),
            **_of_target(task, source.target, override),
            names=names.get(task.task_key, ()),
            depends_on=edges[task.task_key],
        )


def _options(source: ProjectSource) -> dict[str, Any]:
    catalog, root = source.target.catalog, experiment_root(source.target, source.project.name)
    written = {task.task_key: task.options for task in source.pipeline.tasks if task.options is not None}
    return {
        key: _in_experiment_root(replace_references(value.completed(written), _three_parts(catalog)), root)
        for key, value in written.items()
    }


def _three_parts(catalog: str) -> Any:
    def name(reference: Reference, text: str) -> str:
        parsers = {"table": TableName.parse, "model": ModelName.parse}
        return str(parsers[reference.to](text, catalog)) if reference.to in parsers else text

    return name


def _in_experiment_root(options: Any, root: str) -> Any:
    experiment = getattr(options, "experiment", None)
    if not root or not experiment or experiment.startswith("/"):
        return options
    return replace(options, experiment=f"{root.rstrip('/')}/{experiment}")


def _of_target(task: TaskSpec, target: TargetSpec, override: PipelineOverride) -> dict[str, Any]:
    """The fields of a task that its target has a say in."""
    changed = override.tasks.get(task.task_key, TaskOverride())
    written = {name: getattr(task, name) for name in _TASK_SETTINGS}
    native = merged([task.databricks, changed.databricks])
    compute = compute_of(target) if task.kind and not any(name in native for name in COMPUTE_OF_TASK) else {}
    return {"settings": {**present(**{**written, **set_in(changed)}), **compute}, "databricks": native}


def _as_written(task: TaskSpec, options: Any, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a task that are the same for every target."""
    name, fields = task.native or ("", {})
    return {
        "task_key": task.task_key,
        "kind": task.kind or "",
        "options": options,
        "params": task_parameters(getattr(options, "params", {}), parameters),
        "native": {name: fields} if name else {},
        "path": task.path,
    }


def _sources(source: ProjectSource, names: Iterable[Named], given: Mapping[str, Path]) -> tuple[ResolvedSource, ...]:
    """The sources that this pipeline reads, or that the command line names."""
    project, catalog = source.project, source.target.catalog
    if unknown := sorted(set(given) - set(project.sources)):
        declared = ", ".join(project.sources) or "none"
        raise UsageError(f"project '{project.name}' declares no source '{unknown[0]}'", f"It declares: {declared}.")
    read = {same_name(name) for _, reference, name in names if reference.role == "reads"}
    tables = {name: str(TableName.parse(name, catalog)) for name in project.sources}
    return tuple(
        ResolvedSource(
            table=tables[name],
            path=given.get(name, project.directory / spec.path),
            sample=(spec.sample or "") if name not in given else "",
            given=name in given,
            location=project.document.location(("sources", name, "path")),
        )
        for name, spec in project.sources.items()
        if name in given or same_name(tables[name]) in read
    )
