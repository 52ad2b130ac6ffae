"""Rows of runs in the warehouse of this machine, read by delta-rs: no JVM."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from framework.core.errors import FrameworkError
from framework.core.ops_tables import OpsTable, ops_schema
from framework.trace.conditions import Condition, Row, one_of, since, until
from framework.trace.delta_rows import fetched
from framework.trace.ops import columns_of, newest_first, statement, with_maps

if TYPE_CHECKING:
    from deltalake import DeltaTable, QueryBuilder


_NAME = "rows_of_runs"
_BROKEN = "Bring it back from a backup. Moved away, it is made anew: framework runs sync"
_INSTANT = timedelta(microseconds=1)


class DeltaOps:
    """The records of every project in ``warehouse``, or of ``project`` alone."""

    def __init__(self, warehouse: Path, project: str = "") -> None:
        self._warehouse = warehouse
        self._schemas = f"{ops_schema(project) if project else 'ops_*'}.db"

    def select(
        self, table: OpsTable, where: Sequence[Condition], *, columns: Sequence[str] = (), limit: int | None = None
    ) -> list[Row]:
        """See Ops."""
        # Each by itself: those of different versions may differ in their columns.
        found = (self._rows(path, table, where, columns, limit) for path in self._paths(table))
        return newest_first((row for rows in found for row in rows), limit)

    def _paths(self, table: OpsTable) -> list[Path]:
        return sorted(path.parent for path in self._warehouse.glob(f"{self._schemas}/{table.name}/_delta_log"))

    def _rows(
        self, path: Path, table: OpsTable, where: Sequence[Condition], columns: Sequence[str], limit: int | None
    ) -> list[Row]:
        from deltalake import QueryBuilder
        from deltalake.exceptions import DeltaError

        opened = _opened(path)
        there = {field.name for field in opened.schema().fields}
        names = columns_of(table, columns)
        engine = QueryBuilder().register(_NAME, opened)
        try:
            if limit is not None and not columns:
                where = [*where, *_only_found(engine, where, limit)]
            rows = fetched(engine, statement(_NAME, [name for name in names if name in there], where, limit))
        except (DeltaError, OSError) as error:
            raise FrameworkError(f"{path} cannot be read: {_short(error)}", _BROKEN) from None
        return [with_maps(table, {**dict.fromkeys(names), **row}) for row in rows]


def _only_found(engine: "QueryBuilder", where: Sequence[Condition], limit: int) -> list[Condition]:
    """Which runs have the rows, and when these began: whole rows are read of the files and pages with those alone."""
    found = fetched(engine, statement(_NAME, ["job_run_id", "started_at"], where, limit))
    runs = one_of("job_run_id", (row["job_run_id"] for row in found))
    times = [row["started_at"] for row in found]
    return [runs] if None in times or not times else [runs, since(times[-1]), until(times[0] + _INSTANT)]


@cache
def _opened(path: Path) -> "DeltaTable":
    """Once for a command: nothing that it asks for is to change under its feet."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        return DeltaTable(path)
    except (DeltaError, OSError) as error:
        raise FrameworkError(f"{path} cannot be read: {_short(error)}", _BROKEN) from None


def _short(error: Exception) -> str:
    return str(error).splitlines()[0]
