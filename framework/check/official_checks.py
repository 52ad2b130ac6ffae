"""What the Jobs service's own types say of the fields that the framework hands on as they are."""

from collections.abc import Iterator, Mapping
from typing import Any

from framework.check.finding import finding, path_in_job, path_in_task
from framework.compile.official_types import Refusal, refusals
from framework.core.diagnostics import Diagnostic
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.layers import merged
from framework.spec.node_path import NodePath

_HINT = "This is a field of the Jobs API: see its reference for names and types."


def official_types(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Fields of the job and of its tasks that ``databricks.bundles`` does not know, or knows with another type."""
    if pipeline.job:
        for refusal in _of_job(pipeline.job):
            yield _finding(pipeline, path_in_job(pipeline, refusal.path), refusal)
    for task in pipeline.tasks:
        # Nothing else in a task of ours comes from outside of the framework's own types.
        if task.native or task.databricks:
            written = merged([task.settings, task.native, task.databricks])
            for refusal in _of_task({"task_key": task.task_key, **written}):
                yield _finding(pipeline, path_in_task(task, refusal.path), refusal)


def _of_job(job: Mapping[str, Any]) -> Iterator[Refusal]:
    from databricks.bundles.jobs import Job

    return refusals(Job, job)


def _of_task(task: Mapping[str, Any]) -> Iterator[Refusal]:
    from databricks.bundles.jobs import Task

    return refusals(Task, task)


def _finding(pipeline: ResolvedPipeline, path: NodePath, refusal: Refusal) -> Diagnostic:
    return finding(pipeline, path, f"the Jobs service's types refuse this: {refusal.summary}", _HINT)
