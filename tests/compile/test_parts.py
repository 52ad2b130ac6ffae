"""More jobs than one bundle takes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.compile.bundle import Bundle
from framework.compile.parts import MAX_JOBS, parts
from framework.compile.writer import files_of
from framework.core.errors import FrameworkError

CONDITION = '  - {task_key: decide, condition_task: {left: "1", op: EQUAL_TO, right: "1"}}\n'


def test_a_hundred_jobs_are_one_bundle(checkout, bundle):
    assert list(parts(bundle(checkout(f"p{n:03}" for n in range(100))))) == [""]


def test_more_are_parts_of_one_directory_with_the_plans_and_the_schemas_once(checkout, bundle):
    schemas = "resources: {schemas: {logs: {}}}\n"
    files = files_of(bundle(checkout((f"p{n:03}" for n in range(101)), project=schemas)))

    jobs = [name for name in files if name.endswith(".job.yml")]
    assert (jobs[0], jobs[99], jobs[100]) == (
        "1/resources/p000.job.yml", "1/resources/p099.job.yml", "2/resources/p100.job.yml",
    )  # fmt: skip
    assert [name for name in files if "schemas" in name] == ["1/resources/schemas.yml"]
    roots = [re.findall("name: (.*)|root_path: (.*)", files[f"{part}/databricks.yml"]) for part in (1, 2)]
    assert roots == [
        [("shop_1", ""), ("", "/Workspace/framework/prod/shop/bundle/1")],
        [("shop_2", ""), ("", "/Workspace/framework/prod/shop/bundle/2")],
    ]


def test_pipelines_that_run_each_other_are_in_one_part(checkout, bundle):
    pipelines = {f"p{n:03}": CONDITION for n in range(150)} | {"p000": running("p149")}

    first, second = parts(bundle(checkout(pipelines))).values()

    assert {"p000", "p149"} <= first.jobs.keys()
    assert len(first.jobs) == 100
    assert len(second.jobs) == 50


def test_too_many_that_run_each_other_are_refused(checkout, bundle):
    loops = "".join(running(f"p{n:03}").replace("go", f"go{n}") for n in range(1, 101))
    pipelines = {f"p{n:03}": CONDITION for n in range(101)} | {"p000": loops}

    with pytest.raises(FrameworkError, match="101 pipelines run each other, and a bundle takes 100: p000, p001, …"):
        parts(bundle(checkout(pipelines)))


@given(st.dictionaries(st.integers(0, 400), st.integers(0, 400), max_size=400))
def test_every_job_is_in_one_part_together_with_those_that_it_runs(runs):
    from databricks.bundles.jobs import Job

    # Each runs at most the next one: groups stay as small as a bundle.
    named = {n: n + 1 for n, other in runs.items() if other % 4 and n % 50}
    jobs = {f"p{n}": Job.from_dict(_job(named.get(n))) for n in {*runs, *named, *named.values()}}
    whole = Bundle(name="shop", target="prod", jobs=jobs)

    found = parts(whole)

    where = {key: part for part, each in found.items() for key in each.jobs}
    assert sorted(where) == sorted(jobs) and sum(len(each.jobs) for each in found.values()) == len(jobs)
    assert all(len(each.jobs) <= MAX_JOBS for each in found.values())
    assert all(where[f"p{n}"] == where[f"p{other}"] for n, other in named.items())


def _job(other):
    runs = [{"task_key": "go", "run_job_task": {"job_id": f"${{resources.jobs.p{other}.id}}"}}]
    return {"name": "x", "tasks": runs if other else []}


def running(other: str) -> str:
    """A pipeline's tasks that run another one."""
    return f'  - {{task_key: go, run_job_task: {{job_id: "${{resources.jobs.{other}.id}}"}}}}\n'
