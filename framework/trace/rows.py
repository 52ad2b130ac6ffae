"""One row of a table, and the commit that wrote it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from framework.core.errors import UsageError
from framework.core.printable import printable
from framework.trace.conditions import SQL_TYPES, Row, text
from framework.trace.tables import Commit, Tables
from framework.trace.writers import writer_of

_SHOWN = 5
_ROUNDED = ("double", "float")
"""Types whose values are seldom shown with all of their digits."""


@dataclass(frozen=True, kw_only=True)
class WrittenRow:
    """A row, and who wrote it. ``commit`` is None when the history does not reach back so far; ``note`` says more."""

    table: str
    version: int
    values: Row
    commit: Commit | None
    note: str = ""


def written_row(table: str, version: int, given: Mapping[str, str], tables: Tables) -> WrittenRow:
    """The only row of ``table`` at ``version`` with the ``given`` values.

    Raises UsageError for none, for several (which says how they differ), and for a column that is not there.
    """
    types = tables.types(table, version)
    conditions = [_condition(name, value, types, table) for name, value in given.items()]
    found = tables.rows(table, version, conditions, _SHOWN + 1)
    if not found and any(types[name] in _ROUNDED for name in given):
        conditions = [_condition(name, value, types, table, rounded=True) for name, value in given.items()]
        found = tables.rows(table, version, conditions, _SHOWN + 1)
    written = ", ".join(f"{name}={value}" for name, value in given.items())
    if not found:
        raise UsageError(f"{table} v{version} has no row with {written}", "Another version: schema.table@VERSION.")
    if len(found) > 1:
        raise _several(found, given, f"{table} v{version}", written)
    commit, note = writer_of(found[0], table, version, types, tables)
    return WrittenRow(table=table, version=version, values=found[0], commit=commit, note=note)


def _condition(column: str, value: str, types: Mapping[str, str], table: str, *, rounded: bool = False) -> str:
    if column not in types:
        raise UsageError(f"{table} has no column '{column}'", f"It has {', '.join(types)}.")
    kind = types[column]
    _refuse_misfit(column, value, kind)
    name = f"`{column}`"
    if kind.startswith("decimal"):
        return f"{name} = cast({text(value)} as {kind})"
    if kind not in SQL_TYPES:
        raise UsageError(f"column '{column}' of {table} is {kind}: rows cannot be found by it")
    if rounded and kind in _ROUNDED and math.isfinite(float(value)):
        low, high = _around(value)
        return f"{name} between cast({text(low)} as DOUBLE) and cast({text(high)} as DOUBLE)"
    return f"{name} = cast({text(value)} as {SQL_TYPES[kind]})"


def _around(value: str) -> tuple[str, str]:
    """What is rounded to ``value``: half a unit of its last digit less, and more."""
    number = Decimal(value)
    half = Decimal((0, (5,), int(number.as_tuple().exponent) - 1))
    return str(number - half), str(number + half)


_READERS: Mapping[str, Callable[[str], object]] = {
    "long": int,
    "integer": int,
    "short": int,
    "byte": int,
    "double": float,
    "float": float,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "timestamp_ntz": datetime.fromisoformat,
    "boolean": {"true": True, "false": False}.__getitem__,
}

_EXAMPLES = {
    "date": "2026-01-31",
    "timestamp": "2026-01-31T04:00:00Z",
    "timestamp_ntz": "2026-01-31T04:00:00",
    "boolean": "true",
}


def _refuse_misfit(column: str, value: str, kind: str) -> None:
    try:
        _READERS.get(kind, str)(value)
    except (ValueError, KeyError):
        example = f"Such as --row {column}={_EXAMPLES[kind]}" if kind in _EXAMPLES else ""
        raise UsageError(f"'{value}' is no {kind}, which column '{column}' is", example) from None


def _several(found: Sequence[Row], given: Mapping[str, str], where: str, written: str) -> UsageError:
    differing = [name for name in found[0] if len({str(row[name]) for row in found}) > 1]
    shown = [", ".join(_told(name, row) for name in differing[:3]) for row in found[:_SHOWN]]
    count = f"more than {_SHOWN}" if len(found) > _SHOWN else str(len(found))
    differ = f"Name one: --row {_told(differing[0], found[0])}" if differing else "They are all the same."
    return UsageError(f"{count} rows of {where} have {written}: {'; '.join(filter(None, shown))}", differ)


def _told(column: str, row: Row) -> str:
    return printable(f"{column}={row[column]}")
