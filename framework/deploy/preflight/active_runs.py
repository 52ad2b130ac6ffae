"""The runs of deployed jobs that are under way."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from framework.deploy.deployed_jobs import DeployedJob
from framework.deploy.preflight.check import Check, CheckState
from framework.deploy.preflight.principals import ADMINISTRATORS, Principal
from framework.spec.node_path import printable

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_MOST_SHOWN = 3
_AT_ONCE = 8


def hidden_jobs(live: Mapping[str, str], found: Iterable[DeployedJob], me: Principal) -> tuple[str, ...]:
    """The names of ``live`` jobs (by key) that are not ``found``: only an administrator knows that they are gone."""
    seen = {job.key for job in found}
    return () if ADMINISTRATORS in me.names else tuple(name for key, name in live.items() if key not in seen)


def active_runs_check(
    client: "WorkspaceClient", jobs: Iterable[DeployedJob], kept: Iterable[str], hidden: Collection[str] = ()
) -> Check:
    """Runs go on with the release that they began with; those of a job that is not ``kept`` (by key) lose their job.

    ``hidden`` are the names of jobs whose runs this login is not shown.
    """
    still_there = frozenset(kept)
    running: list[str] = []
    endangered: list[str] = []
    for job, runs in _active(client, tuple(jobs)):
        (running if job.key in still_there else endangered).extend(f"{run} of {job.name}" for run in runs)
    if endangered:
        advice = "Wait for them, or end them: databricks jobs cancel-run RUN"
        return Check("runs", CheckState.MISSING, f"under way, and their job goes: {_listed(endangered)}", advice)
    if hidden:
        advice = "Let an administrator, or whoever owns them, give this login CAN_VIEW on them."
        shown = f"under way: {_listed(running)}; " if running else ""
        return Check("runs", CheckState.UNKNOWN, f"{shown}nobody tells about those of {_listed([*hidden])}", advice)
    if running:
        advice = "They go on with what they have taken; the runs after them take what is changed now."
        return Check("runs", CheckState.WARNING, f"under way: {_listed(running)}", advice)
    return Check("runs", CheckState.OK, "none is under way")


def _active(client: "WorkspaceClient", jobs: tuple[DeployedJob, ...]) -> Iterator[tuple[DeployedJob, list[int]]]:
    def of_job(job: DeployedJob) -> list[int]:
        return [run.run_id or 0 for run in client.jobs.list_runs(job_id=job.job_id, active_only=True)]

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from zip(jobs, pool.map(of_job, jobs), strict=True)


def _listed(runs: list[str]) -> str:
    more = f" and {len(runs) - _MOST_SHOWN} more" if len(runs) > _MOST_SHOWN else ""
    return printable(", ".join(runs[:_MOST_SHOWN])) + more
