"""Runs the jobs of a bundle on this machine: a new run, one that goes on after a kill, or the repair of one."""

from collections.abc import Sequence
from pathlib import Path

from framework.core.events import Listener
from framework.core.job_run import JobRun
from framework.local.driver import Begun, Driver
from framework.local.release import read_loads
from framework.local.requests import RepairRequest, RunRequest
from framework.local.runnable import Runnable
from framework.local.sources import Load, plan_again, plan_loads
from framework.records.run_values import StoredRun


def run(runnable: Runnable, request: RunRequest, listener: Listener) -> JobRun:
    """Execute a job of the bundle and wait for its end.

    Raises InvalidProject, UsageError or LocalEngineError for what prevents a start; a failed task is a result.
    """
    loads = plan_loads(request.sources, request.root, listener)
    with Driver.at(request.root, request.max_parallel, listener) as driver:
        begun = driver.begin(runnable, loads, request)
        if not isinstance(begun, Begun):
            return driver.there_already(begun)
        return driver.drive([begun])[0]


def resume(root: Path, job_run_id: int, max_parallel: int, listener: Listener) -> JobRun:
    """Go on with a run whose process died: what is done stays done, what was under way is made once more."""
    with Driver.at(root, max_parallel, listener) as driver:
        return driver.drive([driver.reopen(driver.store.run(job_run_id))])[0]


def repair(runnable: Runnable, root: Path, run: StoredRun, request: RepairRequest, listener: Listener) -> JobRun:
    """Run again what failed in a run that is done, with the job's current settings and the source files that it had."""
    with Driver.at(root, request.max_parallel, listener) as driver:
        loads = plan_again(_loads_before(driver, run), request.sources, root, listener)
        return driver.drive([driver.begin_repair(runnable, loads, run, request)])[0]


def backfill(runnable: Runnable, requests: Sequence[RunRequest], listener: Listener) -> list[JobRun]:
    """A run for each request, all in the job's queue at once: as many at a time as its max_concurrent_runs.

    Each request has an idempotency token: of its earlier run, what succeeded stays, what failed is repaired, and what
    was interrupted goes on. Raises UsageError when one of those is under way in another process.
    """
    first = requests[0]
    loads = plan_loads(first.sources, first.root, listener)
    with Driver.at(first.root, first.max_parallel, listener) as driver:
        driver.refuse_under_way(runnable, requests)
        begun = [_begun(driver, runnable, loads, request) for request in requests]
        done = iter(driver.drive([each for each in begun if isinstance(each, Begun)]))
        return [next(done) if isinstance(each, Begun) else driver.result(each) for each in begun]


def _loads_before(driver: Driver, run: StoredRun) -> tuple[Load, ...]:
    try:
        return read_loads(driver.paths.release(run.job_run_id, run.repairs))
    except (OSError, ValueError):
        return ()  # its files are gone


def _begun(driver: Driver, runnable: Runnable, loads: tuple[Load, ...], request: RunRequest) -> Begun | StoredRun:
    """A new run, or what is left to do of the earlier one: nothing when it succeeded."""
    begun = driver.begin(runnable, loads, request)
    if isinstance(begun, Begun):
        return begun
    if begun.state != "TERMINATED":
        return driver.reopen(begun)
    if begun.result in ("SUCCESS", "SUCCESS_WITH_FAILURES"):
        return begun
    return driver.begin_repair(runnable, loads, begun, RepairRequest())
