"""Order, retries, limits and cancellation, with attempts that end when the test says and a clock that the test owns."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from databricks.bundles.jobs import Job

from framework.core.errors import LocalEngineError
from framework.core.events import AttemptStarted, Event, TaskEnded
from framework.core.task_run import AttemptRecord
from framework.local.protocol import AttemptEnded, AttemptSpec
from framework.local.scheduler import Scheduler

NO_RECORD = -1
"""For ``exits``: code 0, but nothing is recorded."""
SECONDS = 10.0
"""How long an attempt takes that the test says nothing else about."""


@dataclass
class Script:
    """An engine whose attempts take ``seconds`` of a clock of its own, and end with the code that ``exits`` gives."""

    exits: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    now: float = 1000.0
    waits: int = 0
    at_start: Callable[[], None] = lambda: None
    at_wait: Callable[["Script"], None] = lambda script: None
    running: dict[str, tuple[str, float]] = field(default_factory=dict)
    ended: list[AttemptEnded] = field(default_factory=list)
    most_at_once: int = 0
    directories: dict[str, Path] = field(default_factory=dict)

    def start(self, spec: AttemptSpec) -> None:
        key = spec.argv[0]
        self.running[spec.attempt_id] = (key, self.now + self.seconds.get(key, SECONDS))
        self.directories[spec.attempt_id] = spec.directory
        self.most_at_once = max(self.most_at_once, len(self.running))
        self.at_start()

    def cancel(self, attempt_id: str) -> None:
        if self.running.pop(attempt_id, None):
            self.ended.append(AttemptEnded(attempt_id, None, 9, canceled=True))

    def wait(self, timeout: float | None) -> list[AttemptEnded]:
        self.waits += 1
        assert self.waits < 5000, "the scheduler spins"
        self.at_wait(self)
        if not self.ended:
            self._pass_time(timeout)
        ended, self.ended = self.ended, []
        return ended

    def _pass_time(self, timeout: float | None) -> None:
        first = min((end for _, end in self.running.values()), default=float("inf"))
        self.now = max(self.now, min(first, self.now + (timeout if timeout is not None else 1e9)))
        for attempt_id, (key, end) in list(self.running.items()):
            if end <= self.now:
                del self.running[attempt_id]
                code = self.exits[key].pop(0) if self.exits.get(key) else 0
                if code == 0:
                    (self.directories[attempt_id] / "record.json").write_text(success(key))
                self.ended.append(AttemptEnded(attempt_id, max(code, 0), None, canceled=False))


def success(key: str) -> str:
    return AttemptRecord(
        job_run_id="1", task_run_id="1", attempt=1, project="p", pipeline="q", target="local", task_key=key,
        kind="python", result="SUCCESS", started_at="", ended_at="",
    ).to_json()  # fmt: skip


def task(key: str, *upstream: str, **settings: Any) -> dict[str, Any]:
    wheel = {"package_name": "p", "entry_point": "e"}
    return {"task_key": key, "python_wheel_task": wheel, "depends_on": [{"task_key": u} for u in upstream], **settings}


@pytest.fixture
def run(tmp_path):
    """Executes tasks on a script: (job result, results by key, outcomes by key, events)."""

    def execute(script: Script, *tasks: dict[str, Any], max_parallel: int = 4, **settings: Any):
        job = Job.from_dict({"name": "job", "tasks": list(tasks), **settings})
        events: list[Event] = []

        def attempt(task: Any, task_run_id: str, attempt: int, progress: Any) -> AttemptSpec:
            directory = tmp_path / str(len(list(tmp_path.iterdir())))
            directory.mkdir()
            return AttemptSpec(attempt_id=task_run_id, argv=(task.task_key,), directory=directory, cwd=tmp_path)

        scheduler = Scheduler(
            job=job, job_run_id=1, engine=script, make_attempt=attempt, kinds={t["task_key"]: "python" for t in tasks},
            listener=events.append, max_parallel=max_parallel, clock=lambda: script.now,
        )  # fmt: skip
        execute.scheduler = scheduler
        result, outcomes = scheduler.execute()
        return result, {o.task_key: o.result for o in outcomes}, {o.task_key: o for o in outcomes}, events

    return execute


def test_a_task_starts_when_what_it_waits_for_is_done_and_others_run_beside_it(run):
    script = Script(seconds={"b": 30})

    result, results, _, events = run(script, task("a"), task("b"), task("c", "a"), task("d", "b", "c"))

    assert result == "SUCCESS"
    assert set(results.values()) == {"SUCCESS"}
    assert script.most_at_once == 2
    assert [e.task_key for e in events if isinstance(e, AttemptStarted)] == ["a", "b", "c", "d"]
    assert script.now == 1000 + 30 + SECONDS


def test_no_more_attempts_at_a_time_than_allowed(run):
    script = Script()

    run(script, *[task(key) for key in "abcdef"], max_parallel=2)

    assert script.most_at_once == 2


def test_what_follows_a_failure_is_not_run_but_its_handler_is(run):
    script = Script(exits={"a": [1]})

    result, results, outcomes, _ = run(
        script, task("a"), task("b", "a"), task("c", "b"), task("alert", "a", run_if="AT_LEAST_ONE_FAILED")
    )

    assert result == "FAILED"
    assert results == {"a": "FAILED", "b": "UPSTREAM_FAILED", "c": "UPSTREAM_FAILED", "alert": "SUCCESS"}
    assert outcomes["b"].attempts == 0


def test_retries_count_from_the_start_of_the_failed_attempt(run):
    script = Script(exits={"a": [1, 1, 0]})

    _, results, outcomes, _ = run(script, task("a", max_retries=2, min_retry_interval_millis=25_000))

    assert results == {"a": "SUCCESS"}
    assert outcomes["a"].attempts == 3
    assert script.now == 1000 + 25 + 25 + SECONDS
    assert outcomes["a"].duration_s == 60


def test_a_retry_waits_for_a_free_place_without_spinning(run):
    script = Script(exits={"a": [1, 0]}, seconds={"b": 300})

    _, results, _, _ = run(script, task("a", max_retries=1), task("b"), task("c"), max_parallel=1)

    assert set(results.values()) == {"SUCCESS"}
    assert script.waits < 1500


def test_an_attempt_over_its_time_limit_is_killed_and_retried_only_if_it_says_so(run):
    slow = {"a": 100.0}

    _, once, outcomes, _ = run(Script(seconds=slow), task("a", timeout_seconds=20, max_retries=3))
    _, again, retried, _ = run(
        Script(seconds=slow), task("a", timeout_seconds=20, max_retries=1, retry_on_timeout=True)
    )

    assert (once, outcomes["a"].attempts) == ({"a": "TIMEDOUT"}, 1)
    assert "timeout_seconds of the task" in outcomes["a"].error.hint
    assert (again, retried["a"].attempts) == ({"a": "TIMEDOUT"}, 2)


def test_a_job_over_its_time_limit_ends_everything(run):
    result, results, outcomes, _ = run(Script(), task("a"), task("b", "a"), task("c", "b"), timeout_seconds=15)

    assert result == "TIMEDOUT"
    assert results == {"a": "SUCCESS", "b": "TIMEDOUT", "c": "CANCELED"}
    assert "timeout_seconds of the pipeline" in outcomes["b"].error.hint


def test_an_interruption_at_any_moment_ends_the_run(run):
    for moment in range(1, 8):
        script = Script(seconds={"a": 1, "b": 1})

        def interrupt(script: Script, moment: int = moment) -> None:
            if script.waits == moment:
                run.scheduler.interrupt()

        script.at_wait = interrupt
        result, results, _, _ = run_again(run, script)

        assert result == "CANCELED", moment
        assert "CANCELED" in results.values()
        assert not script.running


def run_again(run, script):
    return run(script, task("a"), task("b", "a"), task("c", "b"), task("d", "c"))


def test_an_engine_that_dies_leaves_what_is_known(run):
    script = Script()

    def die(script: Script) -> None:
        if "b" in [key for key, _ in script.running.values()]:
            raise LocalEngineError("the local engine has ended", "See its log.")

    script.at_wait = die
    result, results, outcomes, events = run(script, task("a"), task("b", "a"), task("c", "b"))

    assert result == "FAILED"
    assert results == {"a": "SUCCESS", "b": "INTERNAL_ERROR", "c": "CANCELED"}
    assert outcomes["b"].error.message == "the local engine has ended"
    assert [e.task_key for e in events if isinstance(e, TaskEnded)] == ["a", "b", "c"]


@pytest.mark.parametrize("record", ["{", "", "{}", "[]", "\udcff", json.dumps({"result": "SUCCESS"})])
def test_a_broken_record_is_a_failed_task_and_nothing_else_is_lost(run, record):
    script = Script(exits={"a": [1]})

    def break_record(script: Script) -> None:
        for attempt_id, (key, _) in script.running.items():
            if key == "a":
                file = script.directories[attempt_id] / "record.json"
                file.write_bytes(record.encode("utf-8", "surrogateescape"))

    script.at_wait = break_record
    _, results, outcomes, _ = run(script, task("a"), task("b"))

    assert results == {"a": "FAILED", "b": "SUCCESS"}
    assert "record cannot be read" in outcomes["a"].error.message


def test_a_process_that_exits_with_0_without_a_record_has_failed(run):
    script = Script(exits={"a": [NO_RECORD]})

    _, results, outcomes, _ = run(script, task("a"))

    assert results == {"a": "FAILED"}
    assert outcomes["a"].error.message == "the task's process exited with code 0 without recording a result"
