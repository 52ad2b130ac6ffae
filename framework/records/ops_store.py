"""The tables of records in a local warehouse, written and read by delta-rs: no JVM, and nothing twice."""

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.core.ops_tables import JOB_RUNS, OPS_TABLES, TASK_RUNS, OpsTable, ops_schema
from framework.records.ops_arrow import arrow_table

if TYPE_CHECKING:
    from deltalake import DeltaTable

MOST_FILES = 50
"""Files of a table; with more of them they are made into few."""
_KEPT_HOURS = 1
"""For how long a file that is no part of a table any more stays: for whoever still reads it."""
_PROPERTIES = {
    "delta.appendOnly": "true",
    "delta.logRetentionDuration": "interval 7 days",
    "delta.deletedFileRetentionDuration": f"interval {_KEPT_HOURS} hours",
    "delta.setTransactionRetentionDuration": "interval 90 days",
}
_FOUND = {TASK_RUNS.name: ("task_key", "iteration", "task_run_id", "attempt", "result"), JOB_RUNS.name: ("repair",)}
"""What tells rows of one run apart."""


@dataclass(frozen=True, kw_only=True)
class RunRows:
    """What there is to append about a run that ended, or about its latest repair. ``repairs`` counts these."""

    job_run_id: int
    project: str
    repairs: int
    task_runs: list[dict[str, Any]] = field(default_factory=list)
    job_runs: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class OpsStore:
    """The tables below ``warehouse``, where Spark finds them as ``spark_catalog.ops_<project>.<table>``."""

    warehouse: Path

    def path(self, project: str, table: OpsTable) -> Path:
        """The directory of a table, whether or not there is one."""
        return self.warehouse / f"{ops_schema(project)}.db" / table.name

    def is_there(self, project: str) -> bool:
        """Whether the project has its tables."""
        return all((self.path(project, table) / "_delta_log").is_dir() for table in OPS_TABLES)

    def append(self, runs: Sequence[RunRows]) -> None:
        """Append the rows of ``runs``: one commit for each table. What was appended before is not again."""
        with self._alone():
            for project in dict.fromkeys(run.project for run in runs):
                for table in OPS_TABLES:
                    self._append(project, table, [run for run in runs if run.project == project])

    def _append(self, project: str, table: OpsTable, runs: Sequence[RunRows]) -> None:
        from deltalake import CommitProperties, Transaction, write_deltalake

        there = self._open(project, table)
        new = [run for run in runs if _appended(there, run) <= run.repairs]
        rows = [row for run in new for row in _not_there(there, table, run)]
        if not new:
            return
        said = {"job_run_ids": [str(run.job_run_id) for run in new[:20]], "rows": len(rows)}
        properties = CommitProperties(
            custom_metadata={"userMetadata": json.dumps(said)},
            app_transactions=[Transaction(_transaction(run), run.repairs + 1) for run in new],
        )
        path = self.path(project, table)
        path.mkdir(parents=True, exist_ok=True)
        content = arrow_table(table, rows)
        configuration = None if there else _PROPERTIES
        write_deltalake(
            there or str(path),
            content,
            mode="append",
            # A release may add columns.
            schema_mode="merge",
            configuration=configuration,
            commit_properties=properties,
        )
        if there:
            _keep_small(there)

    def _open(self, project: str, table: OpsTable) -> "DeltaTable | None":
        from deltalake import DeltaTable

        path = self.path(project, table)
        # Spark may have made an empty directory for its schema.
        return DeltaTable(str(path)) if DeltaTable.is_deltatable(str(path)) else None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Several runs end at a time; what is asked and what is appended then fit together."""
        self.warehouse.mkdir(parents=True, exist_ok=True)
        with (self.warehouse.parent / "ops.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def preload() -> None:
    """Import what an append needs; it takes as long as some dozen appends. That it is missing, the append says."""
    with suppress(ImportError):
        import deltalake  # noqa: F401
        import pandas  # noqa: F401 - Arrow looks whether it is given its values
        import pyarrow  # noqa: F401


def _appended(there: "DeltaTable | None", run: RunRows) -> int:
    """How many of the run's endings the table has: of itself, and of each repair."""
    return (there.transaction_version(_transaction(run)) or 0) if there else 0


def _transaction(run: RunRows) -> str:
    return f"job_run/{run.job_run_id}"


def _not_there(there: "DeltaTable | None", table: OpsTable, run: RunRows) -> list[dict[str, Any]]:
    """The rows that an earlier ending of the run did not leave: a repair lets much of a run stay as it is."""
    rows = run.task_runs if table is TASK_RUNS else run.job_runs
    if there is None or not run.repairs:
        return rows
    from deltalake import QueryBuilder

    names = _FOUND[table.name]
    query = f"select {', '.join(names)} from t where job_run_id = '{run.job_run_id}'"  # noqa: S608
    found = QueryBuilder().register("t", there).execute(query).read_all()
    columns = [found.column(name).to_pylist() for name in names]
    known = set(zip(*columns, strict=True))
    return [row for row in rows if tuple(row[name] for name in names) not in known]


def _keep_small(table: "DeltaTable") -> None:
    """Make few files of many. The rows are there: what fails here is for the next append to do."""
    from deltalake.exceptions import DeltaError

    with suppress(DeltaError, OSError):
        if len(table.file_uris()) > MOST_FILES:
            table.optimize.compact()
            table.vacuum(retention_hours=_KEPT_HOURS, dry_run=False, enforce_retention_duration=False)
            table.cleanup_metadata()
