"""The tables of records in a warehouse: each run once, in few files."""

import json
import multiprocessing
from dataclasses import replace

import pytest
from deltalake import DeltaTable, QueryBuilder, write_deltalake

from framework.core.ops_tables import JOB_RUNS, OPS_TABLES, TASK_RUNS, in_order, ops_schema, row_of
from framework.core.task_run import AttemptRecord, ModelVersion, Origin, TableVersion, TaskError, Verdict
from framework.records import ops_store
from framework.records.ops_arrow import arrow_schema, arrow_table
from framework.records.ops_store import MOST_FILES, OpsStore, RunRows

RECORD = AttemptRecord(
    job_run_id="1", task_run_id="10001", attempt=1, project="shop", pipeline="demand", target="local", task_key="train",
    kind="train", result="SUCCESS", started_at="2024-03-01T04:00:00Z", ended_at="2024-03-01T04:00:02.500Z",
    parameters={"as_of": "2024-03-01"}, inputs=(TableVersion("c.s.t", 3, schema_hash="ab"),),
    outputs=(TableVersion("c.s.u", 0, 12),), metrics={"wape": 0.5}, model=ModelVersion("c.s.m", "1", "abc"),
    verdict=Verdict(False, ("wape 0.7 is above 0.6",), "3"), error=TaskError("ValueError", "no"),
    origin=Origin(commit="c0ffee", dirty=True), logical_date="2024-03-01",
)  # fmt: skip


def run(number=1, repairs=0, *tasks, project="shop"):
    records = [replace(RECORD, job_run_id=str(number), task_key=task) for task in tasks or ("train",)]
    job = {column.name: None for column in JOB_RUNS.columns} | {"job_run_id": str(number), "repair": repairs}
    return RunRows(
        job_run_id=number, project=project, repairs=repairs, task_runs=[row_of(record) for record in records],
        job_runs=[in_order(JOB_RUNS, job)],
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    return OpsStore(tmp_path / "warehouse")


def rows(store, table=TASK_RUNS, columns="*", project="shop"):
    there = DeltaTable(str(store.path(project, table)))
    return QueryBuilder().register("t", there).execute(f"select {columns} from t").read_all()


def test_a_row_has_every_column_as_it_was_recorded(store):
    store.append([run()])

    import pyarrow as pa

    (row,) = pa.table(rows(store)).to_pylist()
    assert row["inputs"] == [{"table": "c.s.t", "version": 3, "rows": None, "schema_hash": "ab"}]
    assert (row["input_keys"], row["output_keys"]) == (["c.s.t@3"], ["c.s.u@0"])
    assert dict(row["parameters"]) == {"as_of": "2024-03-01"}
    assert (row["commit"], row["dirty"], row["duration_s"], row["verdict_passed"]) == ("c0ffee", True, 2.5, False)
    assert row["started_at"].isoformat() == "2024-03-01T04:00:00+00:00"
    assert (row["mlflow_run_id"], row["model_version"], row["error_message"]) == ("abc", "1", "no")


def test_bytes_that_are_no_text_are_written_escaped(store):
    odd = replace(RECORD, parameters={"x": "\udcff"}, notes=("\udcff",), error=TaskError("OSError", "no file \udcff"))
    store.append([replace(run(), task_runs=[row_of(odd)])])

    import pyarrow as pa

    (row,) = pa.table(rows(store)).to_pylist()
    assert (dict(row["parameters"]), row["notes"]) == ({"x": "\\udcff"}, ["\\udcff"])
    assert row["error_message"] == "no file \\udcff"


def test_a_table_of_an_earlier_release_gets_the_columns_that_are_new(store):
    earlier = arrow_table(TASK_RUNS, run(1).task_runs).drop_columns(["dirty", "input_keys"])
    write_deltalake(str(store.path("shop", TASK_RUNS)), earlier)

    store.append([run(2)])
    store.append([run(3)])

    found = rows(store)
    assert dict(zip(found["job_run_id"].to_pylist(), found["dirty"].to_pylist(), strict=True)) == {
        "1": None, "2": True, "3": True,
    }  # fmt: skip


def test_files_that_cannot_be_made_into_few_keep_no_run_from_the_table(store, monkeypatch):
    monkeypatch.setattr(ops_store, "MOST_FILES", 2)
    store.append([run(1)])
    next(store.path("shop", TASK_RUNS).glob("*.parquet")).unlink()

    for number in (2, 3):
        store.append([run(number)])

    assert DeltaTable(str(store.path("shop", TASK_RUNS))).version() == 2


@pytest.mark.parametrize("table", OPS_TABLES, ids=lambda table: table.name)
def test_every_column_has_a_type_of_arrow_and_a_comment(table):
    assert arrow_schema(table).names == [column.name for column in table.columns]
    assert all(column.comment for column in table.columns)
    assert set(table.key) <= set(arrow_schema(table).names)


def test_a_run_is_appended_once_however_often_one_tries(store):
    for _ in range(3):
        store.append([run(1), run(2)])
    store.append([run(2), run(3)])

    assert sorted(rows(store)["job_run_id"].to_pylist()) == ["1", "2", "3"]
    assert sorted(rows(store, JOB_RUNS)["job_run_id"].to_pylist()) == ["1", "2", "3"]


def test_who_was_killed_between_the_two_tables_appends_to_the_one_that_lacks_the_run(store):
    store._append("shop", TASK_RUNS, [run()])

    store.append([run()])

    assert len(rows(store)) == len(rows(store, JOB_RUNS)) == 1


def test_a_repair_adds_what_it_changed(store):
    store.append([run(1, 0, "features", "train")])
    store.append([run(1, 1, "features", "train", "score")])

    assert sorted(rows(store)["task_key"].to_pylist()) == ["features", "score", "train"]
    assert sorted(rows(store, JOB_RUNS)["repair"].to_pylist()) == [0, 1]


def test_the_commit_says_which_runs_it_has(store):
    store.append([run(7)])

    (commit,) = DeltaTable(str(store.path("shop", TASK_RUNS))).history()
    assert json.loads(commit["userMetadata"]) == {"job_run_ids": ["7"], "rows": 1}


def test_the_tables_stay_in_few_files_and_lose_no_row(store):
    files = []
    for number in range(MOST_FILES + 5):
        store._append("shop", TASK_RUNS, [run(number)])
        files.append(len(DeltaTable(str(store.path("shop", TASK_RUNS))).file_uris()))

    assert files == [*range(1, MOST_FILES + 1), 1, 2, 3, 4, 5]
    assert sorted(map(int, rows(store, columns="job_run_id")["job_run_id"].to_pylist())) == list(range(len(files)))


def test_runs_that_end_at_the_same_time_are_all_there_once(store):
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        pool.map(_append_ten, [(store, first) for first in (0, 5, 10)])

    assert sorted(map(int, rows(store)["job_run_id"].to_pylist())) == list(range(20))


def _append_ten(given):
    store, first = given
    for number in range(first, first + 10):
        store.append([run(number)])


@pytest.mark.parametrize(("project", "schema"), [("shop", "ops_shop"), ("My-Bundle 2", "ops_my_bundle_2")])
def test_each_project_has_a_schema_of_its_own(project, schema):
    assert ops_schema(project) == schema
