"""Where rows of runs come from: one question for every store that has them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from framework.core.ops_tables import OpsTable
from framework.trace.conditions import Condition, Row

NEVER = datetime.min.replace(tzinfo=UTC)


class Ops(Protocol):
    """The rows of ``task_runs`` and ``job_runs``."""

    def select(
        self, table: OpsTable, where: Sequence[Condition], *, columns: Sequence[str] = (), limit: int | None = None
    ) -> list[Row]:
        """The rows for which every condition holds, newest first; ``columns`` of them, or all.

        Maps are dicts, moments are in UTC. Raises FrameworkError when the store cannot answer.
        """


def statement(source: str, columns: Iterable[str], where: Sequence[Condition], limit: int | None) -> str:
    """The question in SQL, for the table ``source``."""
    conditions = f" where {' and '.join(each.sql for each in where)}" if where else ""
    last = f" limit {int(limit)}" if limit is not None else ""
    return f"select {', '.join(columns)} from {source}{conditions} order by started_at desc nulls last{last}"  # noqa: S608 - text() quotes


def newest_first(rows: Iterable[Row], limit: int | None = None) -> list[Row]:
    """``rows`` by when they began, then by their number."""
    ordered = sorted(rows, key=lambda row: (row["started_at"] or NEVER, _number(row)), reverse=True)
    return ordered if limit is None else ordered[:limit]


def once(table: OpsTable, rows: Iterable[Row]) -> list[Row]:
    """``rows``, each of them once: one may have been appended twice."""
    return list({tuple(row[name] for name in table.told_apart_by): row for row in rows}.values())


def columns_of(table: OpsTable, wanted: Sequence[str]) -> list[str]:
    """The names of the wanted columns, with the ones to order by; of none, all there are."""
    names = [column.name for column in table.columns]
    return names if not wanted else [name for name in names if name in {*wanted, "started_at", "job_run_id"}]


def with_maps(table: OpsTable, row: dict[str, Any]) -> Row:
    """``row`` with its maps as dicts: Arrow has lists of pairs."""
    maps = [column.name for column in table.columns if column.type.startswith("MAP") and column.name in row]
    return {**row, **{name: dict(row[name] or ()) for name in maps}}


def _number(row: Row) -> tuple[int, str]:
    text = str(row.get("task_run_id") or row.get("job_run_id") or "")
    return len(text), text
