"""The Jobs service's rules about jobs that run other jobs."""

from collections.abc import Iterator, Mapping

from framework.core.diagnostics import Diagnostic
from framework.core.nested_runs import nesting_problems
from framework.local.foreign_bundle.identities import JobId
from framework.local.foreign_bundle.tree import Placed, finding
from framework.spec.node_path import NodePath

Runs = Mapping[str, Mapping[str, Placed]]
"""Each job with those that it runs, and where it says so."""


def runs(jobs: Mapping[str, Placed], ids: Mapping[str, int]) -> Runs:
    """Which job runs which. A disabled task runs nothing."""
    keys = {number: key for key, number in ids.items()}
    return {
        key: {keys[job_id.value]: job_id for _, job_id in _job_ids(job, ()) if isinstance(job_id.value, JobId)}
        for key, job in jobs.items()
    }


def reached(key: str, runs: Runs) -> tuple[str, ...]:
    """The job and those that it runs, directly or not, each once."""
    seen: dict[str, None] = {}
    left = [key]
    while left:
        if (current := left.pop()) not in seen:
            seen[current] = None
            left.extend(runs[current])
    return tuple(seen)


def elsewhere(job: Placed, path: NodePath) -> Iterator[Diagnostic]:
    """The jobs of a workspace that ``job`` runs by their numbers."""
    for at, job_id in _job_ids(job, path):
        if isinstance(job_id.value, int) and not isinstance(job_id.value, JobId):
            hint = "Name one of the bundle's jobs: ${resources.jobs.<key>.id}. A local run knows no others."
            yield finding(f"job {job_id.value} is not in the bundle", job_id.place, at, hint)


def nesting(keys: tuple[str, ...], runs: Runs) -> Iterator[Diagnostic]:
    """Jobs among ``keys``, which run no others, that run each other in a circle or in too many levels."""
    for summary, key, run in nesting_problems({key: runs[key] for key in keys}):
        yield finding(summary, runs[key][run].place, ("resources", "jobs", key))


def _job_ids(job: Placed, path: NodePath) -> Iterator[tuple[NodePath, Placed]]:
    for index, task in enumerate(job.at("tasks").items):
        for way in (("run_job_task",), ("for_each_task", "task", "run_job_task")):
            if task.at("disabled").value is not True:
                yield (*path, "tasks", index, *way, "job_id"), task.at(*way, "job_id")
