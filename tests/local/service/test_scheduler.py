"""Order, retries, limits and cancellation, with attempts that end when the test says and a clock that the test owns."""

import json

import pytest
from databricks.bundles.jobs import Job

from framework.core.errors import LocalEngineError
from framework.core.events import AttemptStarted, Note, TaskEnded
from framework.core.ops_tables import times
from framework.local.past import Past
from framework.local.units import Unit
from framework.records.run_values import StoredAttempt

SECONDS = 10.0
NO_RECORD = -1


class Killed(Exception):
    """Stands for kill -9: nothing after it happens."""


def killed_when(happened):
    def at_wait(script):
        if happened(script):
            raise Killed

    return at_wait


def resumed(service, script):
    """The last run goes on in a process of its own, which knows what is on disk."""
    service.store._noted.clear()
    (run,) = service.store.latest(1)
    service.store.reopen(run.job_run_id, run.parameters)
    return service.again(script, run)


def test_a_task_starts_when_what_it_waits_for_is_done_and_others_run_beside_it(service, script, task):
    ran = service.run(script(seconds={"b": 30}), task("a"), task("b"), task("c", "a"), task("d", "b", "c"))

    assert ran.result == "SUCCESS"
    assert set(ran.results.values()) == {"SUCCESS"}
    assert ran.script.most_at_once == 2
    assert [e.task_key for e in service.events if isinstance(e, AttemptStarted)] == ["a", "b", "c", "d"]
    assert ran.script.now == 1000 + 30 + SECONDS
    stored = service.store.run(ran.run.job_run_id)
    assert stored.duration_s == times(stored.started_at, stored.ended_at)["duration_s"]


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


def test_an_engine_that_takes_long_to_start_costs_no_task_or_job_its_time(service, script, task):
    cold = script(seconds_to_start=60)
    ran = service.run(cold, task("a", timeout_seconds=15), task("b", "a"), timeout_seconds=25)

    assert (ran.result, ran.results) == ("SUCCESS", {"a": "SUCCESS", "b": "SUCCESS"})


@pytest.mark.parametrize("again", ["run", "loop"])
def test_what_fails_at_once_and_is_tried_without_end_holds_up_nothing_else(service, script, task, again):
    """`max_retries`: -1 is without end; the job's time limit is one."""
    hopeless = task("x", condition_task={"left": "x", "op": "GREATER_THAN", "right": "1"})
    service.jobs[2] = Job.from_dict({"name": "child", "tasks": [hopeless]})
    work = {"run_job_task": {"job_id": 2}} if again == "run" else {"for_each_task": {"inputs": "[1]", "task": hopeless}}
    passing = script(at_wait=lambda script: setattr(script, "now", script.now + 0.1))
    ran = service.run(passing, task("other"), task("p", max_retries=-1, **work), timeout_seconds=20)

    assert (ran.result, ran.results["other"]) == ("TIMEDOUT", "SUCCESS")


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


def test_a_run_that_goes_on_gives_no_task_run_id_out_twice(service, script, task):
    """One that could not be made has used a number, too."""
    first = script(at_wait=killed_when(lambda script: "led" in script.started))
    with pytest.raises(Killed):
        service.run(first, task("bad", named={"x": "{{tasks.led.values.nothing}}"}), task("led"), task("z", "led"))
    ran = resumed(service, script())

    made = service.store.history(ran.run.job_run_id).attempts
    assert [attempt.task_key for attempt in made] == ["led", "z"]


def test_a_run_of_another_job_that_failed_is_tried_again_as_a_new_run_after_a_kill(service, script, task):
    service.jobs[2] = Job.from_dict({"name": "child", "tasks": [task("x")]})
    with pytest.raises(Killed):
        service.run(
            script(at_wait=killed_when(lambda script: "x" in script.started)),
            task("p", max_retries=1, run_job_task={"job_id": 2}),
        )
    ran = resumed(service, script(exits={"x": [1, 0]}))

    assert ran.results == {"p": "SUCCESS"}
    first, second = service.store.history(ran.run.job_run_id).attempts
    assert (first.result, second.result) == ("FAILED", "SUCCESS")
    assert first.child_run_id != second.child_run_id


def test_a_retry_waits_for_its_interval_after_a_kill_too(service, script, task):
    failing = script(exits={"a": [1]}, at_wait=killed_when(lambda script: script.now > 1000 + SECONDS))
    with pytest.raises(Killed):
        service.run(failing, task("a", max_retries=1, min_retry_interval_millis=600_000))
    ran = resumed(service, script())

    assert ran.results == {"a": "SUCCESS"}
    assert ran.script.now > 1000 + 590


def test_the_time_before_a_kill_counts(service, script, task):
    def attempt(number, began, ended):
        return StoredAttempt(
            task_run_id=f"1{number:04d}", job_run_id=1, task_key="a", iteration=None, attempt=number, repair=0,
            started_at=f"2024-03-01T00:00:{began:02d}Z", ended_at=f"2024-03-01T00:00:{ended:02d}Z", result="FAILED",
        )  # fmt: skip

    past = Past(attempts={Unit("a"): (attempt(1, 5, 12), attempt(3, 20, 31))})

    assert (past.spent(0), past.spent(1), past.numbered(1)) == (26.0, 0.0, 3)


def test_a_run_that_waits_says_so_and_is_skipped_after_two_days(service, script, task):
    """queued up to 48 h when `queue.enabled`"""
    service.jobs[1] = Job.from_dict({"name": "job", "tasks": [task("a")]})
    service.store.admit(service.stored(1).job_run_id, 1, lambda run: True)
    hours = script(at_wait=lambda script: setattr(script, "now", script.now + 3600))
    ran = service.run(hours, task("a"))

    (note,) = [event.message for event in service.events if isinstance(event, Note)]
    assert note.endswith("waits: another run of the job is under way (framework runs shows them)")
    assert (ran.result, ran.script.started) == ("SKIPPED", [])
    assert ran.script.now >= 1000 + 48 * 3600


def test_a_condition_has_a_run_id_of_its_own(service, script, task):
    same = {"left": "{{task.run_id}}", "op": "EQUAL_TO", "right": "{{tasks.first.run_id}}"}
    first = task("first", condition_task={"left": "{{task.run_id}}", "op": "NOT_EQUAL", "right": ""})
    ran = service.run(script(), first, task("second", "first", condition_task=same))

    assert (ran.outcomes["first"].branch, ran.outcomes["second"].branch) == ("true", "false")


@pytest.mark.parametrize("kind", ["condition", "loop"])
def test_what_needs_no_attempt_keeps_its_run_id_after_a_kill(service, script, task, kind):
    work = {
        "condition": {"condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}},
        "loop": {"for_each_task": {"inputs": "[]", "task": task("each")}},
    }[kind]
    tasks = [task("c", **work), task("w", "c"), task("b", "w", named={"x": "{{tasks.c.run_id}}"})]
    with pytest.raises(Killed):
        service.run(script(at_wait=killed_when(lambda script: "w" in script.started)), *tasks)
    ran = resumed(service, script())

    number = service.store.history(ran.run.job_run_id).outcomes["c", None].task_run_id
    assert ran.script.specs[ran.outcomes["b"].task_run_id].argv[1] == f"x={number}"


def test_a_value_that_a_child_cannot_have_fails_the_task_that_runs_it(service, script, task):
    service.jobs[2] = Job.from_dict(
        {"name": "c", "tasks": [task("x")], "parameters": [{"name": "p", "default": "{{backfill.iso_date}}"}]}
    )
    ran = service.run(script(), task("p", run_job_task={"job_id": 2}), task("other"))

    assert ran.results == {"p": "FAILED", "other": "SUCCESS"}
    assert "framework backfill" in ran.error("p")
