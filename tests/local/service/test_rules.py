"""The rules of the Jobs service, each quoted from where it is written down for this project."""

from itertools import product

import pytest

from framework.local.rules import decide, job_result

RUN_IFS = ["ALL_SUCCESS", "AT_LEAST_ONE_SUCCESS", "NONE_FAILED", "ALL_DONE", "AT_LEAST_ONE_FAILED", "ALL_FAILED"]
RESULTS = [
    "SUCCESS", "FAILED", "TIMEDOUT", "CANCELED", "EXCLUDED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED", "INTERNAL_ERROR",
    "DISABLED",
]  # fmt: skip


def test_a_task_without_dependencies_runs():
    assert decide("ALL_SUCCESS", []) == "RUN"


@pytest.mark.parametrize("run_if", RUN_IFS)
def test_every_dependency_excluded_is_excluded_whatever_its_run_if(run_if):
    """Every dependency EXCLUDED: EXCLUDED, whatever its `run_if`, and so on down the graph."""
    assert decide(run_if, ["EXCLUDED", "EXCLUDED"]) == "EXCLUDED"


@pytest.mark.parametrize("run_if", RUN_IFS)
def test_the_branch_not_taken_is_excluded(run_if):
    """`depends_on.outcome` names an edge from a condition task; the branch not taken is EXCLUDED."""
    assert decide(run_if, ["SUCCESS"], branch_taken=False) == "EXCLUDED"
    assert decide(run_if, ["SUCCESS", "SUCCESS"], branch_taken=False) == "EXCLUDED"


@pytest.mark.parametrize(
    ("run_if", "upstream", "decision"),
    [
        ("ALL_SUCCESS", ["SUCCESS", "EXCLUDED"], "RUN"),
        ("ALL_SUCCESS", ["SUCCESS", "FAILED"], "UPSTREAM_FAILED"),
        ("ALL_SUCCESS", ["CANCELED"], "UPSTREAM_CANCELED"),
        ("AT_LEAST_ONE_SUCCESS", ["FAILED", "SUCCESS"], "RUN"),
        ("AT_LEAST_ONE_SUCCESS", ["FAILED", "TIMEDOUT"], "UPSTREAM_FAILED"),
        ("NONE_FAILED", ["SUCCESS", "EXCLUDED"], "RUN"),
        ("NONE_FAILED", ["SUCCESS", "UPSTREAM_FAILED"], "UPSTREAM_FAILED"),
        ("ALL_DONE", ["FAILED", "CANCELED"], "RUN"),
        ("AT_LEAST_ONE_FAILED", ["FAILED", "SUCCESS"], "RUN"),
        ("AT_LEAST_ONE_FAILED", ["SUCCESS"], "EXCLUDED"),
        ("ALL_FAILED", ["FAILED", "INTERNAL_ERROR"], "RUN"),
        ("ALL_FAILED", ["FAILED", "SUCCESS"], "EXCLUDED"),
    ],
)
def test_run_if(run_if, upstream, decision):
    """succ = {SUCCESS, EXCLUDED}; ALL_SUCCESS: all succ, else UPSTREAM_FAILED; AT_LEAST_ONE_SUCCESS: any succ; …"""
    assert decide(run_if, upstream) == decision


@pytest.mark.parametrize(
    ("run_if", "others", "decision"),
    [
        ("ALL_SUCCESS", ["SUCCESS"], "DISABLED"),
        ("AT_LEAST_ONE_SUCCESS", ["SUCCESS"], "RUN"),
        ("AT_LEAST_ONE_SUCCESS", ["FAILED"], "UPSTREAM_FAILED"),
        ("NONE_FAILED", ["SUCCESS"], "RUN"),
        ("NONE_FAILED", ["FAILED"], "UPSTREAM_FAILED"),
        ("NONE_FAILED", ["SUCCESS", "EXCLUDED"], "RUN"),
        ("NONE_FAILED", ["EXCLUDED"], "DISABLED"),
        ("NONE_FAILED", ["EXCLUDED", "FAILED"], "UPSTREAM_FAILED"),
        ("ALL_DONE", ["FAILED"], "RUN"),
        ("AT_LEAST_ONE_FAILED", ["FAILED"], "RUN"),
        ("AT_LEAST_ONE_FAILED", ["SUCCESS"], "EXCLUDED"),
        ("ALL_FAILED", ["FAILED"], "DISABLED"),
        ("ALL_SUCCESS", [], "DISABLED"),
        ("NONE_FAILED", [], "DISABLED"),
        ("ALL_DONE", [], "RUN"),
    ],
)
def test_with_a_disabled_dependency(run_if, others, decision):
    """ALL_SUCCESS, ALL_FAILED: DISABLED; AT_LEAST_ONE_SUCCESS: runs if another is succ; ALL_DONE: runs; …

    NONE_FAILED: no fail, at least one executed. (What else it is than run, when none was, is not settled: DISABLED.)
    """
    assert decide(run_if, ["DISABLED", *others]) == decision


@pytest.mark.parametrize(
    ("results", "leaves", "job"),
    [
        ({"a": "SUCCESS", "b": "SUCCESS"}, ["b"], "SUCCESS"),
        ({"a": "FAILED", "b": "SUCCESS"}, ["b"], "SUCCESS_WITH_FAILURES"),
        ({"a": "SUCCESS", "b": "FAILED"}, ["b"], "FAILED"),
        ({"a": "FAILED", "b": "UPSTREAM_FAILED"}, ["b"], "FAILED"),
        ({"a": "SUCCESS", "b": "EXCLUDED"}, ["b"], "SUCCESS"),
        ({"a": "SUCCESS", "b": "DISABLED"}, ["b"], "SUCCESS"),
    ],
)
def test_the_leaves_decide_the_job(results, leaves, job):
    """Leaves all succ and nothing failed: SUCCESS. Something inside failed: SUCCESS_WITH_FAILURES. A leaf: FAILED."""
    assert job_result(results, leaves) == job


def test_every_combination_of_results_has_a_decision():
    decisions = {"RUN", "EXCLUDED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED", "DISABLED"}

    assert all(decide(rule, pair) in decisions for rule in RUN_IFS for pair in product(RESULTS, repeat=2))
