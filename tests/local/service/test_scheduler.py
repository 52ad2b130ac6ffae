"""Order, retries, limits and cancellation, with attempts that end when the test says and a clock that the test owns."""

import json

import pytest

from framework.core.errors import LocalEngineError
from framework.core.events import AttemptStarted, TaskEnded

SECONDS = 10.0
NO_RECORD = -1


def test_a_task_starts_when_what_it_waits_for_is_done_and_others_run_beside_it(service, script, task):
    ran = service.run(script(seconds={"b": 30}), task("a"), task("b"), task("c", "a"), task("d", "b", "c"))

    assert ran.result == "SUCCESS"
    assert set(ran.results.values()) == {"SUCCESS"}
    assert ran.script.most_at_once == 2
    assert [e.task_key for e in service.events if isinstance(e, AttemptStarted)] == ["a", "b", "c", "d"]
    assert ran.script.now == 1000 + 30 + SECONDS


def test_no_more_attempts_at_a_time_than_allowed(service, script, task):
    ran = service.run(script(), *[task(key) for key in "abcdef"], max_parallel=2)

    assert ran.script.most_at_once == 2


def test_what_follows_a_failure_is_not_run_but_its_handler_is(service, script, task):
    handler = task("alert", "a", run_if="AT_LEAST_ONE_FAILED")
    ran = service.run(script(exits={"a": [1]}), task("a"), task("b", "a"), task("c", "b"), handler)

    assert ran.result == "FAILED"
    assert ran.results == {"a": "FAILED", "b": "UPSTREAM_FAILED", "c": "UPSTREAM_FAILED", "alert": "SUCCESS"}
    assert ran.outcomes["b"].attempts == 0


def test_retries_count_from_the_start_of_the_failed_attempt(service, script, task):
    ran = service.run(script(exits={"a": [1, 1, 0]}), task("a", max_retries=2, min_retry_interval_millis=25_000))

    assert ran.results == {"a": "SUCCESS"}
    assert ran.outcomes["a"].attempts == 3
    assert ran.script.now == 1000 + 25 + 25 + SECONDS
    assert ran.outcomes["a"].duration_s == 60


def test_retries_without_end_go_on_until_one_succeeds(service, script, task):
    ran = service.run(script(exits={"a": [1] * 30}), task("a", max_retries=-1))

    assert (ran.results, ran.outcomes["a"].attempts) == ({"a": "SUCCESS"}, 31)


def test_a_retry_waits_for_a_free_place_without_spinning(service, script, task):
    ran = service.run(
        script(exits={"a": [1, 0]}, seconds={"b": 300}), task("a", max_retries=1), task("b"), task("c"), max_parallel=1
    )

    assert set(ran.results.values()) == {"SUCCESS"}
    assert ran.script.waits < 1500


def test_an_attempt_over_its_time_limit_is_killed_and_retried_only_if_it_says_so(service, script, task):
    slow = {"a": 100.0}

    once = service.run(script(seconds=slow), task("a", timeout_seconds=20, max_retries=3))
    again = service.run(script(seconds=slow), task("a", timeout_seconds=20, max_retries=1, retry_on_timeout=True))

    assert (once.results, once.outcomes["a"].attempts) == ({"a": "TIMEDOUT"}, 1)
    assert "timeout_seconds of the task" in once.outcomes["a"].error.hint
    assert (again.results, again.outcomes["a"].attempts) == ({"a": "TIMEDOUT"}, 2)


def test_a_job_over_its_time_limit_ends_everything(service, script, task):
    ran = service.run(script(), task("a"), task("b", "a"), task("c", "b"), timeout_seconds=15)

    assert ran.result == "TIMEDOUT"
    assert ran.results == {"a": "SUCCESS", "b": "TIMEDOUT", "c": "CANCELED"}
    assert "timeout_seconds of the pipeline" in ran.outcomes["b"].error.hint


@pytest.mark.parametrize("moment", range(1, 8))
def test_an_interruption_at_any_moment_ends_the_run(service, script, task, moment):
    def interrupt(script):
        if script.waits == moment:
            service.scheduler.interrupt()

    tasks = [task("a"), task("b", "a"), task("c", "b"), task("d", "c")]
    ran = service.run(script(seconds={"a": 1, "b": 1}, at_wait=interrupt), *tasks)

    assert ran.result == "CANCELED"
    assert "CANCELED" in ran.results.values()
    assert not ran.script.running


def test_what_waits_for_a_place_does_not_start_after_an_interruption(service, script, task):
    def interrupt(script):
        if script.waits == 1:
            service.scheduler.interrupt()

    ran = service.run(script(at_wait=interrupt), *[task(key) for key in "abc"], max_parallel=1)

    assert ran.script.started == ["a"]
    assert ran.results == dict.fromkeys("abc", "CANCELED")


def test_an_engine_that_dies_leaves_what_is_known(service, script, task):
    def die(script):
        if "b" in [key for key, _ in script.running.values()]:
            raise LocalEngineError("the local engine has ended", "See its log.")

    ran = service.run(script(at_wait=die), task("a"), task("b", "a"), task("c", "b"))

    assert ran.result == "FAILED"
    assert ran.results == {"a": "SUCCESS", "b": "INTERNAL_ERROR", "c": "CANCELED"}
    assert ran.error("b") == "the local engine has ended"
    assert [e.task_key for e in service.events if isinstance(e, TaskEnded)] == ["a", "b", "c"]


@pytest.mark.parametrize("record", ["{", "", "{}", "[]", "\udcff", json.dumps({"result": "SUCCESS"})])
def test_a_broken_record_is_a_failed_task_and_nothing_else_is_lost(service, script, task, record):
    def break_record(script):
        for attempt_id, (key, _) in script.running.items():
            if key == "a":
                script.specs[attempt_id].directory.mkdir(parents=True, exist_ok=True)
                file = script.specs[attempt_id].directory / "record.json"
                file.write_bytes(record.encode("utf-8", "surrogateescape"))

    ran = service.run(script(exits={"a": [1]}, at_wait=break_record), task("a"), task("b"))

    assert ran.results == {"a": "FAILED", "b": "SUCCESS"}
    assert "record cannot be read" in ran.error("a")


def test_a_process_that_exits_with_0_without_a_record_has_failed(service, script, task):
    ran = service.run(script(exits={"a": [NO_RECORD]}), task("a"))

    assert ran.results == {"a": "FAILED"}
    assert ran.error("a") == "the task's process exited with code 0 without recording a result"


def test_a_run_that_was_killed_goes_on_where_it_was(service, script, task):
    class Killed(Exception):
        pass

    def kill(script):
        if [key for key, _ in script.running.values()] == ["b"]:
            raise Killed

    tasks = [task("a"), task("b", "a"), task("c", "b")]
    with pytest.raises(Killed):
        service.run(script(at_wait=kill, values={"a": {"n": 1}}), *tasks)
    (run,) = service.store.latest(1)
    service.store.reopen(run.job_run_id, {})
    ran = service.again(script(), run)

    assert ran.script.started == ["b", "c"]
    assert ran.results == {"a": "SUCCESS", "b": "SUCCESS", "c": "SUCCESS"}
    history = service.store.history(run.job_run_id)
    assert [(a.task_key, a.attempt, a.result) for a in history.attempts] == [
        ("a", 1, "SUCCESS"), ("b", 1, "SUCCESS"), ("c", 1, "SUCCESS"),
    ]  # fmt: skip
    assert history.values == {"a": {"n": 1}}


def test_an_attempt_that_had_recorded_its_end_before_the_kill_is_not_made_again(service, script, task):
    class Killed(Exception):
        pass

    def finish_and_kill(script):
        (attempt_id,) = script.running
        script._finish(attempt_id, "a")
        raise Killed

    with pytest.raises(Killed):
        service.run(script(at_wait=finish_and_kill), task("a"), task("b", "a"))
    (run,) = service.store.latest(1)
    service.store.reopen(run.job_run_id, {})
    ran = service.again(script(), run)

    assert ran.script.started == ["b"]
    assert set(ran.results.values()) == {"SUCCESS"}
