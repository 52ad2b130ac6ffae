"""Tasks that are said never to run, against the rules of the local Jobs service in every way that a run can go."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from framework.check.branch_checks import exclude_each_other, needed_branches
from framework.local.rules import decide
from framework.resolve.resolved import Dependency, ResolvedTask

RUN_IF = ("ALL_SUCCESS", "ALL_DONE", "NONE_FAILED", "AT_LEAST_ONE_SUCCESS", "ALL_FAILED", "AT_LEAST_ONE_FAILED")


def task(key, depends_on=(), run_if="ALL_SUCCESS"):
    return ResolvedTask(
        names=(),
        task_key=key, kind="", options=None, params={}, native={"condition_task": {}}, depends_on=tuple(depends_on),
        settings={"run_if": run_if}, databricks={}, path=("tasks", 0),
    )  # fmt: skip


@st.composite
def graphs(draw):
    tasks = []
    for index in range(draw(st.integers(1, 6))):
        before = draw(st.lists(st.sampled_from(range(index)), unique=True, max_size=3)) if index else []
        edges = [Dependency(str(each), draw(st.sampled_from(["", "true", "false"]))) for each in before]
        tasks.append(task(str(index), edges, draw(st.sampled_from(RUN_IF))))
    return tuple(tasks)


def those_that_run(tasks, ends):
    """The tasks that execute when each one that does ends as given: true, false or failed."""
    results, executed = {}, set()
    for each, end in zip(tasks, ends, strict=True):
        outcomes = [(d.task_key, d.outcome) for d in each.depends_on if d.outcome]
        taken = all(key in executed and ends[int(key)] == outcome for key, outcome in outcomes)
        run_if = each.settings["run_if"]
        decision = decide(run_if, [results[d.task_key] for d in each.depends_on], taken)
        if decision == "RUN":
            executed.add(each.task_key)
            decision = "FAILED" if end == "failed" else "SUCCESS"
        results[each.task_key] = decision
    return executed


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_a_task_that_is_said_never_to_run_never_does(tasks):
    never = {key for key, branches in needed_branches(tasks).items() if branches is None}
    ways = product(("true", "false", "failed"), repeat=len(tasks))

    assert not never & set().union(*(those_that_run(tasks, ends) for ends in ways))


def test_a_task_behind_both_branches_may_run():
    tasks = (
        task("check"),
        task("big", [Dependency("check", "true")]),
        task("small", [Dependency("check", "false")]),
        task("join", [Dependency("big"), Dependency("small")]),
    )

    assert None not in needed_branches(tasks).values()


def test_what_waits_for_a_branch_without_failures_runs_on_that_branch_alone():
    tasks = (
        task("check"),
        task("big", [Dependency("check", "true")]),
        task("enough", [Dependency("big")], "NONE_FAILED"),
        task("never", [Dependency("enough", "true"), Dependency("check", "false")]),
    )

    assert needed_branches(tasks)["never"] is None


def test_tasks_on_both_branches_exclude_each_other():
    tasks = (
        task("check"),
        task("big", [Dependency("check", "true")]),
        task("bigger", [Dependency("big")]),
        task("small", [Dependency("check", "false")]),
        task("always", [Dependency("bigger"), Dependency("small")]),
    )
    needed = needed_branches(tasks)

    assert exclude_each_other("bigger", "small", needed)
    assert not exclude_each_other("big", "bigger", needed)
    assert not exclude_each_other("always", "small", needed)
