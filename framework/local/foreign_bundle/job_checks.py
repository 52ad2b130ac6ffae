"""The Jobs service's rules about jobs that run other jobs."""

from collections.abc import Iterator, Mapping

from framework.core.diagnostics import Diagnostic
from framework.core.nested_runs import nesting_problems
from framework.local.foreign_bundle.identities import JobId
from framework.local.foreign_bundle.tree import Placed, finding
from framework.spec.node_path import NodePath


def problems(jobs: Mapping[str, Placed], ids: Mapping[str, int]) -> Iterator[Diagnostic]:
    """Jobs that run what is not in the bundle, each other in a circle, or others in too many levels."""
    keys = {number: key for key, number in ids.items()}
    runs: dict[str, dict[str, Placed]] = {}
    for key, job in jobs.items():
        runs[key] = {}
        for path, job_id in _runs(job, ("resources", "jobs", key)):
            if isinstance(job_id.value, JobId):
                runs[key].setdefault(keys[job_id.value], job_id)
            elif isinstance(job_id.value, int):
                hint = "Name one of the bundle's jobs: ${resources.jobs.<key>.id}. A local run knows no others."
                yield finding(f"job {job_id.value} is not in the bundle", job_id.place, path, hint)
    for summary, key, run in nesting_problems(runs):
        yield finding(summary, runs[key][run].place, ("resources", "jobs", key))


def _runs(job: Placed, path: NodePath) -> Iterator[tuple[NodePath, Placed]]:
    for index, task in enumerate(job.at("tasks").items):
        for way in (("run_job_task",), ("for_each_task", "task", "run_job_task")):
            yield (*path, "tasks", index, *way, "job_id"), task.at(*way, "job_id")
