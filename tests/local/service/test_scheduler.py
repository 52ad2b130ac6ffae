"""Order, retries, limits and cancellation, with attempts that end when the test says and a clock that the test owns."""

import json

import pytest

from framework.core.errors import LocalEngineError
from framework.core.events import AttemptStarted, TaskEnded

SECONDS = 10.0
NO_RECORD = -1


def test_a_task_starts_when_what_it_waits_for_is_done_and_others_run_beside_it(service, script, task):
    script = script(seconds={"b": 30})

    result, results, _, events = run(script, task("a"), task("b"), task("c", "a"), task("d", "b", "c"))

    assert result == "SUCCESS"
    assert set(results.values()) == {"SUCCESS"}
    assert script.most_at_once == 2
    assert [e.task_key for e in events if isinstance(e, AttemptStarted)] == ["a", "b", "c", "d"]
    assert script.now == 1000 + 30 + SECONDS


def test_no_more_attempts_at_a_time_than_allowed(service, script, task):
    script = script()

    run(script, *[task(key) for key in "abcdef"], max_parallel=2)

    assert script.most_at_once == 2


def test_what_follows_a_failure_is_not_run_but_its_handler_is(service, script, task):
    script = script(exits={"a": [1]})

    result, results, outcomes, _ = run(
        script, task("a"), task("b", "a"), task("c", "b"), task("alert", "a", run_if="AT_LEAST_ONE_FAILED")
    )

    assert result == "FAILED"
    assert results == {"a": "FAILED", "b": "UPSTREAM_FAILED", "c": "UPSTREAM_FAILED", "alert": "SUCCESS"}
    assert outcomes["b"].attempts == 0


def test_retries_count_from_the_start_of_the_failed_attempt(service, script, task):
    script = script(exits={"a": [1, 1, 0]})

    _, results, outcomes, _ = run(script, task("a", max_retries=2, min_retry_interval_millis=25_000))

    assert results == {"a": "SUCCESS"}
    assert outcomes["a"].attempts == 3
    assert script.now == 1000 + 25 + 25 + SECONDS
    assert outcomes["a"].duration_s == 60


def test_a_retry_waits_for_a_free_place_without_spinning(service, script, task):
    script = script(exits={"a": [1, 0]}, seconds={"b": 300})

    _, results, _, _ = run(script, task("a", max_retries=1), task("b"), task("c"), max_parallel=1)

    assert set(results.values()) == {"SUCCESS"}
    assert script.waits < 1500


def test_an_attempt_over_its_time_limit_is_killed_and_retried_only_if_it_says_so(service, script, task):
    slow = {"a": 100.0}

    _, once, outcomes, _ = run(script(seconds=slow), task("a", timeout_seconds=20, max_retries=3))
    _, again, retried, _ = run(
        script(seconds=slow), task("a", timeout_seconds=20, max_retries=1, retry_on_timeout=True)
    )

    assert (once, outcomes["a"].attempts) == ({"a": "TIMEDOUT"}, 1)
    assert "timeout_seconds of the task" in outcomes["a"].error.hint
    assert (again, retried["a"].attempts) == ({"a": "TIMEDOUT"}, 2)


def test_a_job_over_its_time_limit_ends_everything(service, script, task):
    result, results, outcomes, _ = run(script(), task("a"), task("b", "a"), task("c", "b"), timeout_seconds=15)

    assert result == "TIMEDOUT"
    assert results == {"a": "SUCCESS", "b": "TIMEDOUT", "c": "CANCELED"}
    assert "timeout_seconds of the pipeline" in outcomes["b"].error.hint


def test_an_interruption_at_any_moment_ends_the_run(service, script, task):
    for moment in range(1, 8):
        script = script(seconds={"a": 1, "b": 1})

        def interrupt(script, moment=moment) -> None:
            if script.waits == moment:
                service.scheduler.interrupt()

        script.at_wait = interrupt
        result, results, _, _ = run_again(run, script)

        assert result == "CANCELED", moment
        assert "CANCELED" in results.values()
        assert not script.running


def run_again(run, script):
    return run(script, task("a"), task("b", "a"), task("c", "b"), task("d", "c"))


def test_an_engine_that_dies_leaves_what_is_known(service, script, task):
    script = script()

    def die(script) -> None:
        if "b" in [key for key, _ in script.running.values()]:
            raise LocalEngineError("the local engine has ended", "See its log.")

    script.at_wait = die
    result, results, outcomes, events = run(script, task("a"), task("b", "a"), task("c", "b"))

    assert result == "FAILED"
    assert results == {"a": "SUCCESS", "b": "INTERNAL_ERROR", "c": "CANCELED"}
    assert outcomes["b"].error.message == "the local engine has ended"
    assert [e.task_key for e in events if isinstance(e, TaskEnded)] == ["a", "b", "c"]


@pytest.mark.parametrize("record", ["{", "", "{}", "[]", "\udcff", json.dumps({"result": "SUCCESS"})])
def test_a_broken_record_is_a_failed_task_and_nothing_else_is_lost(service, script, task, record):
    script = script(exits={"a": [1]})

    def break_record(script) -> None:
        for attempt_id, (key, _) in script.running.items():
            if key == "a":
                file = script.directories[attempt_id] / "record.json"
                file.write_bytes(record.encode("utf-8", "surrogateescape"))

    script.at_wait = break_record
    _, results, outcomes, _ = run(script, task("a"), task("b"))

    assert results == {"a": "FAILED", "b": "SUCCESS"}
    assert "record cannot be read" in outcomes["a"].error.message


def test_a_process_that_exits_with_0_without_a_record_has_failed(service, script, task):
    script = script(exits={"a": [NO_RECORD]})

    _, results, outcomes, _ = run(script, task("a"))

    assert results == {"a": "FAILED"}
    assert outcomes["a"].error.message == "the task's process exited with code 0 without recording a result"
