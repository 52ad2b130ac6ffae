"""Brings what runs on Databricks could not write themselves into the tables of run records, from the Jobs API."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from framework.core.errors import FrameworkError
from framework.core.ops_tables import JOB_RUNS, OPS_TABLES, TASK_RUNS, OpsTable
from framework.deploy import history
from framework.deploy.deployed_jobs import DeployedJob, deployed_jobs
from framework.deploy.ops_install import Ops
from framework.deploy.ops_origins import Origins
from framework.deploy.ops_rows import Row, Telling
from framework.deploy.ops_statements import merge_statement, name
from framework.deploy.run_states import is_ended
from framework.deploy.sql_warehouse import SqlWarehouse
from framework.deploy.store import ReleaseStore
from framework.deploy.workbench import home_of
from framework.deploy.workspace import asking

if TYPE_CHECKING:
    from databricks.sdk.service.jobs import BaseRun

_SAME = {
    JOB_RUNS.name: "there.job_run_id = new.job_run_id AND there.repair = new.repair",
    # What never ran has no id of its own.
    TASK_RUNS.name: (
        "there.job_run_id = new.job_run_id AND there.task_key = new.task_key AND there.task_run_id = new.task_run_id "
        "AND (new.task_run_id <> '' OR (coalesce(there.iteration, -1) = coalesce(new.iteration, -1) "
        "AND there.repair = new.repair AND there.result = new.result))"
    ),
}
_LONGEST_RUN = timedelta(days=7)
"""How long before the newest run that is recorded another one may have begun that had not ended then."""
_AT_A_TIME = 25
_AT_ONCE = 8
_ROWS = 500
"""Of a statement, which may have 16 MiB."""

T = TypeVar("T")


@dataclass(frozen=True)
class Synced:
    """How many runs were looked at, and the rows that they lacked."""

    runs: int = 0
    task_runs: int = 0


@dataclass(frozen=True)
class Sync:
    """Of one project in a target."""

    ops: Ops
    warehouse: SqlWarehouse
    project: str

    def bring(self, since: datetime | None = None) -> Synced:
        """Bring the rows of runs begun after ``since``; left out, of those that may have ended since the last time.

        What is there already stays; so it may be broken off, and done again. Raises FrameworkError.
        """
        schema, target = self.ops.schema(self.project), self.ops.target
        if len(self.ops.columns(schema)) < len(OPS_TABLES):
            hint = f"framework ops install -e {target.name} --project {self.project}"
            raise FrameworkError(f"{schema} has no tables of run records", hint)
        store = ReleaseStore(self.ops.client, target.deploy_root, self.project)
        root_path = f"{home_of(target, self.project, self.ops.client)}/bundle"
        past = history.at(store.deployments(place=root_path), root_path)
        origins = Origins(self.ops.client, store, past, self.ops.person)
        names = {key: job for deployment in past for key, job in deployment.jobs.items()}
        with asking("look for the jobs", "CAN_VIEW on them"):
            jobs = deployed_jobs(self.ops.client, root_path, names)
        runs = task_runs = 0
        # The oldest first: where this is broken off, the next time begins.
        ended = sorted(self._ended(jobs, since or self._begin()), key=lambda each: each[1].start_time or 0)
        for some in _in_parts(ended, _AT_A_TIME):
            runs, task_runs = runs + len(some), task_runs + self._record(some, origins)
        return Synced(runs, task_runs)

    def _ended(self, jobs: Iterable[DeployedJob], begin: datetime | None) -> "Iterator[tuple[DeployedJob, BaseRun]]":
        """The runs that ended and are not recorded as they are now."""
        known = self._known(begin)
        first = int(begin.timestamp() * 1000) if begin else None
        for job in jobs:
            with asking(f"list the runs of {job.name}", "CAN_VIEW on the job"):
                runs = list(
                    self.ops.client.jobs.list_runs(job_id=job.job_id, completed_only=True, start_time_from=first)
                )
            yield from ((job, run) for run in runs if (run.end_time or 0) > known.get(str(run.run_id), -1))

    def _record(self, runs: "Sequence[tuple[DeployedJob, BaseRun]]", origins: Origins) -> int:
        """How many rows of tasks those runs lacked."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            asked = pool.map(lambda each: self._telling(each[0], each[1], origins), runs)
            # One that is repaired since is told of when it has ended again.
            if not (telling := [each for each in asked if is_ended(each.run)]):
                return 0
            known = self._known_tasks([str(each.run.run_id) for each in telling])
            rows = list(pool.map(lambda each: _lacking(each, known), telling))
        brought = self._merge(TASK_RUNS, [row for those in rows for row in those])
        # These come last: they say that a run is done with.
        self._merge(JOB_RUNS, [row for each in telling for row in each.job_runs()])
        return brought

    def _telling(self, job: DeployedJob, run: "BaseRun", origins: Origins) -> Telling:
        with asking(f"look at run {run.run_id}", "CAN_VIEW on the job"):
            whole = self.ops.client.jobs.get_run(run.run_id or 0, include_history=True)
        origin = origins.of_run(whole)
        return Telling(
            warehouse=self.warehouse,
            project=self.project,
            target=self.ops.target.name,
            job=job,
            run=whole,
            origin=origin,
            plan=origins.plan(origin.release, job.key),
        )

    def _begin(self) -> datetime | None:
        (row,) = self._ask(f"SELECT max(started_at) AS newest FROM {self._table(JOB_RUNS)}")  # noqa: S608
        newest: datetime | None = row["newest"]
        return newest - _LONGEST_RUN if newest else None

    def _known(self, begin: datetime | None) -> dict[str, int]:
        """When the runs ended that are recorded, in milliseconds, by their ids."""
        where = f" WHERE started_at >= TIMESTAMP '{begin.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'" if begin else ""
        rows = self._ask(
            f"SELECT job_run_id, max(ended_at) AS ended FROM {self._table(JOB_RUNS)}{where} GROUP BY job_run_id"  # noqa: S608
        )
        return {row["job_run_id"]: round(row["ended"].timestamp() * 1000) for row in rows if row["ended"]}

    def _known_tasks(self, job_run_ids: Sequence[str]) -> frozenset[str]:
        ids = ", ".join(f"'{int(each)}'" for each in job_run_ids)
        rows = self._ask(f"SELECT task_run_id FROM {self._table(TASK_RUNS)} WHERE job_run_id IN ({ids})")  # noqa: S608
        return frozenset(row["task_run_id"] for row in rows)

    def _merge(self, table: OpsTable, rows: Sequence[Row]) -> int:
        schema, same = self.ops.schema(self.project), _SAME[table.name]
        what, needs = f"append to {self._table(table)}", f"SELECT and MODIFY on {self._table(table)}"
        brought = 0
        for some in _in_parts(rows, _ROWS):
            (done,) = self.warehouse.rows(merge_statement(schema, table, same, some), what, needs=needs)
            brought += done["num_affected_rows"]
        return brought

    def _ask(self, question: str) -> list[Row]:
        return self.warehouse.rows(question, f"read the records of {self.project}", needs="SELECT on them")

    def _table(self, table: OpsTable) -> str:
        return name(f"{self.ops.schema(self.project)}.{table.name}")


def _lacking(telling: Telling, known: frozenset[str]) -> list[Row]:
    """The rows of the attempts of a run that have none."""
    return [telling.task_run(*each) for each in telling.attempts() if str(each[0].run_id) not in known]


def _in_parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[begin : begin + size] for begin in range(0, len(items), size))
