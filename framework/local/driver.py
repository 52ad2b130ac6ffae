"""Begins runs, and drives those that this process has begun to their ends."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from framework.core.errors import FrameworkError, UsageError
from framework.core.events import Listener, Note
from framework.core.job_run import JobRun
from framework.local import beginnings, release
from framework.local.interruption import interrupting
from framework.local.known_secrets import keep_known_secrets
from framework.local.lazy_engine import LazyEngine
from framework.local.loading import load_sources
from framework.local.new_execution import Desk
from framework.local.ops_records import record_ended, record_run
from framework.local.ownership import Ownership, is_owned
from framework.local.past import Past
from framework.local.paths import LocalPaths
from framework.local.release import Release
from framework.local.requests import RepairRequest, RunRequest
from framework.local.runnable import Runnable
from framework.local.scheduler import Scheduler
from framework.local.selection import to_rerun
from framework.local.sources import Load
from framework.local.stored_runs import job_run_of
from framework.records import ops_store
from framework.records.run_store import RunStore
from framework.records.run_values import StoredRun


@dataclass(frozen=True)
class Begun:
    """A run that this process is about to drive. ``owner`` is its hold on it."""

    run: StoredRun
    past: Past
    release: Release
    owner: Ownership


@dataclass(frozen=True)
class Driver:
    """Of one repository. ``max_parallel`` limits the attempts at a time."""

    store: RunStore
    paths: LocalPaths
    max_parallel: int
    listener: Listener

    @classmethod
    @contextmanager
    def at(cls, root: Path, max_parallel: int, listener: Listener) -> Iterator[Self]:
        """A driver with an open run store."""
        paths = LocalPaths(root)
        paths.create()
        keep_known_secrets(paths)
        with RunStore(paths.run_store) as store:
            yield cls(store, paths, max_parallel, listener)

    def begin(self, runnable: Runnable, loads: tuple[Load, ...], request: RunRequest) -> Begun | StoredRun:
        """A new run; the one that has its idempotency token already, if there is one.

        Its release is whole before the store knows of it: a kill at any moment leaves nothing that cannot go on.
        """
        new = beginnings.new_run(runnable, request)
        held: list[Ownership] = []
        with release.staged(runnable, loads, request.root, self.paths.runs) as staged:

            def own(number: int) -> None:
                staged.rename(self.paths.run(number))
                held.append(Ownership(self.paths.owner(number), number))

            stored = self.store.begin(new, own)
        if not held:
            return stored
        return Begun(stored, Past(), release.read(self.paths.run(stored.job_run_id)), held[0])

    def reopen(self, run: StoredRun) -> Begun:
        """A run that was interrupted, with the code that it began with."""
        number = run.job_run_id
        if run.parent_run_id is not None:
            raise UsageError(
                f"run {number} was started by run {run.parent_run_id}",
                f"Let that one go on: framework run --resume {run.owner_run_id}",
            )
        with self._owning(number) as owner:
            run = self.store.run(number)
            if run.state == "TERMINATED":
                again = f"To run again what failed: framework run --repair {number}"
                hint = "" if run.result == "SUCCESS" else again
                raise UsageError(f"run {number} is done ({run.result}): there is nothing to resume", hint)
            its_release = release.read(self.paths.release(number, run.repairs))
            self.store.reopen(number, run.parameters)
            return Begun(run, Past.of(self.store.history(number)), its_release, owner)

    def begin_repair(
        self, runnable: Runnable, loads: tuple[Load, ...], run: StoredRun, request: RepairRequest
    ) -> Begun:
        """The next repair of a run that is done; its release is whole before it begins."""
        number = run.job_run_id
        if run.state == "INTERRUPTED":
            raise UsageError(
                f"run {number} was interrupted, and only a run that is done can be repaired",
                f"Let it go on: framework run --resume {number}",
            )
        graph, parameters = beginnings.of_repair(runnable, run, request)
        keys = to_rerun(graph, self.store.history(number), request.rerun_tasks, request.rerun_dependent_tasks)
        if not keys:
            raise UsageError(
                f"every task of run {number} succeeded: there is nothing to repair",
                "Name the tasks to run again: --rerun-tasks TASK",
            )
        directory = self.paths.release(number, run.repairs + 1)
        with self._owning(number) as owner:
            self._record_before_repair(number)
            with release.staged(runnable, loads, self.paths.root, directory.parent) as staged:
                shutil.rmtree(directory, ignore_errors=True)
                staged.rename(directory)
            again = self.store.begin_repair(run, keys, parameters, run.repair_id, tuple(graph.nodes))
            return Begun(again, Past.of(self.store.history(number)), release.read(directory), owner)

    def refuse_under_way(self, runnable: Runnable, requests: Sequence[RunRequest]) -> None:
        """Raise UsageError when another process drives a run that has one of the requests' idempotency tokens."""
        for request in requests:
            new = beginnings.new_run(runnable, request)
            earlier = self.store.with_token(new.job, request.idempotency_token or "")
            if earlier and earlier.state != "TERMINATED" and is_owned(self.paths.owner(earlier.job_run_id)):
                raise UsageError(
                    f"run {earlier.job_run_id} for {(earlier.backfill or '')[:10]} is under way in another process",
                    "Wait for its end (framework runs shows it), then give this command again.",
                )

    def there_already(self, run: StoredRun) -> JobRun:
        """The run that has the idempotency token of a new one. Raises UsageError when it is not done."""
        self.listener(Note(f"run {run.job_run_id} has this idempotency token: nothing was started", warning=True))
        if run.state != "TERMINATED":
            raise UsageError(
                f"run {run.job_run_id} has this idempotency token and is not done ({run.state})",
                f"If its process is gone: framework run --resume {run.job_run_id}",
            )
        return self.result(run)

    def drive(self, begun: Sequence[Begun]) -> list[JobRun]:
        """Run them to their ends. Whatever keeps a run from its end leaves it to be resumed."""
        try:
            self._execute(begun)
        except BaseException:
            # A store that fails, too, must not hide what happened.
            with suppress(FrameworkError):
                for each in begun:
                    self.store.interrupted(each.run.job_run_id)
            raise
        finally:
            for each in begun:
                each.owner.release()
        self._record()
        return [self.result(each.run) for each in begun]

    def result(self, run: StoredRun) -> JobRun:
        """What came of a run."""
        return job_run_of(self.store, self.store.run(run.job_run_id), self.paths)

    def _record(self) -> None:
        """Bring what ended into the tables of records. A run is what it is, whether or not that goes well."""
        try:
            record_ended(self.store, self.paths)
        except Exception as error:
            hint = "framework runs sync makes up for it"
            self.listener(Note(f"the tables of records do not have all: {error}; {hint}", warning=True))

    def _record_before_repair(self, number: int) -> None:
        """What the run came to is forgotten by its repair."""
        try:
            record_run(self.store, self.paths, number)
        except FrameworkError as error:
            raise FrameworkError(f"a repair forgets what a run came to, and {error.message}", error.hint) from error

    @contextmanager
    def _owning(self, number: int) -> Iterator[Ownership]:
        """A hold on a run, which stays unless the block fails."""
        owner = Ownership(self.paths.owner(number), number)
        try:
            yield owner
        except BaseException:
            owner.release()
            raise

    def _execute(self, begun: Sequence[Begun]) -> None:
        with LazyEngine(self.paths, self.listener) as engine:
            for each in begun:
                if each.past.has_lost:
                    # Connecting waits for the attempts of a run that died: only then what they recorded is all.
                    engine.ready()
            wanted = [(each.run, each.release, each.past.decided) for each in begun]
            load_sources(engine, self.paths, wanted, self.listener)
            scheduler = Scheduler(
                roots=tuple(self._desk(each).execution(each.run, each.past) for each in begun),
                engine=engine,
                store=self.store,
                listener=self.listener,
                max_parallel=self.max_parallel,
                is_alive=lambda number: is_owned(self.paths.owner(number)),
            )
            # While the tasks run: at the end somebody waits.
            threading.Thread(target=ops_store.preload, daemon=True).start()
            with interrupting(scheduler):
                scheduler.execute()

    def _desk(self, begun: Begun) -> Desk:
        runnable, code = begun.release.runnable, begun.release.code
        return Desk(store=self.store, paths=self.paths, runnable=runnable, code=code, listener=self.listener)
