"""The native fields of a job: what the pipeline says, what its target says, and where each of them stands."""

from collections.abc import Iterator
from typing import Any

from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.resolve.resolved import Origin
from framework.spec.layers import merged
from framework.spec.node_path import NodePath, format_path, quoted
from framework.spec.pipeline_spec import PipelineSpec
from framework.spec.project_spec import ProjectSpec
from framework.spec.suggestions import did_you_mean
from framework.spec.target_spec import LOCAL, PipelineOverride, TargetSpec, TaskOverride
from framework.spec.yaml_source import Document

OF_COMPUTE = ("job_clusters", "environments", "budget_policy_id")
"""The fields of a job that its target's ``compute`` says."""
COMPUTE_OF_TASK = ("environment_key", "job_cluster_key", "existing_cluster_id", "new_cluster")
"""The fields of a task that say what it runs on."""


def job_settings(pipeline: PipelineSpec, target: TargetSpec, override: PipelineOverride) -> dict[str, Any]:
    """The fields that are there, in the order of the Jobs API's reference."""
    return present(
        schedule=merged([pipeline.schedule or {}, override.schedule or {}]),
        timeout_seconds=pipeline.timeout_seconds if override.timeout_seconds is None else override.timeout_seconds,
        max_concurrent_runs=pipeline.max_concurrent_runs,
        job_clusters=target.compute.job_clusters,
        environments=target.compute.environments,
        budget_policy_id=target.compute.budget_policy_id,
        run_as=target.run_as,
        permissions=target.permissions,
    )


def compute_of(target: TargetSpec) -> dict[str, str]:
    """What a task of ours runs on: the first environment of the target, or else its first cluster."""
    if environments := target.compute.environments:
        return {"environment_key": str(environments[0].get("environment_key", ""))}
    if clusters := target.compute.job_clusters:
        return {"job_cluster_key": str(clusters[0].get("job_cluster_key", ""))}
    return {}


def experiment_root(target: TargetSpec, project: str) -> str:
    """The folder of the experiments; a local run has none, and a workspace takes no experiment without one."""
    if target.experiment_root or target.name == LOCAL:
        return target.experiment_root
    return f"{target.deploy_root}/{project}/experiments"


def origins(
    pipeline: PipelineSpec, project: ProjectSpec, target: TargetSpec, of_pipeline: NodePath, override: PipelineOverride
) -> dict[NodePath, Origin]:
    """The origin of every value that the pipeline's file does not set: of each as a whole that no map is merged into.

    ``of_pipeline`` is where the target changes the pipeline.
    """
    found: dict[NodePath, Origin] = {
        **{("tags", name): Origin(target, ("tags", name)) for name in target.tags},
        **{("tags", name): Origin(project.document, ("tags", name)) for name in project.tags},
        **{(name,): Origin(target, (name,)) for name in ("run_as", "permissions")},
        **{(name,): Origin(target, ("compute", name)) for name in OF_COMPUTE},
        **{("parameters", name): Origin(target, (*of_pipeline, "parameters", name)) for name in override.parameters},
    }
    for name in ("schedule", "timeout_seconds", "databricks"):
        for path in _changed(getattr(override, name), (name,), pipeline.document):
            found[path] = Origin(target, (*of_pipeline, *path))
    for task in pipeline.tasks:
        of_task = override.tasks.get(task.task_key, TaskOverride())
        for path in _changed({**set_in(of_task), "databricks": of_task.databricks}, task.path, pipeline.document):
            found[path] = Origin(target, (*of_pipeline, "tasks", task.task_key, *path[len(task.path) :]))
    return {path: origin for path, origin in found.items() if not _is_written(pipeline, path)}


def set_in(override: TaskOverride) -> dict[str, Any]:
    """The settings that the target changes."""
    return {name: value for name, value in vars(override).items() if value is not None and name != "databricks"}


def refuse_unknown_tasks(
    pipeline: PipelineSpec, target: TargetSpec, of_pipeline: NodePath, override: PipelineOverride
) -> None:
    """Raise InvalidProject when the target changes a task that the pipeline lacks."""
    keys = [task.task_key for task in pipeline.tasks]
    findings = []
    for key in override.tasks.keys() - set(keys):
        path = (*of_pipeline, "tasks", key)
        summary = f"pipeline '{pipeline.name}' has no task {quoted(key)}{did_you_mean(key, keys)}"
        findings.append(Diagnostic(summary, target.key_location(path), format_path(path)))
    if findings:
        raise InvalidProject(Diagnostics.of(findings))


def present(**fields: Any) -> dict[str, Any]:
    """Those that say something."""
    return {name: value for name, value in fields.items() if value not in (None, "", {}, [])}


def _changed(value: Any, path: NodePath, document: Document) -> Iterator[NodePath]:
    """The values, from ``path`` downwards, that ``value`` puts into the document when it is merged into it."""
    if isinstance(value, dict) and isinstance(document.at(path) if document.depth(path) == len(path) else None, dict):
        for name in value:
            yield from _changed(value[name], (*path, name), document)
    elif value not in (None, {}):
        yield path


def _is_written(pipeline: PipelineSpec, path: NodePath) -> bool:
    """Whether the pipeline's own file wins: with tags it does, with parameters and schedules the target does."""
    return path[0] == "tags" and path[1] in pipeline.tags
