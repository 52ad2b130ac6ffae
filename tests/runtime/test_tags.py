"""Tags on what tasks make, comments on columns, and how long training inputs keep their versions."""

from dataclasses import replace

import mlflow
import pytest
from mlflow import MlflowClient

from framework.core.task_run import TaskRun
from framework.runtime import column_comments, tags


def properties(spark, table):
    return dict(spark.sql(f"SHOW TBLPROPERTIES {table}").collect())


def operations(spark, table):
    return [row.operation for row in spark.sql(f"DESCRIBE HISTORY {table}").collect()][::-1]


@pytest.mark.parametrize(
    ("interval", "days"), [("interval 30 days", 30), ("interval 1 week", 7), ("INTERVAL 36 HOURS", 1.5), ("odd", 0)]
)
def test_intervals_of_delta(interval, days):
    assert tags.days(interval) == days


def test_a_workspace_gets_tags_that_unity_catalog_takes_and_properties_only_when_something_differs():
    template = TaskRun(
        project="shop", pipeline="daily", target="prod", task_key="it", kind="python", options={},
        tags={"cost.center": "it's 4711"},
    )  # fmt: skip
    found = list(tags.statements("prod.features.weekly", {"framework.project": "shop"}, template))
    put = r"ALTER TABLE prod.features.weekly SET TAGS ('cost_center' = 'it\'s 4711')"
    assert found == [
        r"ALTER TABLE prod.features.weekly SET TBLPROPERTIES ('framework.tag.cost.center' = 'it\'s 4711')",
        put,
    ]
    there = {"framework.project": "shop", "framework.tag.cost.center": "it's 4711", "own": "stays"}
    assert list(tags.statements("prod.features.weekly", there, template)) == [put]


@pytest.fixture
def weekly(attempt, sales):
    def run(runner=attempt, **options):
        record = runner(
            "feature_table", entrypoint="shop.features:weekly", reads={"sales": sales}, writes=runner.name("weekly"),
            primary_keys=["stock_code", "week"], **options,
        )  # fmt: skip
        assert record.error is None
        return runner.name("weekly")

    return run


def test_a_written_table_has_the_tags_and_comments_of_its_task_and_is_tagged_once(remote, spark, weekly):
    table = weekly(remote, comments={"quantity": "Units, it's said."})
    assert {"framework.tag.owner": "tests", "framework.project": "shop"}.items() <= properties(spark, table).items()
    spark.sql(f"ALTER TABLE {table} UNSET TBLPROPERTIES ('framework.tag.owner')")
    weekly(remote, comments={"quantity": "Units sold."})
    weekly(remote, comments={"quantity": "Units sold."})
    assert properties(spark, table)["framework.tag.owner"] == "tests"
    assert spark.table(table).schema["quantity"].metadata["comment"] == "Units sold."
    assert operations(spark, table).count("SET TBLPROPERTIES") == 2


def test_where_tags_cannot_be_set_the_table_still_says_whose_it_is(attempt, spark, sales):
    table = attempt.name("weekly")
    options = {"entrypoint": "shop.features:weekly", "reads": {"sales": sales}, "writes": table,
               "primary_keys": ["stock_code", "week"]}  # fmt: skip
    # Spark outside of a workspace knows no tags.
    in_prod = replace(attempt.template("it", "feature_table", options), target="prod")

    assert attempt("feature_table", more={"it": in_prod}).error is None

    assert {"framework.tag.owner": "tests", "framework.project": "shop"}.items() <= properties(spark, table).items()


def test_a_table_that_keeps_its_columns_gets_new_comments_too(attempt, spark, weekly):
    table = weekly(comments={"quantity": "Old."})
    before = operations(spark, table)
    column_comments.put_on(table, {"quantity": "New."}, spark)
    column_comments.put_on(table, {"quantity": "New."}, spark)
    assert spark.table(table).schema["quantity"].metadata["comment"] == "New."
    assert operations(spark, table) == [*before, "CHANGE COLUMN"]


def test_a_comment_on_a_column_that_is_not_there_writes_nothing(attempt, spark, sales):
    table = attempt.name("weekly")
    record = attempt(
        "feature_table", entrypoint="shop.features:as_they_are", reads={"sales": sales}, writes=table,
        primary_keys=["week"], comments={"colour": "?"},
    )  # fmt: skip
    assert "comments names 'colour', which the rows lack" in record.error.message
    assert not spark.catalog.tableExists(table)


def test_tables_that_a_model_is_trained_on_keep_their_versions(attempt, spark, table):
    rows = [(1.0, 1, 2.0), (2.0, 2, 4.0)]
    own, foreign = (table(name, rows, "x double, n bigint, y double") for name in ("own", "foreign"))
    spark.sql(f"ALTER TABLE {own} SET TBLPROPERTIES ('framework.project' = 'shop')")
    refused = ("keeps its versions for 7 days", "not this project's")
    for inputs, notes in ((own, [("for 365 days from now on",), ()]), (foreign, [refused, refused])):
        options = {"entrypoint": "shop.models:train", "reads": {"rows": inputs}, "experiment": "kept"}
        template = replace(attempt.template("it", "train", options), keep_inputs_days=365)
        for words in notes:
            record = attempt("train", more={"it": template}, **options)
            assert record.error is None
            assert len(record.notes) == bool(words) and all(word in record.notes[0] for word in words)
            # To keep versions makes one: that is the one which is read.
            assert [each.version for each in record.inputs] == [len(operations(spark, inputs)) - 1]
    kept = {
        "delta.logRetentionDuration": "interval 365 days",
        "delta.deletedFileRetentionDuration": "interval 365 days",
    }
    assert kept.items() <= properties(spark, own).items()
    assert operations(spark, own).count("SET TBLPROPERTIES") == 2
    assert not kept.keys() & properties(spark, foreign).keys()


def test_the_projects_code_can_add_tags_to_its_mlflow_run_and_change_none(attempt, table):
    rows = table("points", [(1.0, 1, 2.0), (2.0, 2, 4.0)], "x double, n bigint, y double")
    options = {"entrypoint": "shop.models:train_with_other_tags", "reads": {"rows": rows}, "experiment": "retagged"}
    record = attempt("train", **options)
    assert record.error is None
    found = mlflow.get_run(record.model.mlflow_run_id).data.tags
    assert (found["owner"], found["framework.commit"], found["own"]) == ("tests", "abc123", "stays")
    experiment = MlflowClient().get_experiment_by_name("retagged")
    assert experiment.tags["owner"] == "tests"
    MlflowClient().set_experiment_tag(experiment.experiment_id, "owner", "nobody")
    assert attempt("train", **options).error is None
    assert MlflowClient().get_experiment_by_name("retagged").tags["owner"] == "tests"
