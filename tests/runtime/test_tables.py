"""What tasks read and write: versions, modes, keys and clear errors."""

import json
import threading
import time

import pytest

from framework.core.task_run import schema_hash


def rows(spark, table, *columns):
    return sorted(tuple(row) for row in spark.table(table).select(*columns).collect())


def test_features_are_written_and_the_record_tells_versions_and_rows(either, spark, sales):
    features = either.name("weekly")
    record = either(
        "feature_table", entrypoint="shop.features:weekly", reads={"sales": sales}, writes=features,
        primary_keys=["stock_code", "week"], params={"factor": 10},
    )  # fmt: skip
    assert record.error is None
    assert [(i.table, i.version) for i in record.inputs] == [(sales, 0)]
    assert [(o.table, o.version, o.rows) for o in record.outputs] == [(features, 0, 2)]
    assert rows(spark, features, "stock_code", "quantity") == [("A", 50.0), ("B", 70.0)]
    said = spark.sql(f"DESCRIBE HISTORY {features}").where("version = 0").first().userMetadata
    assert '"commit": "abc123", "dirty": "true", "release": "r1"' in said
    assert f'"job_run_id": "{either.job_run_id}"' in said
    assert record.inputs[0].schema_hash == schema_hash(spark.table(sales).dtypes)
    assert record.outputs[0].schema_hash == schema_hash(spark.table(features).dtypes)


def test_a_repeated_key_leaves_the_table_as_it_was(remote, spark, sales, table):
    features = table("features", [("old", "w", 1)], "stock_code string, week string, quantity int")
    record = remote(
        "feature_table", entrypoint="shop.features:as_they_are", reads={"sales": sales}, writes=features,
        primary_keys=["stock_code", "week"],
    )  # fmt: skip
    assert record.error.type == "DataError"
    assert record.error.message == (
        f"{features}: primary key (stock_code, week) is not unique: 2 rows have (stock_code = A, week = 2011-11-07)"
    )
    assert rows(spark, features, "stock_code") == [("old",)]


def test_a_key_that_is_null_is_refused(remote, table):
    source = table("source", [("A", None)], "stock_code string, week string")
    record = remote(
        "feature_table", entrypoint="shop.features:as_they_are", reads={"sales": source}, writes=remote.name("f"),
        primary_keys=["stock_code", "week"],
    )  # fmt: skip
    assert record.error.message.endswith("is null: a row has (stock_code = A, week = None)")


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("append", "cannot keep a primary key unique"),
        ({"replace_where": ["day"]}, "'day' is not part of the primary key"),
    ],
)
def test_a_write_mode_that_cannot_keep_the_key_is_refused(attempt, sales, mode, message):
    record = attempt(
        "feature_table", entrypoint="shop.features:as_they_are", reads={"sales": sales}, writes=attempt.name("f"),
        primary_keys=["stock_code"], write_mode=mode,
    )  # fmt: skip
    assert message in record.error.message


def test_replacing_a_slice_twice_makes_no_duplicates_and_leaves_the_others(remote, spark, sales):
    daily = remote.name("daily")
    options = {
        "entrypoint": "shop.features:of_day", "reads": {"sales": sales}, "writes": daily,
        "write_mode": {"replace_where": ["logical_date"]},
    }  # fmt: skip
    for day in ("2011-11-07", "2011-11-14T06:00:00", "2011-11-07"):
        assert remote("python", given={"framework.logical_date": day}, **options).error is None
    counts = spark.table(daily).groupBy("logical_date").count().orderBy("logical_date").collect()
    assert [(str(row[0]), row[1]) for row in counts] == [("2011-11-07", 3), ("2011-11-14", 3)]
    said = json.loads(spark.sql(f"DESCRIBE HISTORY {daily}").first().userMetadata)
    assert said["slice"] == {"logical_date": "2011-11-07"}


def test_the_rows_of_other_slices_in_the_same_file_are_not_counted(attempt, spark, table):
    target = table("slices", [("other", i) for i in range(5)] + [("B", 99)], "country string, quantity int")
    source = table("source", [(i,) for i in range(7)], "quantity int")
    record = attempt(
        "python", entrypoint="shop.features:of_country", reads={"sales": source}, writes=target,
        write_mode={"replace_where": ["country"]}, params={"country": "B"},
    )  # fmt: skip
    assert record.outputs[0].rows == 7 and spark.table(target).count() == 12


def test_a_slice_named_by_a_parameter_is_quoted(attempt, spark, sales):
    target, country = attempt.name("by_country"), "Côte d'Ivoire \\ 1=1"
    for _ in range(2):
        record = attempt(
            "python", entrypoint="shop.features:of_country", reads={"sales": sales}, writes=target,
            write_mode={"replace_where": ["country"]}, params={"country": ""}, given={"country": country},
        )  # fmt: skip
        assert record.error is None
    assert rows(spark, target, "country") == [(country,)] * 3


def test_rows_outside_of_the_slice_are_refused_even_in_a_first_write(either, spark, sales):
    daily = either.name("daily")
    record = either(
        "python", entrypoint="shop.features:of_another_day", reads={"sales": sales}, writes=daily,
        write_mode={"replace_where": ["logical_date"]}, given={"framework.logical_date": "2011-11-07"},
    )  # fmt: skip
    assert "rows lie outside of the slice" in record.error.message and "1999-01-01" in record.error.message
    assert not spark.catalog.tableExists(daily)


def test_a_slice_without_a_logical_date_is_refused(attempt, sales):
    record = attempt(
        "python", entrypoint="shop.features:as_they_are", reads={"sales": sales}, writes=attempt.name("daily"),
        write_mode={"replace_where": ["logical_date"]},
    )  # fmt: skip
    assert record.error.hint == "give the pipeline a logical_date"


def test_overwriting_changes_the_columns_and_appending_may_not(attempt, spark, sales):
    target = attempt.name("target")
    both = {"reads": {"sales": sales}, "writes": target}
    attempt("python", entrypoint="shop.features:as_they_are", **both)
    record = attempt("python", entrypoint="shop.features:other_columns", write_mode="append", **both)
    assert "amount is new; quantity is gone" in record.error.message
    assert attempt("python", entrypoint="shop.features:other_columns", **both).error is None
    record = attempt("python", entrypoint="shop.features:other_columns", write_mode="append", **both)
    assert [(o.version, o.rows) for o in record.outputs] == [(3, 3)]  # the tags made one, too
    assert "amount" in spark.table(target).columns and spark.table(target).count() == 6


def test_several_tables_under_their_names(attempt, spark, sales):
    names = {"few": attempt.name("few"), "all": attempt.name("everything")}
    record = attempt("python", entrypoint="shop.features:two_tables", reads={"sales": sales}, writes=names)
    assert {(o.table, o.rows) for o in record.outputs} == {(names["few"], 1), (names["all"], 3)}


def test_the_record_of_a_failure_has_what_was_read_and_written_before(attempt, sales):
    names = {"few": attempt.name("few"), "all": attempt.name("everything")}
    record = attempt("python", entrypoint="shop.features:one_of_two_tables", reads={"sales": sales}, writes=names)
    assert (record.result, [i.key for i in record.inputs]) == ("FAILED", [f"{sales}@0"])
    assert [(o.key, o.rows) for o in record.outputs] == [(f"{names['few']}@0", 1)]


def test_a_missing_table_names_who_writes_it(either):
    missing = either.name("weekly")
    writer = either.template("build_features", "python", {"entrypoint": "a:b", "writes": missing})
    record = either(
        "python", entrypoint="shop.features:report", reads={"sales": missing}, more={"build_features": writer}
    )
    assert record.error.message == f"reads.sales: table {missing} does not exist"
    assert "'build_features' writes it" in record.error.hint


def test_a_conflict_with_another_writer_is_tried_again_from_the_read_on(attempt, spark, sales, monkeypatch, tmp_path):
    import shop.features

    calls, target = [], attempt.name("contested")
    writing, overtaken = tmp_path / "writing", tmp_path / "overtaken"
    spark.table(sales).write.format("delta").saveAsTable(target)

    def overtake():
        while not writing.exists():
            time.sleep(0.05)
        spark.sql(f"UPDATE {target} SET quantity = 0")
        overtaken.touch()

    def wait(batches):
        for batch in batches:
            writing.touch()
            while not overtaken.exists():
                time.sleep(0.05)
            yield batch

    def slow_first(sales):
        calls.append(sales.count())
        if len(calls) > 1:
            return sales
        threading.Thread(target=overtake, daemon=True).start()
        return sales.mapInPandas(wait, sales.schema)

    monkeypatch.setattr(shop.features, "as_they_are", slow_first)
    record = attempt("python", entrypoint="shop.features:as_they_are", reads={"sales": sales}, writes=target)
    assert record.error is None
    assert calls == [3, 3]
