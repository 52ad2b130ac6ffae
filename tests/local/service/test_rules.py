"""When a task runs and how a job ends. The quoted rules are the Jobs service's."""

from itertools import product

import pytest

from framework.local.rules import decide, job_result


def test_a_task_without_dependencies_runs():
    assert decide("ALL_SUCCESS", []) == "RUN"


@pytest.mark.parametrize("run_if", ["ALL_SUCCESS", "ALL_DONE", "AT_LEAST_ONE_FAILED"])
def test_every_dependency_excluded_excludes_whatever_its_run_if(run_if):
    assert decide(run_if, ["EXCLUDED", "EXCLUDED"]) == "EXCLUDED"


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
    assert decide(run_if, upstream) == decision


@pytest.mark.parametrize(
    ("results", "leaves", "job"),
    [
        ({"a": "SUCCESS", "b": "SUCCESS"}, ["b"], "SUCCESS"),
        ({"a": "FAILED", "b": "SUCCESS"}, ["b"], "SUCCESS_WITH_FAILURES"),
        ({"a": "SUCCESS", "b": "FAILED"}, ["b"], "FAILED"),
        ({"a": "FAILED", "b": "UPSTREAM_FAILED"}, ["b"], "FAILED"),
        ({"a": "SUCCESS", "b": "EXCLUDED"}, ["b"], "SUCCESS"),
    ],
)
def test_the_leaves_decide_the_job(results, leaves, job):
    assert job_result(results, leaves, canceled=False) == job


def test_every_combination_of_results_has_a_decision():
    results = ["SUCCESS", "FAILED", "EXCLUDED", "CANCELED", "UPSTREAM_FAILED"]
    rules = ["ALL_SUCCESS", "AT_LEAST_ONE_SUCCESS", "NONE_FAILED", "ALL_DONE", "AT_LEAST_ONE_FAILED", "ALL_FAILED"]
    outcomes = {"RUN", "EXCLUDED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED"}

    assert all(decide(rule, pair) in outcomes for rule in rules for pair in product(results, repeat=2))
