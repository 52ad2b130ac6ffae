"""What the Jobs service's own types say of the fields that the framework hands on as they are."""

from collections.abc import Iterator, Mapping
from typing import Any

from framework.check.finding import finding, key_finding, path_in_job, path_in_task
from framework.compile.official_types import Refusal, refusals
from framework.core.diagnostics import Diagnostic
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.layers import merged
from framework.spec.node_path import NodePath, quoted
from framework.spec.suggestions import close_match


def official_types(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Fields of the job and of its tasks that ``databricks.bundles`` does not know, or knows with another type."""
    if pipeline.job:
        for refusal in _of_job(pipeline.job):
            yield _finding(pipeline, path_in_job(pipeline, refusal.path), refusal)
        yield from _principals(pipeline, pipeline.job.get("run_as"))
    for task in pipeline.tasks:
        # Nothing else in a task of ours comes from outside of the framework's own types.
        if task.native or task.databricks:
            written = merged([task.settings, task.native, task.databricks])
            for refusal in _of_task({"task_key": task.task_key, **written}):
                yield _finding(pipeline, path_in_task(task, refusal.path), refusal)


def _principals(pipeline: ResolvedPipeline, run_as: object) -> Iterator[Diagnostic]:
    """What the types do not say of ``run_as``: its fields exclude each other."""
    names = [name for name, value in run_as.items() if value is not None] if isinstance(run_as, Mapping) else []
    if len(names) > 1:
        summary = f"a job runs as one principal, but here are {quoted(names[0])} and {quoted(names[1])}"
        yield key_finding(pipeline, path_in_job(pipeline, ("run_as", names[1])), summary, "Keep one of them.")


def _of_job(job: Mapping[str, Any]) -> Iterator[Refusal]:
    from databricks.bundles.jobs import Job

    return refusals(Job, job)


def _of_task(task: Mapping[str, Any]) -> Iterator[Refusal]:
    from databricks.bundles.jobs import Task

    return refusals(Task, task)


def _finding(pipeline: ResolvedPipeline, path: NodePath, refusal: Refusal) -> Diagnostic:
    make = key_finding if refusal.of_key else finding
    hint = refusal.hint or _job_of(pipeline, refusal)
    return make(pipeline, path, f"the Jobs service's types refuse this: {refusal.summary}", hint)


def _job_of(pipeline: ResolvedPipeline, refusal: Refusal) -> str:
    """How to name the pipeline that a run_job_task runs."""
    if refusal.path[-2:] != ("run_job_task", "job_id") or not isinstance(refusal.found, str):
        return ""
    close = close_match(refusal.found, pipeline.siblings)
    return f"Did you mean ${{resources.jobs.{close}.id}}?" if close else "Write ${resources.jobs.NAME.id}."
