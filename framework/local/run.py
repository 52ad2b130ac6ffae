"""Runs the jobs of a bundle on this machine: a new run, one that goes on after a kill, or the repair of one."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from framework.core.errors import UsageError
from framework.core.events import Listener, Note
from framework.core.job_run import JobRun
from framework.local import sources
from framework.local.interruption import interrupting
from framework.local.job_graph import JobGraph
from framework.local.job_work import CodeOfRun, check_arguments
from framework.local.lazy_engine import LazyEngine
from framework.local.new_execution import Desk, job_values
from framework.local.ownership import Ownership, is_owned
from framework.local.past import Past
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptSpec
from framework.local.release import RUNNABLE, read_release, write_release
from framework.local.runnable import Runnable, load, refuse_unsupported
from framework.local.scheduler import Scheduler
from framework.local.selection import chosen, to_rerun
from framework.local.stored_runs import job_run_of
from framework.records.run_store import RunStore
from framework.records.run_values import NewRun, StoredRun
from framework.resolve.resolved import ResolvedSource

MAX_PARALLEL = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True)
class Selected:
    """The tasks that a person asked for: all of them, when nothing is said."""

    only: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What a run needs beside the bundle. ``max_parallel`` limits the attempts at a time.

    ``source`` says how the bundle was made, so that a repair can make it again; ``backfill`` is the date of a backfill.
    """

    root: Path
    job_key: str
    parameters: Mapping[str, str]
    source: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[ResolvedSource, ...] = ()
    selected: Selected = field(default_factory=Selected)
    max_parallel: int = MAX_PARALLEL
    idempotency_token: str | None = None
    backfill: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RepairRequest:
    """What a repair runs again: ``rerun_tasks``, or all that failed; successful tasks after those only on demand."""

    rerun_tasks: tuple[str, ...] = ()
    rerun_dependent_tasks: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    max_parallel: int = MAX_PARALLEL


def run(runnable: Runnable, request: RunRequest, listener: Listener) -> JobRun:
    """Execute a job of the bundle and wait for its end.

    Raises InvalidProject, UsageError or LocalEngineError for what prevents a start; a failed task is a result.
    """
    loads = sources.plan_loads(request.sources, request.root, listener)
    with _Driver.at(request.root, request.max_parallel, listener) as driver:
        begun = driver.begin(runnable, request)
        if not isinstance(begun, Begun):
            return _there_already(driver, begun)
        return driver.drive([begun], loads)[0]


def resume(root: Path, job_run_id: int, max_parallel: int, listener: Listener) -> JobRun:
    """Go on with a run whose process died: what is done stays done, what was under way is made once more."""
    with _Driver.at(root, max_parallel, listener) as driver:
        return driver.drive([driver.reopen(driver.store.run(job_run_id))], ())[0]


def repair(runnable: Runnable, root: Path, run: StoredRun, request: RepairRequest, listener: Listener) -> JobRun:
    """Run again what failed in a run that is done, with the job's current settings."""
    with _Driver.at(root, request.max_parallel, listener) as driver:
        return driver.drive([driver.begin_repair(runnable, run, request)], ())[0]


def backfill(runnable: Runnable, requests: Sequence[RunRequest], listener: Listener) -> list[JobRun]:
    """A run for each request, all in the job's queue at once: as many at a time as its max_concurrent_runs.

    Each request has an idempotency token: of its earlier run, what succeeded stays, what failed is repaired, and what
    was interrupted goes on.
    """
    first = requests[0]
    loads = sources.plan_loads(first.sources, first.root, listener)
    with _Driver.at(first.root, first.max_parallel, listener) as driver:
        begun = [driver.begin(runnable, request) for request in requests]
        to_do = [each if isinstance(each, Begun) else driver.again(runnable, each) for each in begun]
        done = iter(driver.drive([each for each in to_do if isinstance(each, Begun)], loads))
        return [next(done) if isinstance(each, Begun) else driver.result(each) for each in to_do]


@dataclass(frozen=True)
class Begun:
    """A run that this process is about to drive. ``owner`` is its hold on it."""

    run: StoredRun
    past: Past
    runnable: Runnable
    code: CodeOfRun | None
    owner: Ownership


@dataclass(frozen=True)
class _Driver:
    store: RunStore
    paths: LocalPaths
    max_parallel: int
    listener: Listener

    @classmethod
    @contextmanager
    def at(cls, root: Path, max_parallel: int, listener: Listener) -> Iterator[Self]:
        paths = LocalPaths(root)
        paths.create()
        with RunStore(paths.run_store) as store:
            yield cls(store, paths, max_parallel, listener)

    def begin(self, runnable: Runnable, request: RunRequest) -> Begun | StoredRun:
        """A new run; the one that has its idempotency token already, if there is one."""
        refuse_unsupported(runnable, request.job_key)
        job = runnable.job(request.job_key)
        graph = JobGraph.of(job, _chosen(job, request.selected))
        new = _new_run(runnable, request, graph)
        if plan := runnable.plan(request.job_key):
            check_arguments([node.task for node in graph.nodes.values()], plan, job_values(runnable, _preview(new)))
        held: list[Ownership] = []
        stored = self.store.begin(new, lambda number: held.append(Ownership(self.paths.owner(number), number)))
        if not held:
            return stored
        code = write_release(runnable, request.root, self.paths.run(stored.job_run_id))
        return Begun(stored, Past(), runnable, code, held[0])

    def reopen(self, run: StoredRun) -> Begun:
        """A run that was interrupted, with the code that it began with."""
        number = run.job_run_id
        if run.state == "TERMINATED":
            raise UsageError(
                f"run {number} is done ({run.result}): there is nothing to resume",
                f"To run again what failed: framework run --repair {number}",
            )
        owner = Ownership(self.paths.owner(number), number)
        directory = _release_directory(self.paths, run)
        runnable = load(directory / RUNNABLE)
        self.store.reopen(number, run.parameters)
        past = Past.of(self.store.history(number))
        return Begun(run, past, runnable, read_release(runnable, directory), owner)

    def begin_repair(self, runnable: Runnable, run: StoredRun, request: RepairRequest) -> Begun:
        """The next repair of a run that is done."""
        key, number = str(run.source["job_key"]), run.job_run_id
        refuse_unsupported(runnable, key)
        job = runnable.job(key)
        graph = JobGraph.of(job, run.tasks if run.source.get("partial") else None)
        declared = {parameter.name for parameter in job.parameters}
        kept = {name: value for name, value in run.parameters.items() if name in declared}
        history = self.store.history(number)
        keys = to_rerun(graph, history, request.rerun_tasks, request.rerun_dependent_tasks)
        if not keys:
            raise UsageError(
                f"every task of run {number} succeeded: there is nothing to repair",
                "Name the tasks to run again: --rerun-tasks TASK",
            )
        owner = Ownership(self.paths.owner(number), number)
        again = self.store.begin_repair(run, keys, {**kept, **request.parameters}, run.repair_id)
        code = write_release(runnable, self.paths.root, _release_directory(self.paths, again))
        return Begun(again, Past.of(self.store.history(number)), runnable, code, owner)

    def again(self, runnable: Runnable, run: StoredRun) -> Begun | StoredRun:
        """What is left to do of a run: nothing when it succeeded."""
        if run.state != "TERMINATED":
            return self.reopen(run)
        if run.result in ("SUCCESS", "SUCCESS_WITH_FAILURES"):
            return run
        return self.begin_repair(runnable, run, RepairRequest())

    def drive(self, begun: Sequence[Begun], loads: Sequence[sources.Load]) -> list[JobRun]:
        """Run them to their ends. Whatever keeps a run from its end leaves it to be resumed."""
        try:
            with LazyEngine(self.paths, self.listener) as engine:
                if begun:
                    self._load_sources(engine, begun[0], loads)
                scheduler = Scheduler(
                    roots=tuple(self._desk(each).execution(each.run, each.past) for each in begun),
                    engine=engine,
                    store=self.store,
                    listener=self.listener,
                    max_parallel=self.max_parallel,
                    is_alive=lambda number: is_owned(self.paths.owner(number)),
                )
                with interrupting(scheduler):
                    scheduler.execute()
        except BaseException:
            for each in begun:
                if self.store.run(each.run.job_run_id).state != "TERMINATED":
                    self.store.interrupted(each.run.job_run_id)
            raise
        finally:
            for each in begun:
                each.owner.release()
        return [self.result(each.run) for each in begun]

    def result(self, run: StoredRun) -> JobRun:
        return job_run_of(self.store, self.store.run(run.job_run_id), self.paths)

    def _desk(self, begun: Begun) -> Desk:
        return Desk(
            store=self.store, paths=self.paths, runnable=begun.runnable, code=begun.code, listener=self.listener
        )

    def _load_sources(self, engine: LazyEngine, begun: Begun, loads: Sequence[sources.Load]) -> None:
        if not (loads and begun.code):
            return
        number = begun.run.job_run_id
        spec = AttemptSpec(
            attempt_id=f"{number}0000",
            argv=(sources.as_argument(loads),),
            call="framework.local.sources:main",
            directory=self.paths.attempt(number, ".sources", 1),
            cwd=self.paths.root,
            sys_path=(str(begun.code.sources),),
        )
        engine.start(spec)
        while not engine.wait(None):
            pass
        for table in sources.read_result(spec.directory):
            self.listener(Note(f"loaded {table['table'].partition('.')[2]}: {table['rows']:,} rows"))


def _new_run(runnable: Runnable, request: RunRequest, graph: JobGraph) -> NewRun:
    job = runnable.job(request.job_key)
    plan = runnable.plan(request.job_key)
    declared = [parameter.name for parameter in job.parameters]
    if unknown := next((name for name in request.parameters if name not in declared), ""):
        hint = f"Its parameters are: {', '.join(declared)}." if declared else "It has none."
        raise UsageError(f"job '{request.job_key}' has no parameter '{unknown}'", hint)
    return NewRun(
        job=f"{runnable.bundle.name}/{runnable.bundle.target}/{request.job_key}",
        project=runnable.bundle.name,
        pipeline=plan.pipeline if plan else request.job_key,
        target=runnable.bundle.target,
        tasks=tuple(graph.nodes),
        parameters=request.parameters,
        source={**request.source, "job_key": request.job_key, "partial": len(graph.nodes) < len(job.tasks)},
        started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        idempotency_token=request.idempotency_token,
        trigger="one_time",
        backfill=request.backfill.isoformat() if request.backfill else None,
    )


def _preview(new: NewRun) -> StoredRun:
    return StoredRun(**vars(new), job_run_id=0, state="QUEUED")


def _chosen(job: Any, selected: Selected) -> set[str] | None:
    return chosen(JobGraph.of(job), selected.only, selected.first, selected.last)


def _release_directory(paths: LocalPaths, run: StoredRun) -> Path:
    """Where the code of the run's latest repair is; a repair leaves the earlier ones as they are."""
    own = paths.run(run.job_run_id)
    return own / "repairs" / str(run.repairs) if run.repairs else own


def _there_already(driver: _Driver, run: StoredRun) -> JobRun:
    driver.listener(Note(f"run {run.job_run_id} has this idempotency token: nothing was started", warning=True))
    if run.state != "TERMINATED":
        raise UsageError(
            f"run {run.job_run_id} has this idempotency token and is not done ({run.state})",
            f"If its process is gone: framework run --resume {run.job_run_id}",
        )
    return driver.result(run)
