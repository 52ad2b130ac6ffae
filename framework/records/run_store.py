"""The run store: what every run on this machine did, written as it happens, in one sqlite file.

What is ``noted`` is on disk after the next ``commit``; every other method is a transaction of its own. Several
processes may use one store at a time.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, Self

from framework.core.errors import FrameworkError, UsageError
from framework.core.job_run import JobResult, TaskOutcome
from framework.records import run_schema
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


class RunStore:
    """An open store; close it, or use it in a ``with`` block."""

    def __init__(self, file: Path) -> None:
        """Open or create it. Raises FrameworkError when the file is none of ours."""
        self._noted: list[tuple[str, tuple[Any, ...]]] = []
        try:
            self._db = run_schema.open_database(file)
        except sqlite3.Error as error:
            raise FrameworkError(
                f"the run store {file} cannot be opened: {error}",
                "Move the file away to begin a new one; the runs in it are then not known any more.",
            ) from error

    # --- runs

    def begin(self, run: NewRun, own: Callable[[int], object] = lambda job_run_id: None) -> StoredRun:
        """Take in a run, QUEUED. With an idempotency token that was used before, the run that has it.

        ``own`` makes the run this process's before anybody else can see it.
        """
        with self._transaction():
            if run.idempotency_token and (first := self._with_token(run.job, run.idempotency_token)):
                return first
            (latest,) = self._db.execute("select coalesce(max(job_run_id), 0) from job_runs").fetchone()
            job_run_id = max(latest + 1, int(time.time() * 1000))
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
        """Let a queued run begin when fewer than ``limit`` runs of its job are before it.

        ``is_alive`` says of a run that is nobody's child whether its process lives; one that died holds nobody up.
        """
        with self._transaction():
            mine = self._stored(job_run_id)
            before = 0
            others = "job = ? and state in ('QUEUED', 'RUNNING') and job_run_id <> ?"
            for other in self._select(others, (mine.job, job_run_id)):
                if not is_alive(other.owner_run_id or other.job_run_id):
                    self._set_state(other.job_run_id, "INTERRUPTED")
                elif other.state == "RUNNING" or other.job_run_id < job_run_id:
                    before += 1
            if before >= limit:
                return "QUEUED"
            self._set_state(job_run_id, "RUNNING")
            return "RUNNING"

    def interrupted(self, job_run_id: int) -> None:
        """Its process has died."""
        with self._transaction():
            self._set_state(job_run_id, "INTERRUPTED")

    def reopen(self, job_run_id: int, parameters: Mapping[str, str]) -> None:
        """Let an interrupted run go on."""
        with self._transaction():
            self._db.execute(
                "update job_runs set state = 'QUEUED', parameters = ? where job_run_id = ?",
                (json.dumps(dict(parameters)), job_run_id),
            )

    def begin_repair(
        self, run: StoredRun, keys: Iterable[Key], parameters: Mapping[str, str], latest_repair_id: int | None
    ) -> StoredRun:
        """Forget the outcomes of ``keys`` and let the run go on as its next repair.

        Raises UsageError unless the run is done and ``latest_repair_id`` is that of its latest repair.
        """
        with self._transaction():
            current = self._stored(run.job_run_id)
            if current.state != "TERMINATED":
                raise UsageError(f"run {run.job_run_id} is not done, and only a run that is done can be repaired")
            if current.repair_id != latest_repair_id:
                raise UsageError(f"run {run.job_run_id} was repaired meanwhile", "Look at it, then repair it again.")
            for task_key, iteration in keys:
                where = (run.job_run_id, task_key, -1 if iteration is None else iteration)
                self._db.execute("delete from tasks where job_run_id = ? and task_key = ? and iteration = ?", where)
                self._db.execute("delete from task_values where job_run_id = ? and task_key = ?", where[:2])
            repair_id = max((current.repair_id or 0) + 1, int(time.time() * 1000))
            self._db.execute(
                "update job_runs set state = 'QUEUED', result = null, repairs = repairs + 1, repair_id = ?, "
                "parameters = ? where job_run_id = ?",
                (repair_id, json.dumps(dict(parameters)), run.job_run_id),
            )
            return self._stored(run.job_run_id)

    def run(self, job_run_id: int) -> StoredRun:
        """That run. Raises UsageError when there is none."""
        found = self._select("job_run_id = ?", (job_run_id,))
        if not found:
            raise UsageError(f"there is no run {job_run_id}", "framework runs lists them.")
        return found[0]

    def latest(self, count: int, job: str | None = None) -> list[StoredRun]:
        """The last runs that no other run started, newest first; those of ``job`` only when given."""
        where = "parent_run_id is null" + (" and job = ?" if job else "")
        return self._select(where, (job,) if job else (), f"order by job_run_id desc limit {int(count)}")

    def children(self, job_run_id: int) -> list[StoredRun]:
        """The runs that its tasks started."""
        return self._select("parent_run_id = ?", (job_run_id,))

    def history(self, job_run_id: int) -> History:
        """What the run has left behind so far."""
        tasks = self._db.execute("select task_key, iteration, outcome from tasks where job_run_id = ?", (job_run_id,))
        values: dict[str, dict[str, Any]] = {}
        query = "select task_key, name, value from task_values where job_run_id = ?"
        for task_key, name, value in self._db.execute(query, (job_run_id,)):
            values.setdefault(task_key, {})[name] = json.loads(value)
        return History(
            outcomes={(key, None if i == -1 else i): outcome_from_json(text) for key, i, text in tasks},
            attempts=tuple(self._attempts(job_run_id)),
            values=values,
        )

    # --- what happens in a run: noted, then committed

    def note_outcome(self, job_run_id: int, outcome: TaskOutcome, iteration: int | None = None) -> None:
        """A task, or one iteration of it, is decided."""
        row = (job_run_id, outcome.task_key, -1 if iteration is None else iteration, outcome_to_json(outcome))
        self._noted.append(("insert or replace into tasks values (?, ?, ?, ?)", row))

    def note_attempt(self, attempt: StoredAttempt) -> None:
        """An attempt is about to start, or has ended."""
        values = asdict(attempt) | {"iteration": -1 if attempt.iteration is None else attempt.iteration}
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        self._noted.append((f"insert or replace into attempts ({columns}) values ({marks})", tuple(values.values())))  # noqa: S608

    def note_values(self, job_run_id: int, task_key: str, values: Mapping[str, Any]) -> None:
        """A task has set values."""
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
            with self._transaction():
                for statement, row in self._noted:
                    self._db.execute(statement, row)
            self._noted.clear()

    def close(self) -> None:
        """Commit, and let go of the file."""
        self.commit()
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- rows

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def _set_state(self, job_run_id: int, state: str) -> None:
        self._db.execute("update job_runs set state = ? where job_run_id = ?", (state, job_run_id))

    def _with_token(self, job: str, token: str) -> StoredRun | None:
        found = self._select("job = ? and idempotency_token = ?", (job, token))
        return found[0] if found else None

    def _stored(self, job_run_id: int) -> StoredRun:
        return self._select("job_run_id = ?", (job_run_id,))[0]

    def _select(self, where: str, values: tuple[Any, ...], more: str = "order by job_run_id") -> list[StoredRun]:
        cursor = self._db.execute(f"select * from job_runs where {where} {more}", values)  # noqa: S608
        names = [column[0] for column in cursor.description]
        return [run_schema.run_of(dict(zip(names, row, strict=True))) for row in cursor]

    def _attempts(self, job_run_id: int) -> Iterator[StoredAttempt]:
        cursor = self._db.execute(
            "select * from attempts where job_run_id = ? order by length(task_run_id), task_run_id", (job_run_id,)
        )
        names = [column[0] for column in cursor.description]
        for row in cursor:
            values = dict(zip(names, row, strict=True))
            yield StoredAttempt(**values | {"iteration": None if values["iteration"] == -1 else values["iteration"]})
