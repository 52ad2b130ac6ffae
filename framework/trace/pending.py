"""Rows of runs that are under way, were interrupted, or have no rows yet for another reason."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from framework.core.ops_tables import OpsTable
from framework.trace.conditions import Condition, Row
from framework.trace.ops import Ops, newest_first

Rows = Mapping[str, Sequence[Row]]
"""By the name of the table that they will be in."""


class WithPending:
    """``ops``, and the rows that ``find`` brings: asked once, so that a command sees one state of things."""

    def __init__(self, ops: Ops, find: Callable[[], Rows]) -> None:
        self._ops, self._find = ops, find

    def select(
        self, table: OpsTable, where: Sequence[Condition], *, columns: Sequence[str] = (), limit: int | None = None
    ) -> list[Row]:
        """See Ops."""
        pending = [row for row in self._pending.get(table.name, ()) if all(each.holds(row) for each in where)]
        if not pending:
            return self._ops.select(table, where, columns=columns, limit=limit)
        # Of a repair that goes on, some may be there already.
        wanted = {*columns, *table.key} if columns else ()
        rows = self._ops.select(table, where, columns=tuple(wanted), limit=limit)
        there = {_key(table, row) for row in rows}
        return newest_first([*rows, *(row for row in pending if _key(table, row) not in there)], limit)

    @cached_property
    def _pending(self) -> Rows:
        return self._find()


def _key(table: OpsTable, row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in table.key)
