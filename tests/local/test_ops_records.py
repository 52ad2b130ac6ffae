"""The rows that a run leaves: from its records, from the scheduler, and from commits of attempts that were killed."""

import json
import shutil
from dataclasses import replace

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, QueryBuilder, write_deltalake

from framework.core.errors import FrameworkError
from framework.core.job_run import TaskOutcome
from framework.core.ops_tables import JOB_RUNS, TASK_RUNS
from framework.core.task_run import AttemptRecord, Origin, TableVersion, TaskError, TaskRun
from framework.local.ops_records import record_all, record_ended
from framework.local.paths import LocalPaths
from framework.records import provenance
from framework.records.ops_store import OpsStore
from framework.records.run_store import RunStore
from framework.records.run_values import NewRun, StoredAttempt

AT = "2024-03-01T04:00:00+00:00"
LATER = "2024-03-01T04:00:09+00:00"
OUTPUT = "spark_catalog.features.units"


@pytest.fixture
def paths(tmp_path):
    paths = LocalPaths(tmp_path)
    paths.create()
    return paths


@pytest.fixture
def store(paths):
    with RunStore(paths.run_store) as store:
        yield store


@pytest.fixture
def run(store, paths):
    """A run that has begun, with its code; ``plans`` say that ``features`` writes a table."""
    new = NewRun(
        job="shop/local/demand", project="shop", pipeline="demand", target="local", tasks=("features", "score"),
        parameters={"as_of": "2024-03-01", "framework.backfill": ""}, source={}, started_at=AT,
    )  # fmt: skip
    begun = store.begin(new)
    bundle = paths.release(begun.job_run_id, 0) / "bundle"
    (bundle / "plans").mkdir(parents=True)
    task = TaskRun(project="shop", pipeline="demand", target="local", task_key="features", kind="feature_table",
                   options={"writes": OUTPUT})  # fmt: skip
    (bundle / "plans/demand.json").write_text(json.dumps({"schema": 1, "tasks": {"features": task.as_dict()}}))
    provenance.write(Origin(commit="c0ffee", release="code1"), bundle)
    return begun


@pytest.fixture
def attempted(store, run, paths):
    """Notes an attempt that ended with ``result``, and its record unless it was killed before."""

    def note(
        task="features", result="SUCCESS", *, killed=False, repair=0, number=1, iteration=None, outputs=()
    ) -> StoredAttempt:
        directory = paths.attempt(run.job_run_id, task, number)
        made = StoredAttempt(
            task_run_id=f"{run.job_run_id}{number:04}", job_run_id=run.job_run_id, task_key=task, iteration=iteration,
            attempt=number, repair=repair, started_at=AT, ended_at=LATER, result=result, directory=str(directory),
        )  # fmt: skip
        if not killed:
            directory.mkdir(parents=True)
            (directory / "record.json").write_text(replace(recorded(made), outputs=outputs).to_json())
        store.note_attempt(made)
        error = TaskError("ProcessDied", "the task's process was ended by signal 9") if killed else None
        outcome = TaskOutcome(task_key=task, kind="feature_table", result=result, attempts=number, duration_s=9.0,
                              error=error, task_run_id=made.task_run_id)  # fmt: skip
        store.note_outcome(run.job_run_id, outcome, iteration)
        return made

    return note


def recorded(made):
    return AttemptRecord(
        job_run_id=str(made.job_run_id), task_run_id=made.task_run_id, attempt=made.attempt, project="shop",
        pipeline="demand", target="local", task_key=made.task_key, kind="feature_table", result="SUCCESS",
        started_at=AT, ended_at=LATER, metrics={"rows": 3.0},
    )  # fmt: skip


def end(store, run, result="SUCCESS"):
    store.note_end(run.job_run_id, result, LATER, 4.0)  # the rows go by the times
    store.commit()


def rows(paths, table=TASK_RUNS):
    there = DeltaTable(str(OpsStore(paths.warehouse).path("shop", table)))
    found = (
        QueryBuilder()
        .register("t", there)
        .execute(
            "select * from t order by task_key, attempt, repair"
            if table is TASK_RUNS
            else "select * from t order by repair"
        )
    )
    return pa.table(found.read_all()).to_pylist()


def test_an_attempt_that_recorded_is_a_row_of_its_process_with_the_origin_of_the_run(store, run, attempted, paths):
    attempted(iteration=4)
    end(store, run)

    assert record_ended(store, paths) == 1

    (row,) = rows(paths)
    assert (row["source"], row["iteration"], dict(row["metrics"])) == ("process", 4, {"rows": 3.0})
    assert (row["commit"], row["release"]) == ("c0ffee", "code1")
    assert row["framework"]
    (job,) = rows(paths, JOB_RUNS)
    assert (job["result"], job["commit"], dict(job["parameters"])) == ("SUCCESS", "c0ffee", {"as_of": "2024-03-01"})
    assert (job["tasks"], job["duration_s"]) == (["features", "score"], 9.0)


def test_what_a_killed_attempt_had_committed_stands_in_its_row(store, run, attempted, paths):
    made = attempted(result="CANCELED", killed=True)
    commit(paths, f'{{"task_run_id": "{made.task_run_id}", "attempt": 1}}')
    commit(paths, '{"task_run_id": "another", "attempt": 1}')
    end(store, run, "CANCELED")

    record_ended(store, paths)

    (row,) = rows(paths)
    assert (row["source"], row["result"], row["kind"]) == ("scheduler", "CANCELED", "feature_table")
    assert row["output_keys"] == [f"{OUTPUT}@0"]
    assert (row["commit"], row["error_type"]) == ("c0ffee", "ProcessDied")


def test_what_an_attempt_had_committed_before_it_failed_stands_in_its_row_too(store, run, attempted, paths):
    made = attempted(result="FAILED")
    commit(paths, f'{{"task_run_id": "{made.task_run_id}", "attempt": 1}}')
    end(store, run, "FAILED")

    record_ended(store, paths)

    assert [(row["source"], row["output_keys"]) for row in rows(paths)] == [("process", [f"{OUTPUT}@0"])]


def test_a_task_that_never_ran_has_a_row_too(store, run, attempted, paths):
    attempted()
    skipped = TaskOutcome(task_key="score", kind="batch_inference", result="EXCLUDED", attempts=0, duration_s=0.0)
    store.note_outcome(run.job_run_id, skipped)
    end(store, run)

    record_ended(store, paths)

    row = rows(paths)[1]
    assert (row["task_key"], row["result"], row["attempt"], row["source"]) == ("score", "EXCLUDED", 0, "scheduler")
    assert (row["task_run_id"], row["started_at"].isoformat()) == ("", AT)


def test_the_word_of_the_scheduler_counts_over_that_of_the_process(store, run, attempted, paths):
    attempted(result="TIMEDOUT")
    end(store, run, "FAILED")

    record_ended(store, paths)

    assert [(row["result"], row["source"]) for row in rows(paths)] == [("TIMEDOUT", "process")]


def test_a_run_under_way_or_interrupted_has_no_rows(store, run, attempted, paths):
    attempted()
    store.commit()
    store.interrupted(run.job_run_id)

    assert record_all(store, paths) == 0


def test_who_was_killed_before_the_append_leaves_the_run_to_whoever_comes_next(store, run, attempted, paths):
    attempted()
    end(store, run)
    other = store.begin(NewRun(**{**vars(new_of(run)), "pipeline": "other"}))
    end(store, other)

    assert record_ended(store, paths) == 2

    assert {row["job_run_id"] for row in rows(paths, JOB_RUNS)} == {str(run.job_run_id), str(other.job_run_id)}
    assert record_all(store, paths) == 0


def test_who_was_killed_after_the_append_leaves_nothing_to_append_twice(store, run, attempted, paths, monkeypatch):
    attempted()
    end(store, run)
    monkeypatch.setattr(store, "note_recorded", killed)
    with pytest.raises(KeyboardInterrupt):
        record_ended(store, paths)
    monkeypatch.undo()

    assert record_ended(store, paths) == 1

    assert len(rows(paths)) == len(rows(paths, JOB_RUNS)) == 1


@pytest.mark.parametrize("table", [TASK_RUNS, JOB_RUNS], ids=lambda table: table.name)
def test_a_table_that_was_lost_is_made_anew_by_the_next_who_records(store, run, attempted, paths, table):
    attempted()
    end(store, run)
    record_ended(store, paths)
    shutil.rmtree(OpsStore(paths.warehouse).path("shop", table))

    assert (record_all(store, paths), record_all(store, paths)) == (1, 0)

    assert len(rows(paths)) == len(rows(paths, JOB_RUNS)) == 1


def test_a_repair_adds_its_attempts_and_a_row_of_the_run(store, run, attempted, paths):
    attempted(result="FAILED", killed=True)
    skipped = TaskOutcome(task_key="score", kind="x", result="UPSTREAM_FAILED", attempts=0, duration_s=0.0)
    store.note_outcome(run.job_run_id, skipped)
    end(store, run, "FAILED")
    record_ended(store, paths)
    again = store.begin_repair(store.run(run.job_run_id), [("features", None), ("score", None)], {}, None)
    attempted(repair=1, number=2)
    attempted("score", repair=1, number=3)
    end(store, again)

    record_ended(store, paths)

    told = [(row["task_key"], row["attempt"], row["repair"], row["result"]) for row in rows(paths)]
    assert told == [
        ("features", 1, 0, "FAILED"), ("features", 2, 1, "SUCCESS"),
        ("score", 0, 0, "UPSTREAM_FAILED"), ("score", 3, 1, "SUCCESS"),
    ]  # fmt: skip
    assert [(row["repair"], row["result"]) for row in rows(paths, JOB_RUNS)] == [(0, "FAILED"), (1, "SUCCESS")]


def test_a_run_that_cannot_be_recorded_is_named_and_keeps_no_other_from_it(store, run, attempted, paths):
    attempted(outputs=(TableVersion(OUTPUT, 2**70),))
    end(store, run)
    other = store.begin(NewRun(**vars(new_of(run))))
    end(store, other)

    for record in (record_ended, record_all):
        with pytest.raises(FrameworkError, match=f"run {run.job_run_id} cannot be recorded: Overflow"):
            record(store, paths)

    assert [row["job_run_id"] for row in rows(paths, JOB_RUNS)] == [str(other.job_run_id)]
    assert store.unrecorded() == [store.run(run.job_run_id)]


def test_a_commit_that_cannot_be_read_is_a_note_in_the_row(store, run, attempted, paths):
    made = attempted(result="FAILED")
    for _ in range(2):
        commit(paths, f'{{"task_run_id": "{made.task_run_id}", "attempt": 1}}')
    (paths.warehouse / "features.db/units/_delta_log" / f"{0:020}.json").write_bytes(b"\xff")
    end(store, run, "FAILED")

    record_ended(store, paths)

    (row,) = rows(paths)
    assert row["output_keys"] == [f"{OUTPUT}@1"]
    assert f"v0 of {OUTPUT} cannot be read" in row["notes"][0]


def test_what_was_committed_before_an_attempt_was_lost_stands_in_its_row_when_it_went_on(store, run, attempted, paths):
    made = attempted(outputs=(TableVersion(OUTPUT, 1, 1),))
    for _ in range(2):
        commit(paths, f'{{"task_run_id": "{made.task_run_id}", "attempt": 1}}')
    end(store, run)

    record_ended(store, paths)

    assert [row["output_keys"] for row in rows(paths)] == [[f"{OUTPUT}@1", f"{OUTPUT}@0"]]


def test_a_task_that_was_tried_and_in_a_repair_never_ran_has_a_row_of_that(store, run, attempted, paths):
    attempted(result="SUCCESS")
    attempted("score", result="FAILED", number=2)
    end(store, run, "FAILED")
    record_ended(store, paths)
    again = store.begin_repair(store.run(run.job_run_id), [("features", None), ("score", None)], {}, None)
    attempted(result="FAILED", repair=1, number=3)
    skipped = TaskOutcome(task_key="score", kind="x", result="UPSTREAM_FAILED", attempts=0, duration_s=0.0)
    store.note_outcome(run.job_run_id, skipped)
    end(store, again, "FAILED")

    record_ended(store, paths)

    told = [(row["attempt"], row["repair"], row["result"]) for row in rows(paths) if row["task_key"] == "score"]
    assert told == [(0, 1, "UPSTREAM_FAILED"), (2, 0, "FAILED")]


def new_of(run):
    fields = NewRun.__dataclass_fields__
    return NewRun(**{name: getattr(run, name) for name in fields if name != "owner_run_id"})


def killed(*_):
    raise KeyboardInterrupt


def commit(paths, said):
    write_deltalake(
        str(paths.warehouse / "features.db/units"), pa.table({"n": [1]}), mode="append",
        commit_properties=CommitProperties(custom_metadata={"userMetadata": said}),
    )  # fmt: skip
