"""``framework runs``, ``framework runs RUN`` and ``framework logs`` on a store with a failed run and some others."""

import fcntl
import json
import re
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework.cli.app import app
from framework.console.log_tail import last_line
from framework.core.job_run import TaskOutcome
from framework.core.task_run import TaskError
from framework.local import stored_runs
from framework.local.ownership import Ownership, is_owned
from framework.local.paths import LocalPaths
from framework.records.run_store import RunStore
from framework.records.run_values import NewRun, StoredAttempt, StoredRun

STARTED, ENDED = "2024-03-01T04:00:00.000Z", "2024-03-01T04:01:15.000Z"
LOST = TaskError("ProjectCodeError", "shop.load:one raised ValueError: no [rows]", "look at the source")


def begin(store: RunStore, pipeline: str, *tasks: str, parent: int | None = None) -> StoredRun:
    return store.begin(
        NewRun(
            job=f"shop/local/{pipeline}", project="shop", pipeline=pipeline, target="local", tasks=tasks, parameters={},
            source={"job_key": pipeline}, started_at=STARTED, parent_run_id=parent, owner_run_id=parent,
        )
    )  # fmt: skip


def end(store: RunStore, run: int, result: str, seconds: float = 75.4) -> None:
    store.note_end(run, result, ENDED, seconds)
    store.commit()


def outcome(key: str, kind: str, result: str = "SUCCESS", **more) -> TaskOutcome:
    return TaskOutcome(task_key=key, kind=kind, result=result, **{"attempts": 1, "duration_s": 3.25, **more})


@pytest.fixture
def utc():
    """Times are shown in the zone of whoever looks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def shop(tmp_path, monkeypatch, utc) -> dict[str, int]:
    """The working directory has runs: one that worked, one that failed with the run it started, one that was killed."""
    monkeypatch.chdir(tmp_path)
    paths = LocalPaths(tmp_path)
    paths.create()
    with RunStore(paths.run_store) as store:
        worked = begin(store, "demand", "features").job_run_id
        end(store, worked, "SUCCESS")
        failed = begin(store, "demand", "check", "per_shop", "report", "score").job_run_id
        child = begin(store, "reporting", "render", parent=failed).job_run_id
        end(store, child, "SUCCESS", 2.5)
        fill(store, paths, failed, child)
        end(store, failed, "FAILED")
        killed = begin(store, "a_pipeline_with_a_long_name", "one").job_run_id
    return {"worked": worked, "failed": failed, "child": child, "killed": killed}


def fill(store: RunStore, paths: LocalPaths, run: int, child: int) -> None:
    for number, (iteration, attempt, result) in enumerate([(0, 1, "SUCCESS"), (1, 1, "FAILED"), (1, 2, "FAILED")], 1):
        directory = paths.attempt(run, f"per_shop[{iteration}]", attempt)
        directory.mkdir(parents=True)
        (directory / "stdout.log").write_bytes(b"shop %d, attempt %d\n\xff\x00 no text\n" % (iteration, attempt))
        (directory / "stderr.log").write_text("a warning\n")
        store.note_attempt(attempt_of(run, "per_shop", number, result, iteration, attempt, directory=str(directory)))
    store.note_attempt(attempt_of(run, "report", 4, "SUCCESS", child_run_id=child))
    log = str(paths.attempt(run, "per_shop[1]", 2) / "stderr.log")
    store.note_outcome(run, outcome("check", "condition", branch="true", duration_s=0.0))
    store.note_outcome(run, outcome("per_shop", "for_each"), 0)
    store.note_outcome(run, outcome("per_shop", "for_each", "FAILED", attempts=2, error=LOST, log=log), 1)
    error = TaskError("JobError", "1 of 2 iterations failed; the first: [1] no [rows]")
    store.note_outcome(run, outcome("per_shop", "for_each", "FAILED", error=error))
    store.note_outcome(run, outcome("report", "run_job", child_run_id=child))
    store.note_outcome(run, outcome("score", "python", "UPSTREAM_FAILED", attempts=0, duration_s=0.0))


def attempt_of(run: int, key: str, number: int, result: str | None, iteration=None, attempt=1, **more) -> StoredAttempt:
    return StoredAttempt(
        task_run_id=f"{run}{number:04}", job_run_id=run, task_key=key, iteration=iteration, attempt=attempt, repair=0,
        started_at=STARTED, result=result, ended_at=ENDED if result else None, **more,
    )  # fmt: skip


def framework(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def without_numbers(shown: str, shop: dict[str, int]) -> str:
    """Numbers of runs, which are times, as long ones that stay the same; and no blanks at the ends of lines."""
    for place, number in enumerate(shop.values(), 1):
        shown = shown.replace(str(number), f"{place:013}")
    return re.sub(r" +$", "", shown, flags=re.MULTILINE)


def test_the_list_of_runs(shop, assert_golden):
    assert_golden("runs.txt", without_numbers(framework("runs").stdout, shop))


def test_a_failed_run_with_its_attempts_its_error_and_its_repair(shop, assert_golden):
    assert_golden("run.txt", without_numbers(framework("runs", shop["failed"]).stdout, shop))


def test_a_run_that_was_killed_says_how_to_go_on(shop):
    shown = framework("runs", "last").stdout

    assert "INTERRUPTED" in shown and "0.0 s" not in shown
    assert f"framework run --resume {shop['killed']}" in shown


def test_a_log_is_the_bytes_of_the_last_attempt(shop):
    both = framework("logs", shop["failed"], "per_shop[1]")
    first = framework("logs", shop["failed"], "per_shop[1]", "--attempt", 1, "--stdout")

    assert both.stdout_bytes == b"shop 1, attempt 2\n\xff\x00 no text\na warning\n"
    assert both.stderr == "--- stdout\n--- stderr\n"
    assert (first.stdout_bytes, first.stderr) == (b"shop 1, attempt 1\n\xff\x00 no text\n", "")


def test_logs_as_lines_of_json(shop):
    lines = '{"@timestamp": "2024-03-01T04:00:01.000Z", "message": "one"}\n'
    paths = LocalPaths(Path.cwd())
    (paths.attempt(shop["failed"], "per_shop[1]", 2) / "log.jsonl").write_text(lines)

    assert framework("logs", shop["failed"], "per_shop[1]", "-o", "json").stdout == lines
    refused = framework("logs", shop["failed"], "per_shop[1]", "-o", "json", "--stdout")
    assert refused.exit_code == 2 and "neither --stdout nor --stderr" in refused.stderr


def test_the_last_line_of_a_log_of_json_is_its_message():
    assert last_line('{"@timestamp":"x","message":"80 %"}\n') == "80 %"
    assert last_line('{"@timestamp":"x","mess') == '{"@timestamp":"x","mess'


def test_a_log_that_is_gone_is_said_to_be_gone(shop):
    directory = LocalPaths(Path.cwd()).attempt(shop["failed"], "per_shop[1]", 2)
    for name in ("stdout.log", "stderr.log"):
        (directory / name).unlink()

    done = framework("logs", shop["failed"], "per_shop[1]")

    assert (done.exit_code, done.stdout) == (2, "")
    assert f"there is no log in {directory}" in done.stderr


def test_a_run_that_ends_while_it_is_looked_at_stays_ended(shop):
    """Who looks has read RUNNING; the run ends, and its process goes; then who looks finds no process."""
    paths = LocalPaths(Path.cwd())
    with RunStore(paths.run_store) as store:
        read = store.run(shop["killed"])
        end(store, read.job_run_id, "SUCCESS")

        assert stored_runs.settled(store, read, paths).result == "SUCCESS"
        assert store.run(read.job_run_id).state == "TERMINATED"


def test_two_who_ask_at_the_same_time_do_not_take_each_other_for_the_owner(tmp_path):
    file = tmp_path / "owner"
    Ownership(file, 1).release()
    with file.open() as another:
        fcntl.flock(another, fcntl.LOCK_SH)

        assert not is_owned(file)


def test_a_log_is_waited_for_and_followed_until_its_attempt_has_ended(shop):
    paths = LocalPaths(Path.cwd())
    run, directory = shop["killed"], paths.attempt(shop["killed"], "one", 1)
    directory.mkdir(parents=True)
    attempt = attempt_of(run, "one", 1, None, directory=str(directory))
    owner = Ownership(paths.owner(run), run)

    def go_on() -> None:
        time.sleep(0.3)
        with RunStore(paths.run_store) as store:
            store.note_attempt(attempt)
        for word in ("first", "second"):
            time.sleep(0.3)
            with (directory / "stdout.log").open("a") as log:
                log.write(f"{word}\n")
        with RunStore(paths.run_store) as store:
            store.note_attempt(replace(attempt, result="SUCCESS", ended_at=ENDED))

    writer = threading.Thread(target=go_on)
    writer.start()
    followed = framework("logs", "last", "one", "--follow", "--stdout")
    writer.join()
    owner.release()

    assert followed.stdout == "first\nsecond\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("logs", "failed", "score"), "has no log of a task 'score'"),
        (("logs", "failed", "report"), "was the run"),
        (("logs", "failed", "per_shop[0]", "--attempt", "2"), "has no attempt 2"),
        (("logs", "last", "score", "-e", "prod"), "framework trace last -e prod tells their addresses"),
        (("runs", "1"), "there is no run 1"),
        (("runs", "first"), "'first' is no run"),
    ],
)
def test_what_is_not_there_is_one_clear_message(shop, arguments, said):
    done = framework(*(shop.get(word, word) for word in arguments))

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
    assert said in done.stderr


@pytest.mark.parametrize("arguments", [("runs", "7"), ("logs", "7", "a")])
def test_a_run_is_asked_for_where_there_has_been_none(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = framework(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert "there is no run in" in done.stderr


def test_a_machine_is_told_so_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = framework("runs", "last", "-o", "json")

    assert (done.exit_code, json.loads(done.stdout)["error"]["hint"]) == (2, "framework run starts one.")


def test_no_runs_are_an_empty_list_where_there_has_been_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert (framework("runs").exit_code, framework("runs", "-o", "json").stdout) == (0, "[]\n")
