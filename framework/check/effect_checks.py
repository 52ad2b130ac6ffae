"""Rules about fields of the Jobs service that have no effect."""

from collections.abc import Iterator, Mapping
from typing import Any

from framework.check.finding import path_in_task, warning
from framework.check.limit_checks import whole_number
from framework.core.diagnostics import Diagnostic
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import NodePath


def fields_have_an_effect(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A field that the same one under ``databricks:`` replaces; a time limit above the job's; a cluster nobody uses."""
    places: list[tuple[NodePath, Mapping[str, Any], Mapping[str, Any]]] = [((), pipeline.settings, pipeline.databricks)]
    places += [(task.path, task.settings, task.databricks) for task in pipeline.tasks if task.databricks]
    for path, beside, below in places:
        for name in (name for name in beside if name in below and _is_replaced(pipeline, path, name)):
            if beside[name] != below[name] and not isinstance(below[name], Mapping | list):
                summary = f"'{name}' has no effect here: it also stands under 'databricks:', and that wins"
                hint = f"That one is at {pipeline.location((*path, 'databricks', name))}: keep one of them."
                yield warning(pipeline, (*path, name), summary, hint)
    yield from _unused_clusters(pipeline)
    most = whole_number(pipeline.job.get("timeout_seconds"))
    for task in pipeline.tasks if most else ():
        limit = whole_number(task.all_settings.get("timeout_seconds"))
        if most and limit and limit > most:
            summary = f"task '{task.task_key}' may take {limit:,} seconds, and its job ends after {most:,}"
            hint = "Raise the job's timeout_seconds, or lower the task's."
            yield warning(pipeline, path_in_task(task, ("timeout_seconds",)), summary, hint)


def _is_replaced(pipeline: ResolvedPipeline, path: NodePath, name: str) -> bool:
    """Not so where a target replaces what the pipeline says: that is what a target is for."""
    over, beside = pipeline.location((*path, "databricks", name)), pipeline.location((*path, name))
    return over.file in (pipeline.document.file, beside.file)


def _unused_clusters(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Of the pipeline's own: those of a target are for all of its pipelines."""
    used = {str(level.settings.get("job_cluster_key")) for level in pipeline.levels}
    clusters = pipeline.databricks.get("job_clusters")
    for index, cluster in enumerate(clusters if isinstance(clusters, list) else ()):
        key = cluster.get("job_cluster_key") if isinstance(cluster, Mapping) else None
        if isinstance(key, str) and key not in used and not any("${" in str(each) for each in (key, *used)):
            path = ("databricks", "job_clusters", index, "job_cluster_key")
            yield warning(pipeline, path, f"no task runs on job cluster '{key}'", "Remove it.")
