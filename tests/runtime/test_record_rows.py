"""The row that an attempt appends to the table of records on Databricks."""

from pathlib import Path

import pytest

from framework.core.ops_tables import TASK_RUNS, ops_schema
from framework.core.task_run import AttemptRecord, ModelVersion, TableVersion, Verdict
from framework.runtime import record_rows

pytestmark = pytest.mark.spark


@pytest.fixture
def record(attempt):
    return AttemptRecord(
        job_run_id=attempt.job_run_id, task_run_id="7", attempt=1, project="shop", pipeline="shop", target="prod",
        task_key="it", kind="evaluate", result="SUCCESS", started_at="2024-03-01T04:00:00Z",
        ended_at="2024-03-01T04:00:01Z", parameters={"as_of": "x"}, inputs=(TableVersion("c.s.t", 3, None, "ab"),),
        outputs=(TableVersion("c.s.u", 0, 12),), metrics={"mae": 0.5}, model=ModelVersion("c.s.m", "1", "abc"),
        verdict=Verdict(True, ("good",)), logical_date="2024-03-01",
    )  # fmt: skip


@pytest.fixture
def table(spark, attempt):
    schema = f"spark_catalog.{ops_schema(attempt.schema)}"
    spark.sql(f"CREATE SCHEMA {schema}")
    spark.sql(f"CREATE TABLE {schema}.task_runs ({TASK_RUNS.schema}) USING delta")
    return f"{schema}.task_runs"


def test_an_attempt_appends_its_row_in_one_commit_that_names_it(spark, table, record):
    assert record_rows.append(record, table.rpartition(".")[0])

    (row,) = spark.table(table).collect()
    assert (row.task_run_id, row.inputs[0].version, row.outputs[0].rows, row.metrics) == ("7", 3, 12, {"mae": 0.5})
    assert (row.input_keys, row.model_version, row.verdict_passed) == (["c.s.t@3"], "1", True)
    assert row.principal == spark.sql("select current_user()").first()[0]
    newest = spark.sql(f"DESCRIBE HISTORY {table} LIMIT 1").first()
    assert '"task_run_id": "7", "attempt": 1' in newest.userMetadata
    assert newest.version == 1
    log = Path(spark.sql(f"DESCRIBE DETAIL {table}").first().location.removeprefix("file:"), "_delta_log")
    assert '"txn"' not in (log / f"{1:020}.json").read_text()


def test_a_table_of_an_earlier_version_gets_what_it_has_columns_for(spark, table, record):
    columns = TASK_RUNS.schema.replace("`", "").partition("model_digest STRING")
    spark.sql(f"CREATE OR REPLACE TABLE {table} ({columns[0]}{columns[2].lstrip(' ,')}) USING delta")

    assert record_rows.append(record, table.rpartition(".")[0])

    (row,) = spark.table(table).collect()
    assert (row.task_run_id, "model_digest" in row) == ("7", False)


def test_where_there_is_no_table_none_is_made_and_the_log_says_what_makes_it(spark, record, attempt, caplog):
    schema = f"spark_catalog.{ops_schema(attempt.schema)}"
    spark.sql(f"CREATE SCHEMA {schema}")

    assert not record_rows.append(record, schema)

    assert "framework ops install -e prod" in caplog.text
    assert not spark.catalog.tableExists(f"{schema}.task_runs")
