"""The slice of a table that a run replaces, as a SQL predicate with escaped literals."""

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any

from framework.core.errors import DataError


def slice_predicate(columns: Sequence[str], logical_date: datetime.date | None, params: Mapping[str, Any]) -> str:
    """``column = literal AND …`` for the values of the slice. Raises DataError when the run has no such value."""
    values = slice_values(columns, logical_date, params)
    return " AND ".join(f"{quoted(column)} <=> {literal(value)}" for column, value in values.items())


def slice_values(
    columns: Sequence[str], logical_date: datetime.date | None, params: Mapping[str, Any]
) -> dict[str, Any]:
    """What ``columns`` have in the slice: ``logical_date`` the run's date, any other the parameter of that name.

    Raises DataError when the run has no such value.
    """
    values = {"logical_date": logical_date, **params} if logical_date else params
    if missing := [column for column in columns if column not in values]:
        raise DataError(
            f"replace_where names '{missing[0]}', for which this run has no value",
            "give the pipeline a logical_date" if missing[0] == "logical_date" else f"add '{missing[0]}' to params",
        )
    return {column: values[column] for column in columns}


def quoted(name: str) -> str:
    """``name`` as a column name in SQL."""
    return "`" + name.replace("`", "``") + "`"


def literal(value: Any) -> str:
    """``value`` as a literal in SQL. Raises DataError on a list or mapping."""
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if isinstance(value, datetime.date):
        return f"DATE'{value.isoformat()}'"
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, float):
        return f"{value!r}D"
    raise DataError(f"replace_where cannot compare a column with {value!r}", "use a text, a number or a date")
