"""Tables that a task reads, each pinned to one version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from framework.core import table_operations
from framework.core.errors import DataError
from framework.core.task_run import TableVersion
from framework.runtime import schemas, spark_errors
from framework.runtime.task import Task

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Inputs:
    """The DataFrames of a task by argument, and the versions that they were read at."""

    frames: Mapping[str, "DataFrame"] = field(default_factory=dict)
    versions: tuple[TableVersion, ...] = ()
    notes: tuple[str, ...] = ()

    def empty(self) -> tuple[str, ...]:
        """The arguments whose table has no rows; it takes a query each, so ask only when something is wrong."""
        return tuple(argument for argument, frame in self.frames.items() if not frame.take(1))


def read(reads: Mapping[str, str], task: Task) -> Inputs:
    """Every table of ``reads`` at its current version, the shared one where a person has none of the name.

    Raises DataError naming the first that is missing.
    """
    frames, versions, notes = {}, [], []
    for argument, name in reads.items():
        table, version = _found(argument, name, task)
        if table != name:
            notes.append(f"there is no {name}: the shared {table} was read")
        reader = task.context.spark.read
        frames[argument] = (reader if version is None else reader.option("versionAsOf", version)).table(table)
        if version is None:
            notes.append(f"{table} has no versions (a view?): it was read as it was")
        else:
            versions.append(TableVersion(table, version, schema_hash=schemas.seen(frames[argument].dtypes)))
    task.so_far.note(inputs=tuple(versions), notes=tuple(notes))
    return Inputs(frames, tuple(versions), tuple(notes))


def have_same_rows(spark: "SparkSession", table: str, older: int, newer: int) -> bool:
    """Whether every commit after version ``older`` up to ``newer`` is known to leave the rows as they were."""
    if older >= newer:
        return older == newer
    history = spark.sql(f"DESCRIBE HISTORY {table}").where(f"version > {older} AND version <= {newer}")
    operations = [row.operation for row in history.select("operation").collect()]
    return len(operations) == newer - older and all(map(table_operations.is_housekeeping, operations))


def written_version(spark: "SparkSession", table: str, task_run_id: str, attempt: int) -> TableVersion:
    """The version of ``table`` that this attempt committed, found by what the commit says about itself."""
    mark = commit_mark(task_run_id, attempt)
    # Mostly it is the last one: other writers may have been faster to ask, or have written a lot since.
    for limit in ("LIMIT 1", "LIMIT 20", ""):
        for row in spark.sql(f"DESCRIBE HISTORY {table} {limit}").collect():
            if mark in (row.userMetadata or ""):
                return TableVersion(table, row.version, rows_written(row.operationMetrics or {}))
    raise DataError(f"{table}: the history has no commit of task run {task_run_id}", "was the table dropped meanwhile?")


def commit_mark(task_run_id: str, attempt: int) -> str:
    """What the metadata of every commit of that attempt holds."""
    return f'"task_run_id": "{task_run_id}", "attempt": {attempt}'


def rows_written(metrics: Mapping[str, str]) -> int:
    """The new rows: replacing a slice also copies the rows of other slices out of the files that it rewrites."""
    return int(metrics.get("numOutputRows", 0)) - int(metrics.get("numCopiedRows", 0))


def _found(argument: str, table: str, task: Task) -> tuple[str, int | None]:
    """The table that there is, and its current version, if it has versions."""
    shared = task.shared_tables.get(table)
    pinned = task.pinned.tables if task.pinned else {}
    for name in (table, shared) if shared else (table,):
        if name in pinned:
            return name, pinned[name]
        try:
            return name, _current_version(name, task)
        except Exception as error:
            if not spark_errors.is_missing_table(error):
                raise
    raise _missing(argument, table, task)


def _current_version(table: str, task: Task) -> int | None:
    try:
        rows = task.context.spark.sql(f"DESCRIBE HISTORY {table} LIMIT 1").collect()
    except Exception as error:
        if not spark_errors.is_missing_table(error) and spark_errors.is_spark_error(error) and _has_no_history(error):
            return None
        raise
    return int(rows[0].version)


def _has_no_history(error: Exception) -> bool:
    text = spark_errors.full_text(error)
    return any(sign in text for sign in ("EXPECT_TABLE_NOT_VIEW", "is a view", "DELTA_ONLY_OPERATION", "NOT_A_DELTA"))


def _missing(argument: str, table: str, task: Task) -> DataError:
    if writer := task.writers.get(table):
        hint = f"task '{writer}' writes it: run that first"
    else:
        hint = "no task of this pipeline writes it: run the pipeline that does, or declare it under sources"
    neither = (
        f"neither table {table} nor the shared {shared} exists" if (shared := task.shared_tables.get(table)) else ""
    )
    return DataError(f"reads.{argument}: {neither or f'table {table} does not exist'}", hint)
