"""Conditions, loops, runs of other jobs, disabled tasks, values, queues and repairs: each test quotes its rule."""

import pytest
from databricks.bundles.jobs import Job

from framework.core.errors import UsageError
from framework.local.past import Past
from framework.local.selection import to_rerun
from framework.records.run_values import StoredAttempt

SECONDS = 10.0


def condition(left, op, right):
    return {"condition_task": {"left": left, "op": op, "right": right}}


@pytest.mark.parametrize(
    ("left", "op", "right", "branch"),
    [
        ("12.0", "EQUAL_TO", "12", "false"),
        ("12.0", "NOT_EQUAL", "12", "true"),
        ("12.0", "GREATER_THAN_OR_EQUAL", "12", "true"),
        ("9", "LESS_THAN", "12", "true"),
        ("1e3", "GREATER_THAN", "999.9", "true"),
        ("12", "LESS_THAN_OR_EQUAL", "9", "false"),
    ],
)
def test_equality_compares_strings_and_order_compares_numbers(service, script, task, left, op, right, branch):
    """`EQUAL_TO`, `NOT_EQUAL` compare strings ("12.0" is not "12"); `GREATER_THAN`, … compare numbers."""
    ran = service.run(
        script(), task("check", **condition(left, op, right)), task("yes", "check:true"), task("no", "check:false")
    )

    assert ran.outcomes["check"].branch == branch
    taken, other = ("yes", "no") if branch == "true" else ("no", "yes")
    assert (ran.results[taken], ran.results[other]) == ("SUCCESS", "EXCLUDED")
    assert (ran.outcomes["check"].kind, ran.outcomes[other].kind) == ("condition_task", "ours")
    assert ran.result == "SUCCESS"


def test_a_number_is_asked_for(service, script, task):
    """Anything else fails the task."""
    ran = service.run(script(), task("check", **condition("many", "GREATER_THAN", "1")), task("a", "check:true"))

    assert ran.results == {"check": "FAILED", "a": "UPSTREAM_FAILED"}
    assert ran.error("check") == "'many' is not a number, and this condition compares numbers"


@pytest.mark.parametrize(("value", "written"), [(True, "true"), (3, "3"), (0.5, "0.5"), ("x", "x"), ("[1]", "[1]")])
def test_a_task_value_is_an_operand(service, script, task, value, written):
    """A task value as operand is a number, string or boolean (written "true"/"false")."""
    ran = service.run(
        script(values={"a": {"v": value}}),
        task("a"),
        task("check", "a", **condition("{{tasks.a.values.v}}", "EQUAL_TO", written)),
    )

    assert ran.outcomes["check"].branch == "true"


@pytest.mark.parametrize(("value", "written"), [([1], "[1]"), ({"a": [1]}, '{"a": [1]}'), (None, "null")])
def test_a_list_an_object_and_null_are_no_operands(service, script, task, value, written):
    """A task value as operand is a number, string or boolean, anything else fails the task."""
    ran = service.run(
        script(values={"a": {"v": value}}),
        task("a"),
        task("check", "a", **condition("{{tasks.a.values.v}}", "EQUAL_TO", written)),
    )

    assert ran.results == {"a": "SUCCESS", "check": "FAILED"}
    assert ran.error("check").startswith("{{tasks.a.values.v}} is no number, string or boolean")


def test_an_operand_from_a_disabled_task_fails_the_condition(service, script, task):
    """An operand from a disabled task fails it."""
    check = condition("{{tasks.a.values.v}}", "EQUAL_TO", "1")
    ran = service.run(script(), task("a", disabled=True), task("check", "a", run_if="ALL_DONE", **check))

    assert ran.results == {"a": "DISABLED", "check": "FAILED"}
    assert "task 'a' (DISABLED) set no 'v'" in ran.error("check")


def test_exclusion_goes_down_the_graph(service, script, task):
    """Every dependency EXCLUDED: EXCLUDED, whatever its `run_if`, and so on down the graph."""
    ran = service.run(
        script(),
        task("check", **condition("1", "EQUAL_TO", "2")),
        task("a", "check:true"),
        task("b", "a", run_if="ALL_DONE"),
        task("join", "b", "check:false"),
    )

    assert ran.results == {"check": "SUCCESS", "a": "EXCLUDED", "b": "EXCLUDED", "join": "SUCCESS"}


def loop(task, inputs, *upstream, inner=None, **settings):
    each = {"task": inner or task("each", named={"x": "{{input}}"}), "inputs": inputs, **settings}
    return task("loop", *upstream, for_each_task=each)


def test_a_loop_runs_its_task_once_per_input_and_no_more_at_a_time_than_it_says(service, script, task):
    """`concurrency` 1 to 100, default 1. Others depend on the outer task only."""
    one = service.run(script(), loop(task, "[1, 2, 3]"), task("after", "loop"))
    two = service.run(script(), loop(task, "[1, 2, 3]", concurrency=2))

    assert one.script.started == ["loop[0]", "loop[1]", "loop[2]", "after"]
    assert (one.script.most_at_once, two.script.most_at_once) == (1, 2)
    assert [each.result for each in one.outcomes["loop"].iterations] == ["SUCCESS"] * 3


def test_an_input_reaches_its_iteration(service, script, task):
    """`{{input}}`, `{{input.key}}`."""
    inner = task("each", named={"x": "{{input.country}}", "all": "{{input}}"})
    ran = service.run(script(), loop(task, '[{"country": "UK"}, {"country": "FR"}]', inner=inner))

    arguments = [spec.argv[1:] for spec in ran.script.specs.values()]
    assert arguments == [("x=UK", 'all={"country": "UK"}'), ("x=FR", 'all={"country": "FR"}')]


def test_inputs_come_from_a_task_value_or_a_job_parameter(service, script, task):
    """`inputs`: a JSON array, inline or by reference to a job parameter, task value or SQL output."""
    by_value = service.run(script(values={"a": {"n": [7]}}), task("a"), loop(task, "{{tasks.a.values.n}}", "a"))
    by_parameter = service.run(
        script(), loop(task, "{{job.parameters.n}}"), parameters=[{"name": "n", "default": "[8]"}]
    )

    assert [spec.argv[1:] for spec in by_value.script.specs.values()] == [(), ("x=7",)]
    assert [spec.argv[1:] for spec in by_parameter.script.specs.values()] == [("x=8",)]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("{}", "no JSON array"),
        ("nothing", "no JSON array"),
        ("[" + "1," * 5000 + "1]", "takes 10,000"),
        ("{{job.parameters.long}}", "takes 49,152"),
    ],
)
def test_inputs_that_the_service_would_refuse_fail_the_loop(service, script, task, inputs, message):
    """Inline (10,000 characters) or by reference (48 KB)."""
    long = {"name": "long", "default": "[" + "1," * 30_000 + "1]"}
    ran = service.run(script(), loop(task, inputs), parameters=[long])

    assert ran.results == {"loop": "FAILED"}
    assert message in ran.error("loop")


def test_a_failed_iteration_fails_the_loop_and_the_others_go_on(service, script, task):
    """Each iteration has a result of its own. (Whether the others go on is not settled: they do.)"""
    ran = service.run(script(exits={"loop[1]": [1]}), loop(task, "[1, 2, 3]"), task("after", "loop"))

    assert ran.results == {"loop": "FAILED", "after": "UPSTREAM_FAILED"}
    assert [each.result for each in ran.outcomes["loop"].iterations] == ["SUCCESS", "FAILED", "SUCCESS"]
    assert ran.error("loop").startswith("1 of 3 iterations did not succeed (1)")


def test_an_iteration_is_retried_by_itself_and_an_empty_loop_succeeds(service, script, task):
    """The inner task has retries of its own."""
    inner = task("each", max_retries=1)
    ran = service.run(script(exits={"loop[0]": [1, 0]}), loop(task, "[1, 2]", inner=inner))
    empty = service.run(script(), loop(task, "[]"))

    assert ran.script.started == ["loop[0]", "loop[0]", "loop[1]"]
    assert (ran.result, empty.result) == ("SUCCESS", "SUCCESS")


def test_a_loop_over_its_time_limit_ends_with_what_it_was_doing(service, script, task):
    """`timeout_seconds` is per attempt: here, of the loop as a whole."""
    each = {"task": task("each", max_retries=3, retry_on_timeout=True), "inputs": "[1, 2, 3, 4]", "concurrency": 2}
    late = task("loop", timeout_seconds=15, for_each_task=each)
    ran = service.run(script(), late, task("after", "loop"), task("alert", "loop", run_if="ALL_FAILED"))

    assert ran.results == {"loop": "TIMEDOUT", "after": "UPSTREAM_FAILED", "alert": "SUCCESS"}
    assert [each.result for each in ran.outcomes["loop"].iterations] == ["SUCCESS", "SUCCESS", "TIMEDOUT", "TIMEDOUT"]
    assert "timeout_seconds of the task" in ran.outcomes["loop"].error.hint
    assert ran.script.now == 1000 + 15 + SECONDS


def test_an_overdue_loop_gives_up_what_waits_for_a_place(service, script, task):
    each = {"task": task("each"), "inputs": "[1, 2, 3, 4]", "concurrency": 4}
    ran = service.run(script(), task("loop", timeout_seconds=15, for_each_task=each), max_parallel=1)

    assert ran.script.started == ["loop[0]", "loop[1]"]
    assert [each.result for each in ran.outcomes["loop"].iterations] == ["SUCCESS", "TIMEDOUT", "CANCELED", "CANCELED"]


def test_an_overdue_loop_begins_nothing_in_the_moment_of_its_limit(service, script, task):
    each = {"task": task("each"), "inputs": "[1, 2, 3]"}
    slow = script(seconds={"loop[0]": 10, "loop[1]": 3600})
    ran = service.run(slow, task("loop", timeout_seconds=10, for_each_task=each))

    assert ran.results == {"loop": "TIMEDOUT"}
    assert ran.script.now <= 1000 + 11


def test_a_loop_that_is_tried_again_keeps_what_succeeded(service, script, task):
    """`max_retries` of the loop itself: only what failed runs again, as attempts with new numbers."""
    each = {"task": task("each"), "inputs": "[1, 2, 3]"}
    again = task("loop", max_retries=1, min_retry_interval_millis=60_000, for_each_task=each)
    ran = service.run(script(exits={"loop[1]": [1, 0]}), again)

    assert ran.script.started == ["loop[0]", "loop[1]", "loop[2]", "loop[1]"]
    assert (ran.result, ran.outcomes["loop"].attempts) == ("SUCCESS", 2)
    assert [each.attempts for each in ran.outcomes["loop"].iterations] == [1, 2, 1]
    assert ran.script.now == 1000 + 60 + SECONDS


def test_a_task_runs_another_job_and_waits_for_it(service, script, task):
    """A run_job task succeeds when the run of its job does."""
    service.jobs[2] = Job.from_dict({"name": "child", "tasks": [task("x"), task("y", "x")]})
    ran = service.run(script(), task("child", run_job_task={"job_id": 2}), task("after", "child"))
    failed = service.run(script(exits={"y": [1]}), task("child", run_job_task={"job_id": 2}))

    assert ran.script.started == ["x", "y", "after"]
    assert (ran.result, failed.results) == ("SUCCESS", {"child": "FAILED"})
    (child,) = service.store.children(ran.run.job_run_id)
    assert child.result == "SUCCESS"


def test_a_time_limit_ends_the_run_that_a_task_started(service, script, task):
    """`timeout_seconds` is per attempt."""
    service.jobs[2] = Job.from_dict({"name": "child", "tasks": [task("x")]})
    slow = script(seconds={"x": 100})
    ran = service.run(slow, task("child", timeout_seconds=20, run_job_task={"job_id": 2}))

    assert ran.results == {"child": "TIMEDOUT"}
    assert not slow.running
    assert service.store.children(ran.run.job_run_id)[0].result == "CANCELED"


def test_execution_count_and_parameters_reach_each_attempt(service, script, task):
    """`{{task.execution_count}}` goes up."""
    named = {"n": "{{task.execution_count}}", "date": "{{job.start_time.iso_date}}"}
    ran = service.run(script(exits={"a": [1, 0]}), task("a", max_retries=1, named=named))

    assert [spec.argv[1:] for spec in ran.script.specs.values()] == [
        ("n=1", "date=2024-03-01"),
        ("n=2", "date=2024-03-01"),
    ]


def test_a_reference_without_a_value_fails_its_task(service, script, task):
    """An unknown member of a known namespace is an error."""
    ran = service.run(script(), task("a"), task("b", "a", named={"x": "{{tasks.a.values.nothing}}"}))

    assert ran.results == {"a": "SUCCESS", "b": "FAILED"}
    assert "task 'a' (SUCCESS) set no 'nothing'" in ran.error("b")


def test_above_max_concurrent_runs_a_run_is_skipped_without_a_queue(service, script, task):
    """Over `max_concurrent_runs` (0 skips all): queued when `queue.enabled`, else SKIPPED."""
    none = service.run(script(), task("a"), max_concurrent_runs=0)
    other = service.stored(1)
    service.store.admit(other.job_run_id, 1, lambda run: True)
    full = service.run(script(), task("a"), max_concurrent_runs=1, queue={"enabled": False})

    assert (none.result, full.result) == ("SKIPPED", "SKIPPED")
    assert full.script.started == []


def test_a_queued_run_begins_when_the_one_before_it_is_done(service, script, task):
    """Queued up to 48 h when `queue.enabled` (bundles' default)."""
    service.jobs[1] = Job.from_dict({"name": "job", "tasks": [task("a")]})
    other = service.stored(1)
    service.store.admit(other.job_run_id, 1, lambda run: True)

    def end_the_other(script):
        if script.waits == 5:
            service.store.note_end(other.job_run_id, "SUCCESS", "", 0.0)
            service.store.commit()

    ran = service.run(script(at_wait=end_the_other), task("a"))

    assert (ran.result, ran.script.waits >= 5) == ("SUCCESS", True)


def repaired(service, script, ran, rerun=(), dependents=False):
    execution = service.execution(ran.run, Past())
    history = service.store.history(ran.run.job_run_id)
    keys = to_rerun(execution.graph, history, rerun, dependents)
    current = service.store.run(ran.run.job_run_id)
    again = service.store.begin_repair(current, keys, {}, current.repair_id)
    return service.again(script, again)


def test_a_repair_runs_what_failed_and_what_waited_for_it(service, script, task):
    """Same `job_run_id`, a new repair; `rerun_all_failed_tasks`; tasks start from scratch; `{{job.repair_count}}`."""
    named = {"repair": "{{job.repair_count}}", "n": "{{task.execution_count}}"}
    tasks = [task("a"), task("b", "a", named=named), task("c", "b"), task("d", "a")]
    ran = service.run(script(exits={"b": [1]}), *tasks)
    again = repaired(service, script(), ran)

    assert again.run.job_run_id == ran.run.job_run_id
    assert again.script.started == ["b", "c"]
    assert next(iter(again.script.specs.values())).argv == ("b", "repair=1", "n=2")
    assert again.result == "SUCCESS"


def test_a_repair_runs_successful_dependents_only_when_told(service, script, task):
    """`rerun_dependent_tasks` (default false) reruns successful dependents too."""
    tasks = [task("a"), task("b", "a"), task("c", "b")]

    alone = repaired(service, script(), service.run(script(), *tasks), ["b"])
    with_dependents = repaired(service, script(), service.run(script(), *tasks), ["b"], dependents=True)

    assert (alone.script.started, with_dependents.script.started) == (["b"], ["b", "c"])


def test_a_disabled_task_is_nothing_to_repair(service, script, task):
    """`rerun_all_failed_tasks`: DISABLED is done, and neither succ nor fail."""
    ran = service.run(script(), task("a"), task("b", disabled=True), task("c", "b"))
    graph = service.execution(ran.run, Past()).graph

    assert ran.results == {"a": "SUCCESS", "b": "DISABLED", "c": "DISABLED"}
    assert to_rerun(graph, service.store.history(ran.run.job_run_id), (), dependents=False) == set()


def test_a_repair_begins_without_the_values_of_what_it_runs_again(service, script, task):
    """Tasks start from scratch."""
    set_once = script(values={"a": {"x": 1}, "b": {"y": 2}}, exits={"b": [1]})
    ran = service.run(set_once, task("a"), task("b", "a"), task("c", "b", run_if="ALL_DONE"))
    folder = service.folder / str(ran.run.job_run_id)
    before = {file.name for file in folder.glob("*.json")}
    repaired(service, script(), ran)

    assert before == {"a.json", "b.json"}
    assert {file.name: file.read_text() for file in folder.glob("*.json")} == {"a.json": '{"x": 1}'}


def test_the_last_attempt_says_which_values_a_task_has(service, script, task):
    """Set by a task, read by those after it: live and after a kill the same ones."""

    def set_another(script):
        script.values["a"] = {"x": 1} if len(script.started) < 2 else {"y": 2}

    ran = service.run(script(exits={"a": [1]}, at_wait=set_another), task("a", max_retries=1))
    live = (service.folder / str(ran.run.job_run_id) / "a.json").read_text()

    assert live == '{"y": 2}'
    assert service.store.history(ran.run.job_run_id).values == {"a": {"y": 2}}


def test_a_lost_attempt_goes_on_under_its_number_and_since_its_beginning(service, script, task):
    """What it had committed before is looked for since then."""
    service.jobs[1] = Job.from_dict({"name": "job", "tasks": [task("a")]})
    run = service.stored(1)
    lost = StoredAttempt(
        task_run_id=f"{run.job_run_id}0001", job_run_id=run.job_run_id, task_key="a", iteration=None, attempt=1,
        repair=0, started_at=run.started_at,
    )  # fmt: skip
    service.store.note_attempt(lost)
    service.store.commit()

    service.again(script(), run)

    (made,) = service.store.history(run.job_run_id).attempts
    assert (made.task_run_id, made.started_at, made.result) == (lost.task_run_id, run.started_at, "SUCCESS")


def test_a_child_that_nobody_had_noted_when_the_process_was_killed_holds_nobody_up(service, script, task):
    """Its run is in the store, the attempt that began it is not: the run goes on with another child."""
    service.jobs[2] = Job.from_dict({"name": "child", "tasks": [task("x")]})
    service.jobs[1] = Job.from_dict({"name": "job", "tasks": [task("child", run_job_task={"job_id": 2})]})
    run = service.stored(1)
    unnoted = service.stored(2, run)

    service.store.reopen(run.job_run_id, {})
    ran = service.again(script(), run)

    assert (ran.results, ran.script.started) == ({"child": "SUCCESS"}, ["x"])
    assert service.store.run(unnoted.job_run_id).result == "CANCELED"


def test_an_iteration_can_be_repaired_alone(service, script, task):
    """Each iteration has a result of its own and can be repaired alone."""
    ran = service.run(script(exits={"loop[1]": [1]}), loop(task, "[1, 2, 3]"))
    again = repaired(service, script(), ran)

    assert again.script.started == ["loop[1]"]
    assert [each.result for each in again.outcomes["loop"].iterations] == ["SUCCESS"] * 3


def test_other_inputs_are_other_iterations(service, script, task):
    """Tasks start from scratch: what succeeded with another input has not been done."""
    tasks = [task("gen"), loop(task, "{{tasks.gen.values.n}}", "gen")]
    ran = service.run(script(values={"gen": {"n": [1, 2, 3]}}, exits={"loop[1]": [1]}), *tasks)
    again = repaired(service, script(values={"gen": {"n": [1, 9]}}), ran, ["gen"])

    assert again.script.started == ["gen", "loop[1]"]
    assert [each.input for each in again.outcomes["loop"].iterations] == ["1", "9"]
    kept = service.store.history(ran.run.job_run_id).outcomes
    assert sorted(index for key, index in kept if key == "loop" and index is not None) == [0, 1]


def test_a_repair_needs_the_latest_repair_and_a_run_that_is_done(service, script, task):
    """The run must be done. From the second on it needs the latest repair's id."""
    ran = service.run(script(exits={"a": [1, 1]}), task("a"))
    stale = service.store.run(ran.run.job_run_id)
    repaired(service, script(exits={"a": [1]}), ran)

    with pytest.raises(UsageError, match="was repaired meanwhile"):
        service.store.begin_repair(stale, [("a", None)], {}, stale.repair_id)
    running = service.stored(1)
    with pytest.raises(UsageError, match="is not done"):
        service.store.begin_repair(running, [], {}, None)


def test_only_a_part_of_the_graph_runs_without_the_conditions_of_the_rest(service, script, task):
    """`only: ["+t", "t+"]` runs part of the graph, with conditions not propagated."""
    service.only = {"yes"}
    ran = service.run(script(), task("check", **condition("1", "EQUAL_TO", "2")), task("yes", "check:true"))

    assert ran.results == {"yes": "SUCCESS"}
