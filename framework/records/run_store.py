"""The run store: what every run on this machine did, written as it happens, in one sqlite file.

What is ``noted`` is on disk after the next ``commit``; every other method is a transaction of its own. Several
processes may use one store at a time.
"""

import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from framework.core.errors import UsageError
from framework.core.job_run import JobResult, TaskOutcome
from framework.records import run_queue, run_schema
from framework.records.run_values import (
    History,
    Key,
    NewRun,
    StoredAttempt,
    StoredRun,
    outcome_from_json,
    outcome_to_json,
)

Admission = Literal["RUNNING", "QUEUED"]
_LARGEST = 2**63
"""No number of a run in the store reaches it."""


class RunStore:
    """An open store; close it, or use it in a ``with`` block. Every method raises FrameworkError when the disk refuses.

    Logs are kept by their paths from the store's own directory on: so a checkout may move.
    """

    def __init__(self, file: Path) -> None:
        """Open or create it. Raises FrameworkError when the file is none of ours."""
        self._noted: list[tuple[str, tuple[Any, ...]]] = []
        self._directory = file.absolute().parent
        self._db = run_schema.open_database(file)

    # --- runs

    def begin(self, run: NewRun, own: Callable[[int], object] = lambda job_run_id: None) -> StoredRun:
        """Take in a run, QUEUED. With an idempotency token that was used before, the run that has it.

        ``own`` makes the run this process's before anybody else can see it.
        """
        with self._db.transaction():
            if run.idempotency_token and (first := self.with_token(run.job, run.idempotency_token)):
                return first
            (latest,) = self._db.rows("select coalesce(max(job_run_id), 0) as number from job_runs")
            job_run_id = max(latest["number"] + 1, int(time.time() * 1000))
            values = {
                **asdict(run),
                "tasks": json.dumps(run.tasks),
                "parameters": json.dumps(dict(run.parameters)),
                "source": json.dumps(dict(run.source)),
                "owner_run_id": run.owner_run_id or job_run_id,
                "job_run_id": job_run_id,
                "state": "QUEUED",
            }
            marks = ", ".join(f":{name}" for name in values)
            self._db.execute(f"insert into job_runs ({', '.join(values)}) values ({marks})", values)  # noqa: S608
            own(job_run_id)
            return self._stored(job_run_id)

    def admit(self, job_run_id: int, limit: int, is_alive: Callable[[int], bool]) -> Admission:
        """Let a queued run begin when fewer than ``limit`` runs of its job are before it."""
        job = self.run(job_run_id).job
        return "RUNNING" if self.admit_some(job, {job_run_id}, limit, is_alive) else "QUEUED"

    def admit_some(
        self, job: str, candidates: Collection[int], limit: int, is_alive: Callable[[int], bool]
    ) -> set[int]:
        """Let those of ``candidates``, queued runs of ``job``, begin that have fewer than ``limit`` runs before them.

        ``is_alive`` says of a run that is nobody's child whether its process lives; one that died holds nobody up.
        """
        with self._db.transaction():
            return run_queue.admit(self._db, job, candidates, limit, is_alive)

    def interrupted(self, job_run_id: int, is_alive: Callable[[], bool] = lambda: False) -> None:
        """Its process has died, unless the run is done meanwhile, or ``is_alive`` again."""
        with self._db.transaction():
            if not is_alive():
                self._db.execute(
                    "update job_runs set state = 'INTERRUPTED' where job_run_id = ? and state in ('QUEUED', 'RUNNING')",
                    (job_run_id,),
                )

    def reopen(self, job_run_id: int, parameters: Mapping[str, str]) -> None:
        """Let an interrupted run go on, without the runs that it had begun and nobody knows of."""
        with self._db.transaction():
            run_queue.end_left_over(self._db, job_run_id, datetime.now(UTC).isoformat(timespec="milliseconds"))
            self._db.execute(
                "update job_runs set state = 'QUEUED', parameters = ? where job_run_id = ?",
                (json.dumps(dict(parameters)), job_run_id),
            )

    def begin_repair(
        self,
        run: StoredRun,
        keys: Iterable[Key],
        parameters: Mapping[str, str],
        latest_repair_id: int | None,
        tasks: tuple[str, ...] = (),
    ) -> StoredRun:
        """Forget the outcomes of ``keys`` and let the run go on as its next repair.

        ``tasks`` are those of the job by now, when it has changed. Raises UsageError unless the run is done and
        ``latest_repair_id`` is that of its latest repair.
        """
        with self._db.transaction():
            current = self._stored(run.job_run_id)
            if current.state != "TERMINATED":
                raise UsageError(f"run {run.job_run_id} is not done, and only a run that is done can be repaired")
            if current.repair_id != latest_repair_id:
                raise UsageError(f"run {run.job_run_id} was repaired meanwhile", "Look at it, then repair it again.")
            for task_key, iteration in keys:
                where = (run.job_run_id, task_key, -1 if iteration is None else iteration)
                self._db.execute("delete from tasks where job_run_id = ? and task_key = ? and iteration = ?", where)
                self._db.execute("delete from task_values where job_run_id = ? and task_key = ?", where[:2])
            for gone in set(current.tasks).difference(tasks or current.tasks):
                self._db.execute("delete from tasks where job_run_id = ? and task_key = ?", (run.job_run_id, gone))
            repair_id = max((current.repair_id or 0) + 1, int(time.time() * 1000))
            self._db.execute(
                "update job_runs set state = 'QUEUED', result = null, repairs = repairs + 1, repair_id = ?, "
                "parameters = ?, tasks = ? where job_run_id = ?",
                (repair_id, json.dumps(dict(parameters)), json.dumps(tasks or current.tasks), run.job_run_id),
            )
            return self._stored(run.job_run_id)

    def run(self, job_run_id: int) -> StoredRun:
        """That run. Raises UsageError when there is none."""
        found = self._select("job_run_id = ?", (job_run_id,)) if abs(job_run_id) < _LARGEST else []
        if not found:
            raise UsageError(f"there is no run {job_run_id}", "framework runs lists them.")
        return found[0]

    def with_token(self, job: str, token: str) -> StoredRun | None:
        """The run of ``job`` that has that idempotency token."""
        found = self._select("job = ? and idempotency_token = ?", (job, token))
        return found[0] if found else None

    def latest(self, count: int, job: str | None = None) -> list[StoredRun]:
        """The last runs that no other run started, newest first; those of ``job`` only when given."""
        where = "parent_run_id is null" + (" and job = ?" if job else "")
        return self._select(where, (job,) if job else (), f"order by job_run_id desc limit {int(count)}")

    def children(self, job_run_id: int) -> list[StoredRun]:
        """The runs that its tasks started."""
        return self._select("parent_run_id = ?", (job_run_id,))

    def unrecorded(self, count: int | None = None) -> list[StoredRun]:
        """The runs that have ended, or whose repair has, and that no tables of records have; the latest ``count``."""
        limit = -1 if count is None else int(count)
        pending = "job_run_id in (select job_run_id from unrecorded) and state = 'TERMINATED'"
        return self._select(pending, (), f"order by job_run_id desc limit {limit}")

    def projects(self) -> list[str]:
        """Those that have runs."""
        return [row["project"] for row in self._db.rows("select distinct project from job_runs")]

    def forget_recorded(self, project: str) -> None:
        """No tables of records have the runs of ``project`` any more."""
        its_runs = "select job_run_id from job_runs where project = ?"
        with self._db.transaction():
            self._db.execute(f"insert or ignore into unrecorded {its_runs}", (project,))
            self._db.execute(f"delete from recorded where job_run_id in ({its_runs})", (project,))  # noqa: S608

    def pending(self) -> list[StoredRun]:
        """Every run that the tables of records do not have as it is: ``unrecorded``, under way or interrupted."""
        open_ones = "select job_run_id from job_runs where state <> 'TERMINATED'"
        return self._select(f"job_run_id in ({open_ones} union select job_run_id from unrecorded)", ())  # noqa: S608

    def note_recorded(self, run: StoredRun) -> None:
        """The tables of records have the run as it is now."""
        self._noted.append(("insert or replace into recorded values (?, ?)", (run.job_run_id, run.repairs)))
        unchanged = "(select repairs from job_runs where job_run_id = ?) = ?"
        row = (run.job_run_id, run.job_run_id, run.repairs)
        self._noted.append((f"delete from unrecorded where job_run_id = ? and {unchanged}", row))  # noqa: S608

    def recorded(self, job_run_id: int) -> int:
        """How many endings of the run the tables of records have: its own, and those of its repairs."""
        found = self._db.rows("select repairs from recorded where job_run_id = ?", (job_run_id,))
        return next((int(row["repairs"]) + 1 for row in found), 0)

    def history(self, job_run_id: int) -> History:
        """What the run has left behind so far."""
        number = (job_run_id,)
        tasks = self._db.rows("select * from tasks where job_run_id = ?", number)
        attempts = self._db.rows(
            "select * from attempts where job_run_id = ? order by length(task_run_id), task_run_id", number
        )
        values: dict[str, dict[str, Any]] = {}
        for row in self._db.rows("select * from task_values where job_run_id = ?", number):
            values.setdefault(row["task_key"], {})[row["name"]] = json.loads(row["value"])
        return History(
            outcomes=dict(map(self._outcome_of, tasks)), attempts=tuple(map(self._attempt_of, attempts)), values=values
        )

    # --- what happens in a run: noted, then committed

    def note_outcome(self, job_run_id: int, outcome: TaskOutcome, iteration: int | None = None) -> None:
        """A task, or one iteration of it, is decided."""
        text = outcome_to_json(replace(outcome, log=self._from_here(outcome.log)))
        row = (job_run_id, outcome.task_key, -1 if iteration is None else iteration, text)
        self._noted.append(("insert or replace into tasks values (?, ?, ?, ?)", row))

    def note_inputs(self, job_run_id: int, task_key: str, count: int) -> None:
        """A loop has so many inputs: what an earlier try with more of them left is no part of it any more."""
        row = (job_run_id, task_key, count)
        self._noted.append(("delete from tasks where job_run_id = ? and task_key = ? and iteration >= ?", row))

    def note_attempt(self, attempt: StoredAttempt) -> None:
        """An attempt is about to start, or has ended."""
        values = asdict(attempt) | {
            "iteration": -1 if attempt.iteration is None else attempt.iteration,
            "directory": self._from_here(attempt.directory),
        }
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        self._noted.append((f"insert or replace into attempts ({columns}) values ({marks})", tuple(values.values())))  # noqa: S608

    def note_values(self, job_run_id: int, task_key: str, values: Mapping[str, Any]) -> None:
        """A task has set values: those and no others, whatever an earlier attempt of it set."""
        self._noted.append(("delete from task_values where job_run_id = ? and task_key = ?", (job_run_id, task_key)))
        for name, value in values.items():
            row = (job_run_id, task_key, name, json.dumps(value))
            self._noted.append(("insert or replace into task_values values (?, ?, ?, ?)", row))

    def note_end(self, job_run_id: int, result: JobResult, ended_at: str, duration_s: float) -> None:
        """A run is done."""
        change = "state = 'TERMINATED', result = ?, ended_at = ?, duration_s = ?"
        row = (result, ended_at, duration_s, job_run_id)
        self._noted.append((f"update job_runs set {change} where job_run_id = ?", row))  # noqa: S608

    def commit(self) -> None:
        """Put on disk what was noted; nothing happens when nothing was."""
        if self._noted:
            with self._db.transaction():
                for statement, row in self._noted:
                    self._db.execute(statement, row)
            self._noted.clear()

    def close(self) -> None:
        """Commit, and let go of the file."""
        try:
            self.commit()
        finally:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- rows

    def _stored(self, job_run_id: int) -> StoredRun:
        return self._select("job_run_id = ?", (job_run_id,))[0]

    def _select(self, where: str, values: tuple[Any, ...], more: str = "order by job_run_id") -> list[StoredRun]:
        query = f"select * from job_runs where {where} {more}"  # noqa: S608
        return [run_schema.run_of(row) for row in self._db.rows(query, values)]

    def _outcome_of(self, row: dict[str, Any]) -> tuple[Key, TaskOutcome]:
        outcome = outcome_from_json(row["outcome"])
        key = row["task_key"], None if row["iteration"] == -1 else row["iteration"]
        return key, replace(outcome, log=self._absolute(outcome.log))

    def _attempt_of(self, row: dict[str, Any]) -> StoredAttempt:
        attempt = run_schema.attempt_of(row)
        return replace(attempt, directory=self._absolute(attempt.directory))

    def _from_here(self, path: str) -> str:
        inside = path and Path(path).is_relative_to(self._directory)
        return str(Path(path).relative_to(self._directory)) if inside else path

    def _absolute(self, path: str) -> str:
        return str(self._directory / path) if path else ""
