"""Whatever the official types refuse is found, and at its place."""

import copy
from contextlib import suppress

from databricks.bundles.jobs import Job
from hypothesis import given
from hypothesis import strategies as st

from framework.compile.official_types import refusals

JOB = {
    "name": "nightly",
    "tags": {"owner": "shop"},
    "max_concurrent_runs": 2,
    "queue": {"enabled": True},
    "schedule": {"quartz_cron_expression": "0 0 4 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"},
    "run_as": {"service_principal_name": "${var.principal}"},
    "permissions": [{"group_name": "users", "level": "CAN_VIEW"}],
    "job_clusters": [{"job_cluster_key": "small", "new_cluster": {"num_workers": 1, "custom_tags": {"a": "b"}}}],
    "health": {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 10}]},
    "tasks": [
        {"task_key": "a", "notebook_task": {"notebook_path": "a.py", "base_parameters": {"n": "1"}}},
        {
            "task_key": "b",
            "depends_on": [{"task_key": "a"}],
            "for_each_task": {
                "inputs": "[1]",
                "task": {"task_key": "c", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "2"}},
            },
        },
    ],
}
ODD = st.sampled_from([None, True, 1, 1.5, "x", "2", "${var.x}", [], ["x"], {}, {"x": 1}])


def places(value, path=()):
    yield path
    for step, below in (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    ):
        yield from places(below, (*path, step))


@st.composite
def changed_jobs(draw):
    job = copy.deepcopy(JOB)
    path = draw(st.sampled_from([each for each in places(JOB) if each]))
    owner = job
    for step in path[:-1]:
        owner = owner[step]
    change = draw(st.sampled_from(["replace", "remove", "rename"]))
    value = owner[path[-1]] if change == "rename" else draw(ODD)
    if change != "replace":
        del owner[path[-1]]
    if change == "rename" and isinstance(owner, dict):
        owner[f"{path[-1]}s"] = value
    elif change == "replace":
        owner[path[-1]] = value
    return job


def refused(job):
    with suppress(Exception):
        Job.from_dict(copy.deepcopy(job))
        return False
    return True


def test_a_sound_job_has_no_refusals():
    assert not refused(JOB)
    assert list(refusals(Job, JOB)) == []


@given(changed_jobs())
def test_what_the_types_refuse_is_found(job):
    assert list(refusals(Job, job)) or not refused(job)


@given(changed_jobs())
def test_a_refusal_has_a_place_in_the_job(job):
    there = set(places(job))

    assert all(refusal.path in there for refusal in refusals(Job, job))


def test_a_truth_value_does_not_become_the_text_true():
    (refusal,) = refusals(Job, {**JOB, "tags": {"owner": True}})

    assert (refusal.path, refusal.summary) == (
        ("tags", "owner"),
        "a value of the wrong type: it must be text, found true",
    )
    assert refusal.hint == 'Put it in quotes: "true".'
