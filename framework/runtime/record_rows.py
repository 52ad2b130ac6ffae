"""The row of an attempt in the table of records on Databricks: appended by the attempt's own process, at its end.

Without an application transaction: to look one up, Delta reads the whole state of the table, for several times what the
append takes. So an append is never repeated here; readers leave out a row that somebody else repeated.
"""

import json
import logging
from typing import TYPE_CHECKING

from framework.core.ops_tables import TASK_RUNS, row_of
from framework.core.task_run import AttemptRecord
from framework.runtime import spark_errors

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_logger = logging.getLogger("framework.records")


def append(record: AttemptRecord, ops_schema: str) -> bool:
    """Append the row of ``record``, once for each attempt. Says whether it is there.

    The task has done its work: that its row cannot be written does not undo that, so an error is only told.
    """
    table = f"{ops_schema}.{TASK_RUNS.name}"
    try:
        _append(record, table)
    except Exception as error:
        _logger.error("%s", _told(error, table, record.target))
        return False
    return True


def _append(record: AttemptRecord, table: str) -> None:
    from pyspark.errors import AnalysisException

    said = {"task_run_id": record.task_run_id, "attempt": record.attempt, "job_run_id": record.job_run_id}
    rows = _frame(record)

    def write(columns: list[str]) -> None:
        # Not saveAsTable: that would make a table that is not there, without its clustering, retention and grants.
        rows.select(columns).writeTo(table).option("userMetadata", json.dumps(said)).append()

    try:
        write(rows.columns)
    except AnalysisException:  # refused before anything is written
        there = rows.sparkSession.table(table).columns
        if set(rows.columns) <= set(there):
            raise
        # A table that an earlier version of the framework made gets what it has columns for.
        write([name for name in rows.columns if name in there])


def _frame(record: AttemptRecord) -> "DataFrame":
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    rows = SparkSession.builder.getOrCreate().createDataFrame([tuple(row_of(record).values())], TASK_RUNS.schema)
    # Asked inside the write: a query of its own would cost as much as the write.
    return rows if record.environment.principal else rows.withColumn("principal", F.expr("current_user()"))


def _told(error: Exception, table: str, target: str) -> str:
    if spark_errors.is_missing_table(error):
        return f"there is no table {table}: make it with framework ops install -e {target}"
    reason = spark_errors.summary(error)
    return f"the record of this attempt is not in {table}: {reason}; framework runs sync -e {target} brings it there"
