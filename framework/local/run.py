"""Runs the jobs of a bundle on this machine: a new run, one that goes on after a kill, or the repair of one."""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from framework.core.errors import UsageError
from framework.core.events import Listener, Note
from framework.core.job_run import JobRun
from framework.local import sources
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
    job = runnable.job(request.job_key)
    refuse_unsupported(runnable, request.job_key)
    graph = JobGraph.of(job, _chosen(job, request.selected))
    new = _new_run(runnable, request, graph)
    if plan := runnable.plan(request.job_key):
        check_arguments([node.task for node in graph.nodes.values()], plan, job_values(runnable, _preview(new)))
    loads = sources.plan_loads(request.sources, request.root, listener)
    paths = LocalPaths(request.root)
    paths.create()
    with RunStore(paths.run_store) as store:
        held: list[Ownership] = []
        stored = store.begin(new, lambda number: held.append(Ownership(paths.owner(number), number)))
        if not held:
            return _there_already(store, stored, paths, listener)
        with _driving(store, stored, held[0]):
            code = write_release(runnable, request.root, paths.run(stored.job_run_id))
            drive = _Drive(store, paths, runnable, code, request.max_parallel, listener)
            return drive.to_the_end(stored, Past(), loads)


def resume(root: Path, job_run_id: int, max_parallel: int, listener: Listener) -> JobRun:
    """Go on with a run whose process died: what is done stays done, what was under way is made once more."""
    paths = LocalPaths(root)
    with RunStore(paths.run_store) as store:
        stored = store.run(job_run_id)
        if stored.state == "TERMINATED":
            raise UsageError(
                f"run {job_run_id} is done ({stored.result}): there is nothing to resume",
                f"To run again what failed: framework run --repair {job_run_id}",
            )
        owner = Ownership(paths.owner(job_run_id), job_run_id)
        with _driving(store, stored, owner):
            directory = _release_directory(paths, stored)
            runnable = load(directory / RUNNABLE)
            store.reopen(job_run_id, stored.parameters)
            drive = _Drive(store, paths, runnable, read_release(runnable, directory), max_parallel, listener)
            return drive.to_the_end(stored, Past.of(store.history(job_run_id)), ())


def repair(runnable: Runnable, root: Path, run: StoredRun, request: RepairRequest, listener: Listener) -> JobRun:
    """Run again what failed in a run that is done, with the job's current settings."""
    refuse_unsupported(runnable, str(run.source["job_key"]))
    paths = LocalPaths(root)
    job = runnable.job(str(run.source["job_key"]))
    graph = JobGraph.of(job, run.tasks if run.source.get("partial") else None)
    declared = {parameter.name for parameter in job.parameters}
    kept = {name: value for name, value in run.parameters.items() if name in declared}
    with RunStore(paths.run_store) as store:
        owner = Ownership(paths.owner(run.job_run_id), run.job_run_id)
        history = store.history(run.job_run_id)
        keys = to_rerun(graph, history, request.rerun_tasks, request.rerun_dependent_tasks)
        if not keys:
            owner.release()
            raise UsageError(
                f"every task of run {run.job_run_id} succeeded: there is nothing to repair",
                "Name the tasks to run again: --rerun-tasks TASK",
            )
        stored = store.begin_repair(run, keys, {**kept, **request.parameters}, run.repair_id)
        with _driving(store, stored, owner):
            code = write_release(runnable, root, _release_directory(paths, stored))
            drive = _Drive(store, paths, runnable, code, request.max_parallel, listener)
            return drive.to_the_end(stored, Past.of(store.history(run.job_run_id)), ())


@dataclass(frozen=True)
class _Drive:
    store: RunStore
    paths: LocalPaths
    runnable: Runnable
    code: CodeOfRun | None
    max_parallel: int
    listener: Listener

    def to_the_end(self, stored: StoredRun, past: Past, loads: Sequence[sources.Load]) -> JobRun:
        with LazyEngine(self.paths, self.listener) as engine:
            self._load_sources(engine, stored, loads)
            desk = Desk(
                store=self.store, paths=self.paths, runnable=self.runnable, code=self.code, listener=self.listener
            )
            scheduler = Scheduler(
                root=desk.execution(stored, past),
                engine=engine,
                store=self.store,
                listener=self.listener,
                max_parallel=self.max_parallel,
                is_alive=lambda number: is_owned(self.paths.owner(number)),
            )
            with _interrupting(scheduler):
                scheduler.execute()
        return job_run_of(self.store, self.store.run(stored.job_run_id), self.paths)

    def _load_sources(self, engine: LazyEngine, stored: StoredRun, loads: Sequence[sources.Load]) -> None:
        if not (loads and self.code):
            return
        spec = AttemptSpec(
            attempt_id=f"{stored.job_run_id}0000",
            argv=(sources.as_argument(loads),),
            call="framework.local.sources:main",
            directory=self.paths.attempt(stored.job_run_id, ".sources", 1),
            cwd=self.paths.root,
            sys_path=(str(self.code.sources),),
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


def _there_already(store: RunStore, run: StoredRun, paths: LocalPaths, listener: Listener) -> JobRun:
    listener(Note(f"run {run.job_run_id} has this idempotency token already: nothing was started", warning=True))
    if run.state != "TERMINATED":
        raise UsageError(
            f"run {run.job_run_id} has this idempotency token and is not done ({run.state})",
            f"If its process is gone: framework run --resume {run.job_run_id}",
        )
    return job_run_of(store, run, paths)


@contextmanager
def _driving(store: RunStore, run: StoredRun, owner: Ownership) -> Iterator[None]:
    """A run that this process drives; whatever keeps it from its end leaves it to be resumed."""
    try:
        yield
    except BaseException:
        store.interrupted(run.job_run_id)
        raise
    finally:
        owner.release()


@contextmanager
def _interrupting(scheduler: Scheduler) -> Iterator[None]:
    """Ctrl-C cancels the run in good order; a second one leaves at once, and the engine then kills what is left."""

    def on_interrupt(number: int, frame: object) -> None:
        # Raising here could lose a message of the engine that is just being read.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        scheduler.interrupt()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
