"""Tables that a task writes: whole or not at all, each commit pointing back to its attempt."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from framework.core.errors import DataError
from framework.core.task_run import TableVersion
from framework.runtime import column_comments, row_checks, schemas, spark_errors, tables, tags
from framework.runtime.predicates import slice_predicate, slice_values
from framework.runtime.task import Task

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Slice(Protocol):
    """Replace only the rows that have this run's values in these columns."""

    @property
    def replace_where(self) -> list[str]: ...


Mode = Literal["overwrite", "append"] | Slice


def write(
    frame: "DataFrame",
    table: str,
    mode: Mode,
    task: Task,
    *,
    key: Sequence[str] = (),
    comments: Mapping[str, str] = MappingProxyType({}),
) -> TableVersion:
    """Write ``frame``, with ``key`` unique and not null when given, and say which version that made.

    The table then has the task's tags, and ``comments`` on its columns.

    Raises DataError when the rows break the key, lie outside of the replaced slice or do not fit the table's columns.
    """
    predicate = _predicate(mode, task)
    checked = row_checks.with_unique_key(frame, key, table) if key else frame
    checked = column_comments.with_comments(checked, comments, table)
    if not isinstance(mode, str):
        checked = row_checks.within_slice(checked, mode.replace_where, predicate, table)
    try:
        _save_with_schema(checked, table, mode, predicate, task)
    except Exception as error:
        raise _explained(error, frame, table, task, key=key, predicate=predicate) or error from None
    spark = task.context.spark
    written = tables.written_version(spark, table, task.context.task_run_id, task.context.attempt)
    # An overwritten table has the columns of the rows; others keep their own, in their order.
    columns = (frame if mode == "overwrite" else spark.table(table)).dtypes
    written = replace(written, schema_hash=schemas.seen(columns))
    task.so_far.wrote(written)
    if mode != "overwrite":
        column_comments.put_on(table, comments, spark)
    tags.put_on(table, task)
    return written


def _predicate(mode: Mode, task: Task) -> str:
    if isinstance(mode, str):
        return ""
    return slice_predicate(mode.replace_where, task.context.logical_date, task.params)


def _save_with_schema(frame: "DataFrame", table: str, mode: Mode, predicate: str, task: Task) -> None:
    """Save, and make the schema if that is what is missing: to ask whether it is there would delay every write."""
    try:
        _save(frame, table, mode, predicate, task)
    except Exception as error:
        if not spark_errors.is_missing_schema(error, table.split(".")[-2]):
            raise
        _create_schema(table, task)
        _save(frame, table, mode, predicate, task)


def _save(frame: "DataFrame", table: str, mode: Mode, predicate: str, task: Task) -> None:
    writer = frame.write.format("delta").option("userMetadata", _metadata(mode, task))
    if not isinstance(mode, str):
        writer.mode("overwrite").option("replaceWhere", predicate).saveAsTable(table)
    elif mode == "overwrite":
        writer.mode("overwrite").option("overwriteSchema", "true").saveAsTable(table)
    else:
        # An attempt that is made once more after its process was lost has the same id: Delta then skips what it did.
        # Creating a table in that very write would lose userMetadata, so the table is there before.
        if not task.context.spark.catalog.tableExists(table):
            frame.limit(0).write.format("delta").mode("ignore").saveAsTable(table)
        once = {"txnAppId": f"{table}/{task.context.task_run_id}", "txnVersion": "1"}
        writer.options(**once).mode("append").saveAsTable(table)


def _metadata(mode: Mode, task: Task) -> str:
    # These two stand first and together: the commit is found by them.
    said: dict[str, Any] = {"task_run_id": task.context.task_run_id, "attempt": task.context.attempt}
    said |= {name: value for name, value in task.stamp().items() if name not in said}
    if not isinstance(mode, str):
        # Who asks for the writer of a row finds it by these values.
        said["slice"] = slice_values(mode.replace_where, task.context.logical_date, task.params)
    return json.dumps(said, default=str)


def _create_schema(table: str, task: Task) -> None:
    schema = table.rpartition(".")[0]
    try:
        task.context.spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    except Exception as error:
        raise DataError(
            f"schema {schema} does not exist and cannot be created: {spark_errors.summary(error)}",
            "deploy the bundle that declares it, or ask its owner for CREATE SCHEMA",
        ) from None


def _explained(
    error: Exception, frame: "DataFrame", table: str, task: Task, *, key: Sequence[str], predicate: str
) -> DataError | None:
    if not spark_errors.is_spark_error(error):
        return None
    if found := row_checks.explain(error, table, key, predicate):
        return found
    if "schema mismatch" in spark_errors.full_text(error).lower():
        return _mismatch(frame, table, task)
    return None


def _mismatch(frame: "DataFrame", table: str, task: Task) -> DataError:
    now, then = _columns(frame), _columns(task.context.spark.table(table))
    parts = [f"{name} is {now[name]}, not {then[name]}" for name in now if name in then and now[name] != then[name]]
    parts += [f"{name} is new" for name in now if name not in then]
    parts += [f"{name} is gone" for name in then if name not in now]
    return DataError(
        f"{table}: the rows do not fit the table's columns: {'; '.join(parts)}",
        "return the old columns, or change the table first: ALTER TABLE, or one run with write_mode overwrite",
    )


def _columns(frame: "DataFrame") -> dict[str, Any]:
    return {field.name: field.dataType.simpleString() for field in frame.schema.fields}
