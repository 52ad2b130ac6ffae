"""What rows are wanted: the same condition for a SQL engine, and for rows that are in memory."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from framework.core.errors import UsageError

Row = Mapping[str, Any]

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
"""Longer ones first: so they are found in a text."""
SQL_TYPES: Mapping[str, str] = {
    "string": "STRING",
    "long": "BIGINT",
    "integer": "INT",
    "short": "SMALLINT",
    "byte": "TINYINT",
    "double": "DOUBLE",
    "float": "FLOAT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp_ntz": "TIMESTAMP",
}
"""The types of columns that rows can be found by: in Delta's words, in SQL."""
_NO_TEXT = re.compile(r"[\\\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Condition:
    """``sql`` is understood by DataFusion and by Databricks; ``holds`` says the same of one row."""

    sql: str
    holds: Callable[[Row], bool]


def text(value: str) -> str:
    """``value`` as a literal. Raises UsageError for what the engines read differently."""
    if _NO_TEXT.search(value):
        raise UsageError(f"{value!r} cannot be searched for", "No backslashes and no control characters.")
    # Engines differ in how a quote is written inside of quotes.
    parts = [f"'{part}'" for part in value.split("'")]
    return parts[0] if len(parts) == 1 else f"concat({', chr(39), '.join(parts)})"


def one_of(column: str, values: Iterable[str]) -> Condition:
    """The column has one of these values; of none of them, nothing is found."""
    wanted = sorted(set(values))
    listed = ", ".join(map(text, wanted)) or "''"
    return Condition(f"{column} in ({listed})", lambda row: row[column] in wanted)


def equals(column: str, value: str) -> Condition:
    """The column has this value."""
    return one_of(column, (value,))


def begins(column: str, value: str) -> Condition:
    """The column's text begins so; ``value`` has letters and digits only."""
    return Condition(f"{column} like {text(f'{value}%')}", lambda row: str(row[column] or "").startswith(value))


def contains(column: str, values: Iterable[str]) -> Condition:
    """The column, a list, has one of these."""
    wanted = sorted(set(values))
    each = " or ".join(f"array_contains({column}, {text(value)})" for value in wanted)
    return Condition(f"({each or 'false'})", lambda row: any(value in (row[column] or ()) for value in wanted))


def entry(column: str, key: str, value: str) -> Condition:
    """The column, a mapping, has this value for ``key``."""
    return Condition(f"{column}[{text(key)}] = {text(value)}", lambda row: (row[column] or {}).get(key) == value)


def number(column: str, key: str, comparison: str, value: float) -> Condition:
    """The column, a mapping to numbers, compares so with ``value`` for ``key``. NaN compares with nothing."""
    compare = COMPARISONS[comparison]

    def holds(row: Row) -> bool:
        found = (row[column] or {}).get(key)
        return found is not None and found == found and compare(found, value)  # noqa: PLR0124 - NaN is not itself

    # To SQL engines NaN is the largest number.
    found = f"{column}[{text(key)}]"
    return Condition(f"({found} {comparison} {value!r} and not isnan({found}))", holds)


def since(moment: datetime) -> Condition:
    """Begun at ``moment`` or later."""
    return Condition(f"started_at >= {_moment(moment)}", lambda row: _began(row) and row["started_at"] >= moment)


def until(moment: datetime) -> Condition:
    """Begun before ``moment``."""
    return Condition(f"started_at < {_moment(moment)}", lambda row: _began(row) and row["started_at"] < moment)


def _began(row: Row) -> bool:
    return row["started_at"] is not None


def _moment(moment: datetime) -> str:
    return f"timestamp '{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}'"
