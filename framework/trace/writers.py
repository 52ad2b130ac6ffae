"""Which commit wrote a row."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from framework.core.errors import FrameworkError, UsageError
from framework.trace.conditions import SQL_TYPES, Row, text
from framework.trace.tables import Commit, Tables


def writer_of(
    row: Row, table: str, version: int, types: Mapping[str, str], tables: Tables
) -> tuple[Commit | None, str]:
    """The latest commit that was a whole overwrite, or whose slice is the row's, or that brought the row.

    Of those that added to a table or changed it, the one that brought it is found by halving: the row is there from
    it on, and not before.
    """
    added: list[Commit] = []
    base: list[Commit] = []
    for commit in tables.commits(table, version):
        if not commit.is_data:
            continue
        if commit.is_whole or (commit.slice is not None and _lies_in(row, commit.slice)):
            base = [commit]
            break
        if commit.slice is None:
            added.append(commit)
    candidates = [*base, *reversed(added)]
    if not candidates:
        return None, "the history does not reach back to who wrote it"
    first = _first_with(row, candidates, table, types, tables)
    note = "" if base or first else "or an earlier commit: the history does not reach back to it"
    return candidates[first], note


def _first_with(row: Row, candidates: Sequence[Commit], table: str, types: Mapping[str, str], tables: Tables) -> int:
    """Which of the candidates, the oldest first, is the first with the row; the last one has it."""
    exact = [condition for name, value in row.items() if (condition := _is(name, value, types[name]))]
    low, high = 0, len(candidates) - 1
    while low < high:
        middle = (low + high) // 2
        try:
            there = bool(tables.rows(table, candidates[middle].version, exact, 1))
        except FrameworkError:  # vacuumed, or before a column was there
            there = False
        low, high = (low, middle) if there else (middle + 1, high)
    return low


def _is(column: str, value: Any, kind: str) -> str:
    """``column`` has exactly this value; nothing for what cannot be compared."""
    if value is None:
        return f"`{column}` is null"
    if kind not in SQL_TYPES or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    written = value.isoformat() if isinstance(value, date) else str(value)
    try:
        return f"`{column}` = cast({text(written)} as {SQL_TYPES[kind]})"
    except UsageError:
        return ""


def _lies_in(row: Row, values: Mapping[str, Any]) -> bool:
    return all(name in row and _same(row[name], value) for name, value in values.items())


def _same(value: Any, said: Any) -> bool:
    """Whether a column's value is the one that JSON tells of; a slice may be told as text."""
    if value is None or said is None:
        return value is said
    if isinstance(value, date):
        return str(said) in (value.isoformat(), str(value))
    if isinstance(value, bool):
        return str(said).lower() == str(value).lower()
    if isinstance(value, int | float | Decimal):
        try:
            return float(said) == float(value)
        except (TypeError, ValueError):
            return False
    return str(value) == str(said)
