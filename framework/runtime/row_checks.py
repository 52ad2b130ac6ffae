"""Checks that run inside a write: a row that breaks one aborts the whole Delta transaction.

A check costs no pass of its own and cannot be overtaken by other writers, as one before the write could.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from framework.core.errors import DataError
from framework.runtime import spark_errors
from framework.runtime.predicates import quoted

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_KEY = "framework.primary_key:"
_SLICE = "framework.outside_slice:"
_COPIES = "__framework_copies"


def with_unique_key(frame: "DataFrame", key: Sequence[str], table: str) -> "DataFrame":
    """``frame``, whose evaluation fails when ``key`` is null or repeats. Raises DataError on a missing column."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    if missing := [column for column in key if column not in frame.columns]:
        raise DataError(f"{table}: primary key column '{missing[0]}' is missing; columns: {', '.join(frame.columns)}")
    columns = [F.col(quoted(column)) for column in key]
    counted = frame.withColumn(_COPIES, F.count(F.lit(1)).over(Window.partitionBy(*columns)))
    holds = F.col(_COPIES) == 1
    for column in columns:
        holds = holds & column.isNotNull()
    found = F.struct(F.col(_COPIES).alias("copies"), F.struct(*columns).alias("key"))
    return _asserted(counted, holds, _KEY, found).drop(_COPIES)


def within_slice(frame: "DataFrame", columns: Sequence[str], predicate: str, table: str) -> "DataFrame":
    """``frame``, whose evaluation fails at a row outside ``predicate``. Delta lets such rows pass in a first write."""
    from pyspark.sql import functions as F

    if missing := [column for column in columns if column not in frame.columns]:
        raise DataError(
            f"{table}: replace_where names column '{missing[0]}', which the rows do not have; "
            f"columns: {', '.join(frame.columns)}"
        )
    found = F.struct(*[F.col(quoted(column)) for column in columns])
    return _asserted(frame, F.coalesce(F.expr(predicate), F.lit(False)), _SLICE, found)


def explain(error: BaseException, table: str, key: Sequence[str], predicate: str) -> DataError | None:
    """The failed check behind ``error``, when there is one."""
    if (found := spark_errors.marked(error, _KEY)) is not None:
        return _key_error(table, key, found)
    if (found := spark_errors.marked(error, _SLICE)) is not None:
        return DataError(
            f"{table}: rows lie outside of the slice that this run replaces, such as {_shown(found)}",
            f"the slice is {predicate}: filter the rows, or change replace_where of the task",
        )
    return None


def _asserted(frame: "DataFrame", condition: "Column", marker: str, found: "Column") -> "DataFrame":
    from pyspark.sql import functions as F

    message = F.concat(F.lit(marker), F.to_json(found, {"ignoreNullFields": "false"}))
    return frame.filter(F.assert_true(condition, message).isNull())


def _key_error(table: str, key: Sequence[str], found: dict[str, Any]) -> DataError:
    name = f"{table}: primary key ({', '.join(key)})"
    values = _shown(found["key"])
    if None in found["key"].values():
        return DataError(f"{name} is null: a row has {values}", "drop or fill such rows before they are returned")
    return DataError(f"{name} is not unique: {found['copies']} rows have {values}", "aggregate, or add a column to it")


def _shown(values: dict[str, Any]) -> str:
    return "(" + ", ".join(f"{name} = {value}" for name, value in values.items()) + ")"
