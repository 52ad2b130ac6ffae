"""The Jobs service's rules about jobs that run other jobs."""

from collections.abc import Iterator, Mapping

from framework.core.diagnostics import Diagnostic
from framework.core.graph import find_cycle, topological_order
from framework.local.foreign_bundle.identities import JobId
from framework.local.foreign_bundle.tree import Placed, finding
from framework.spec.node_path import NodePath

MAX_NESTED = 3


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
    yield from _too_deep(runs)


def _runs(job: Placed, path: NodePath) -> Iterator[tuple[NodePath, Placed]]:
    for index, task in enumerate(job.at("tasks").items):
        for way in (("run_job_task",), ("for_each_task", "task", "run_job_task")):
            yield (*path, "tasks", index, *way, "job_id"), task.at(*way, "job_id")


def _too_deep(runs: Mapping[str, Mapping[str, Placed]]) -> Iterator[Diagnostic]:
    if cycle := find_cycle(runs):
        way = cycle[::-1]
        place, path = runs[way[0]][way[1]].place, ("resources", "jobs", way[0])
        yield finding(f"jobs run each other in a circle: {' → '.join(way)}", place, path)
        return
    chains: dict[str, tuple[str, ...]] = {}
    for key in topological_order(runs):
        chains[key] = (key, *max((chains[run] for run in runs[key]), key=len, default=()))
        # Only where the limit is passed: who runs this job would repeat the finding.
        if len(chains[key]) == MAX_NESTED + 2:
            summary = f"jobs run each other more than {MAX_NESTED} deep: {' → '.join(chains[key])}"
            yield finding(summary, runs[key][chains[key][1]].place, ("resources", "jobs", key))
