"""Pipelines that run other pipelines: what their ``run_job_task``s name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import NodePath

_JOB_ID = re.compile(r"\$\{resources\.jobs\.([^.{}]+)\.id\}")


def pipelines_run(pipeline: ResolvedPipeline) -> Iterator[tuple[NodePath, str]]:
    """The pipelines of the project that ``pipeline`` runs, each with the place that names it."""
    for task in pipeline.tasks:
        for path, fields in _tasks(task.path, task.native):
            if isinstance(named := fields.get("job_id"), str) and (match := _JOB_ID.fullmatch(named.strip())):
                yield (*path, "job_id"), match[1]


def jobs_named(job: Any) -> Iterator[str]:
    """The keys of jobs that the tasks of a compiled ``job`` run."""
    for task in job.tasks:
        inner = task.for_each_task.task if task.for_each_task else task
        if inner.run_job_task and (match := _JOB_ID.fullmatch(str(inner.run_job_task.job_id).strip())):
            yield match[1]


def _tasks(path: NodePath, native: Mapping[str, Any]) -> Iterator[tuple[NodePath, Mapping[str, Any]]]:
    """The task's ``run_job_task``, or that of its loop."""
    if isinstance(fields := native.get("run_job_task"), Mapping):
        yield (*path, "run_job_task"), fields
    if isinstance(loop := native.get("for_each_task"), Mapping) and isinstance(inner := loop.get("task"), Mapping):
        yield from _tasks((*path, "for_each_task", "task"), inner)
