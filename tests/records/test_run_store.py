"""The run store: who may begin, what is left when a process dies, and what it says when the disk refuses."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from framework.core.errors import FrameworkError, UsageError
from framework.core.job_run import TaskOutcome
from framework.records import database
from framework.records.run_store import RunStore
from framework.records.run_values import NewRun, StoredAttempt

STARTED = "2024-03-01T04:00:00+00:00"


@pytest.fixture
def store(tmp_path):
    with RunStore(tmp_path / "state" / "runs.db") as store:
        yield store


def begin(store, job="daily", parent=None, owner=None) -> int:
    new = NewRun(
        job=job, project="p", pipeline=job, target="local", tasks=("a",), parameters={}, source={}, started_at=STARTED,
        parent_run_id=parent, owner_run_id=owner or parent,
    )  # fmt: skip
    return store.begin(new).job_run_id


def attempt(run, number=1, **more) -> StoredAttempt:
    return StoredAttempt(
        task_run_id=f"{run}{number:04}", job_run_id=run, task_key="a", iteration=None, attempt=number, repair=0,
        started_at=STARTED, **more,
    )  # fmt: skip


def states(store, *runs):
    return [store.run(run).state for run in runs]


def test_the_first_of_the_queue_begin_as_many_as_may_run_at_a_time(store):
    runs = [begin(store) for _ in range(5)]

    first = store.admit_some("daily", runs, 2, lambda run: True)
    store.note_end(runs[0], "SUCCESS", STARTED, 1.0)
    store.commit()
    then = store.admit_some("daily", runs[2:], 2, lambda run: True)

    assert (first, then) == ({runs[0], runs[1]}, {runs[2]})
    assert states(store, *runs) == ["TERMINATED", "RUNNING", "RUNNING", "QUEUED", "QUEUED"]


def test_the_run_of_another_living_process_goes_first_and_that_of_a_dead_one_holds_nobody_up(store):
    dead, alive, mine = begin(store), begin(store), begin(store)

    assert store.admit_some("daily", {mine}, 1, lambda run: run != dead) == set()
    assert store.admit_some("daily", {mine}, 2, lambda run: run != dead) == {mine}
    assert states(store, dead, alive, mine) == ["INTERRUPTED", "QUEUED", "RUNNING"]


def test_of_a_long_queue_nobody_is_asked_about_who_waits_behind_the_last_place(store):
    owner = begin(store, "other")
    running, *queued = [begin(store, parent=owner) for _ in range(50)]
    store.admit_some("daily", {running}, 1, lambda run: True)
    asked = []

    assert store.admit(queued[-1], 3, lambda run: not asked.append(run)) == "QUEUED"
    assert asked == [owner]


def test_the_children_that_no_open_attempt_names_end_when_their_run_goes_on(store):
    """Its process was killed after it had begun them, and before it had noted so."""
    run = begin(store)
    named, unknown, done = (begin(store, "child", run) for _ in range(3))
    grandchild = begin(store, "grandchild", unknown, owner=run)
    store.note_attempt(attempt(run, child_run_id=named))
    store.note_end(done, "SUCCESS", STARTED, 1.0)
    store.commit()

    store.reopen(run, {})

    assert states(store, run, named) == ["QUEUED", "QUEUED"]
    assert [store.run(each).result for each in (unknown, grandchild, done)] == ["CANCELED", "CANCELED", "SUCCESS"]


def test_a_child_of_an_attempt_that_has_ended_does_not_go_on(store):
    run = begin(store)
    child = begin(store, "child", run)
    store.note_attempt(attempt(run, child_run_id=child, result="FAILED"))
    store.commit()

    store.reopen(run, {})

    assert store.run(child).result == "CANCELED"


def test_a_run_that_has_ended_or_gone_on_meanwhile_is_not_interrupted(store):
    done, gone_on = begin(store), begin(store)
    store.note_end(done, "SUCCESS", STARTED, 1.0)
    store.commit()

    store.interrupted(done)
    store.interrupted(gone_on, is_alive=lambda: True)

    assert states(store, done, gone_on) == ["TERMINATED", "QUEUED"]


def test_an_attempt_that_sets_values_replaces_those_of_the_one_before(store):
    run = begin(store)
    store.note_values(run, "a", {"x": 1})
    store.note_values(run, "a", {"y": 2})
    store.commit()

    assert store.history(run).values == {"a": {"y": 2}}


def test_logs_are_found_when_the_checkout_has_moved(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    outcome = TaskOutcome(task_key="a", kind="python", result="SUCCESS", attempts=1, duration_s=1.0)
    with RunStore(before / "runs.db") as store:
        run = begin(store)
        store.note_attempt(attempt(run, 1, directory=str(before / "runs" / "1")))
        store.note_attempt(attempt(run, 2, directory="/elsewhere/2"))
        store.note_outcome(run, TaskOutcome(**vars(outcome) | {"log": str(before / "runs" / "1" / "stderr.log")}))
    shutil.move(before, after)

    with RunStore(after / "runs.db") as store:
        history = store.history(run)

    assert [made.directory for made in history.attempts] == [str(after / "runs" / "1"), "/elsewhere/2"]
    assert history.outcomes[("a", None)].log == str(after / "runs" / "1" / "stderr.log")


def test_a_number_that_no_run_can_have_is_no_run(store):
    with pytest.raises(UsageError, match="there is no run 99999999999999999999"):
        store.run(99_999_999_999_999_999_999)


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path):
    with closing(RunStore(tmp_path / "runs.db")) as store:
        run = begin(store)
        store._db.execute("pragma max_page_count = 1")
        store.note_values(run, "a", {f"k{number}": "x" * 4000 for number in range(200)})
        with pytest.raises(FrameworkError, match=r"runs\.db cannot be used: database or disk is full") as raised:
            store.commit()
        store._noted.clear()

        assert "Make room" in raised.value.hint
        assert store.history(run).values == {}


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "runs.db").write_text("no database at all, whatever its name says" * 100)

    with pytest.raises(FrameworkError, match=r"runs\.db cannot be used: file is not a database") as raised:
        RunStore(tmp_path / "runs.db")
    assert "Move the file away" in raised.value.hint


def test_a_database_that_another_process_keeps_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    with RunStore(tmp_path / "runs.db") as store, closing(sqlite3.connect(tmp_path / "runs.db")) as other:
        other.execute("begin exclusive")
        with pytest.raises(FrameworkError, match="database is locked") as raised:
            begin(store)

    assert "Another process" in raised.value.hint


def test_a_store_of_a_newer_version_is_left_alone(tmp_path):
    with closing(sqlite3.connect(tmp_path / "runs.db")) as newer:
        newer.execute("pragma user_version = 99")

    with pytest.raises(FrameworkError, match=r"written by a newer version .*\(schema 99\)"):
        RunStore(tmp_path / "runs.db")


def test_a_run_that_ended_is_to_be_recorded_once_and_again_after_its_repair(store):
    first, second, open_one = begin(store), begin(store), begin(store)
    for run in (first, second):
        store.note_end(run, "FAILED", STARTED, 1.0)
    store.commit()

    pending = [run.job_run_id for run in store.unrecorded()]
    store.note_recorded(store.run(first))
    store.commit()
    then = [run.job_run_id for run in store.unrecorded()]
    store.begin_repair(store.run(first), [], {}, None)
    store.note_end(first, "SUCCESS", STARTED, 1.0)
    store.commit()

    assert (pending, then) == ([second, first], [second])
    assert [run.job_run_id for run in store.unrecorded(5)] == [second, first]
    assert (store.recorded(first), store.recorded(second), store.recorded(open_one)) == (1, 0, 0)


def test_whatever_has_not_ended_or_is_not_recorded_is_pending_however_old_and_deep_it_is(store):
    interrupted = begin(store)
    child = begin(store, "child", interrupted)
    grandchild = begin(store, "grandchild", child, owner=interrupted)
    store.interrupted(interrupted)
    ended, recorded = begin(store), begin(store)
    for run in (ended, recorded):
        store.note_end(run, "SUCCESS", STARTED, 1.0)
    store.note_recorded(store.run(recorded))
    store.commit()

    assert [run.job_run_id for run in store.pending()] == [interrupted, child, grandchild, ended]


def test_the_runs_of_an_earlier_version_are_to_be_recorded_too(tmp_path):
    file = tmp_path / "runs.db"
    with RunStore(file) as store:
        ended = begin(store)
        store.note_end(ended, "SUCCESS", STARTED, 1.0)
    with closing(sqlite3.connect(file)) as earlier:
        earlier.executescript("drop trigger ended; drop table unrecorded; drop table recorded; pragma user_version = 1")

    with RunStore(file) as store:
        assert [run.job_run_id for run in store.unrecorded()] == [ended]
