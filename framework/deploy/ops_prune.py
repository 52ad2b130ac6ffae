"""Takes away the rows of run records that are older than the policy wants them kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from framework.core.errors import DatabricksError
from framework.core.ops_tables import JOB_RUNS, OPS_TABLES, TASK_RUNS, OpsTable
from framework.deploy.ops_install import Ops
from framework.deploy.ops_statements import APPEND_ONLY, append_only_statement, name
from framework.deploy.sql_warehouse import SqlWarehouse


@dataclass(frozen=True)
class Prune:
    """Of one project in a target: the rows of runs that ended, for the last time, ``before`` (with a time zone)."""

    ops: Ops
    warehouse: SqlWarehouse
    project: str
    before: datetime

    def old(self) -> dict[str, int]:
        """How many rows of each table there are to take away. Raises DatabricksError."""
        if len(self.ops.columns(self._schema)) < len(OPS_TABLES):
            return {table.name: 0 for table in OPS_TABLES}
        return {table.name: self._count(table) for table in OPS_TABLES}

    def close(self) -> None:
        """Make append only again what somebody left open who was killed in ``take_away``. Raises DatabricksError."""
        for table, found in self.ops.tables(self._schema).items():
            if (found.properties or {}).get(APPEND_ONLY) != "true":
                self._make_append_only(f"{self._schema}.{table}")

    def take_away(self, old: Mapping[str, int]) -> dict[str, int]:
        """How many rows of each table went; ``old`` says which have some. Raises DatabricksError: do it again then."""
        # In this order: the end of a run is in both, and what is left of it has to say that it is old.
        return {each.name: self._delete(each) if old[each.name] else 0 for each in (TASK_RUNS, JOB_RUNS)}

    def _count(self, table: OpsTable) -> int:
        full = f"{self._schema}.{table.name}"
        question = f"SELECT count(*) AS n FROM {name(full)} WHERE {self._is_old}"  # noqa: S608 - names are quoted
        (row,) = self.warehouse.rows(question, f"count old rows of {full}", needs=f"SELECT on {full}")
        return int(row["n"])

    def _delete(self, table: OpsTable) -> int:
        full = f"{self._schema}.{table.name}"
        what, needs = f"take rows away from {full}", f"SELECT and MODIFY on {full}"
        self.warehouse.rows(append_only_statement(full, on=False), what, needs=needs)
        try:
            statement = f"DELETE FROM {name(full)} WHERE {self._is_old}"  # noqa: S608 - names are quoted
            (done,) = self.warehouse.rows(statement, what, needs=needs)
        finally:
            self._make_append_only(full)
        return int(done["num_affected_rows"])

    def _make_append_only(self, full: str) -> None:
        try:
            self.warehouse.rows(append_only_statement(full, on=True), f"make {full} append only again")
        except DatabricksError as error:
            hint = f"Its rows can be changed until then: framework ops install -e {self.ops.target.name}"
            raise DatabricksError(error.message, f"{hint} --project {self.project}") from error

    @property
    def _is_old(self) -> str:
        """By the end of the last repair. What never ran has no time, and a run that nobody synced no ``job_runs``.

        Without a query inside of the query: a DELETE takes none.
        """
        jobs, tasks = (name(f"{self._schema}.{table.name}") for table in (JOB_RUNS, TASK_RUNS))
        run = "coalesce(j.job_run_id, t.job_run_id)"
        ended = "greatest(max(j.ended_at), max(t.ended_at))"
        return (
            f"job_run_id IN (SELECT {run} FROM {jobs} AS j FULL JOIN {tasks} AS t ON j.job_run_id = t.job_run_id "  # noqa: S608
            f"GROUP BY {run} HAVING {ended} < TIMESTAMP '{self.before.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}')"
        )

    @property
    def _schema(self) -> str:
        return self.ops.schema(self.project)
