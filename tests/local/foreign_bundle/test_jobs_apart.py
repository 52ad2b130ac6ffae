"""What is wrong with one job does not keep another from running."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.core.errors import InvalidProject
from framework.local.foreign_bundle.load import ForeignBundle, load_bundle

GOOD = {"task_key": "t", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
ILL: dict[str, tuple[Any, str]] = {
    "workspace path": ({"notebook_task": {"notebook_path": "/Shared/x"}}, "'/Shared/x' lies in a workspace"),
    "git": ({"notebook_task": {"notebook_path": "x", "source": "GIT"}}, "'x' lies in a git repository of its own"),
    "volume": ({**GOOD, "libraries": [{"whl": "/Volumes/a/b.whl"}]}, "'/Volumes/a/b.whl' lies in a workspace"),
    "job of a workspace": ({"run_job_task": {"job_id": 123}}, "job 123 is not in the bundle"),
    "file": ({"spark_python_task": {"python_file": "no.py"}}, "file 'no.py' is not there"),
    "long path": ({"notebook_task": {"notebook_path": "a" * 5000}}, "notebook 'aaa"),
    "doubled": ({**GOOD, "sql_task": {"warehouse_id": "1"}}, "the task does several things"),
    "reference": ({"spark_python_task": {"python_file": "${var.nope}"}}, "reference to nothing: ${var.nope}"),
    "name": ({"spark_python_task": {"python_file": "${var.x_}"}}, "'${var.x_}' names no variable"),
    "lookup": ({"spark_python_task": {"python_file": "${var.far}"}}, "variable 'far' is looked up in the workspace"),
    "no value": ({"spark_python_task": {"python_file": "a/${var.none}"}}, "variable 'none' has no value"),
    "via another": ({"spark_python_task": {"python_file": "${var.via}"}}, "variable 'none' has no value"),
    "circle": ({"spark_python_task": {"python_file": "${var.c}"}}, "references go in a circle: var.c"),
    "bomb": ({"spark_python_task": {"python_file": "${var.v0}"}}, "more than 100,000 values"),
    "no mapping": (3, "this has to be a mapping"),
}
VARIABLES = {
    "far": {"lookup": {"warehouse": "Shared"}},
    "none": {"description": "given by nobody"},
    "via": {"default": "${var.none}"},
    "c": {"default": "${var.c}"},
    **{f"v{n}": {"default": f"${{var.v{n + 1}}}" * 2} for n in range(60)},
    "v60": {"default": "x"},
}


def bundle(root: Path, jobs: dict[str, Any]) -> ForeignBundle:
    whole = {"bundle": {"name": "shop"}, "variables": VARIABLES, "resources": {"jobs": jobs}}
    (root / "databricks.yml").write_text(json.dumps(whole))
    return load_bundle(root, None, {})


def told(loaded: ForeignBundle, job: str) -> list[str]:
    """The warnings that are not of the bundle as a whole."""
    return [found.summary for found in loaded.warnings_for(job)[len(loaded.warnings) :]]


def refusal(loaded: ForeignBundle, job: str) -> list[str]:
    with pytest.raises(InvalidProject) as raised:
        loaded.warnings_for(job)
    return [found.summary for found in raised.value.found]


def job(*tasks: Any) -> dict[str, Any]:
    return {
        "tasks": [{**task, "task_key": f"t{n}"} if isinstance(task, dict) else task for n, task in enumerate(tasks)]
    }


@pytest.mark.parametrize("illness", ILL)
def test_an_ill_job_beside_a_healthy_one(illness: str, tmp_path: Path) -> None:
    task, summary = ILL[illness]

    loaded = bundle(tmp_path, {"good": job(GOOD), "other": job(task)})

    (about,) = told(loaded, "good")
    assert about.startswith(f"job 'other' cannot run here: {summary}")
    assert refusal(loaded, "other")[0].startswith(summary)
    assert list(loaded.bundle.jobs) == ["good"]


@st.composite
def bundles(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The illness of each of some jobs, '' of healthy ones, and which jobs each of them runs."""
    keys = [f"job{index}" for index in range(draw(st.integers(1, 4)))]
    ills = {key: draw(st.sampled_from(["", "", *(ill for ill in ILL if ill != "bomb")])) for key in keys}
    runs = {key: draw(st.lists(st.sampled_from(keys[:at]), max_size=2)) if at else [] for at, key in enumerate(keys)}
    return ills, runs


def running(key: str, in_loop: bool) -> dict[str, Any]:
    run = {"run_job_task": {"job_id": f"${{resources.jobs.{key}.id}}"}}
    return {"for_each_task": {"inputs": "[1]", "task": {**run, "task_key": "each"}}} if in_loop else run


def reached(key: str, runs: dict[str, list[str]]) -> set[str]:
    return {key}.union(*(reached(other, runs) for other in runs[key]))


@settings(deadline=None, max_examples=40)
@given(bundles(), st.booleans())
def test_a_job_runs_when_it_and_all_that_it_runs_are_healthy(
    case: tuple[dict[str, str], dict[str, list[str]]], in_loop: bool
) -> None:
    ills, runs = case
    jobs = {
        key: job(GOOD, *([ILL[ill][0]] if ill else []), *(running(other, in_loop) for other in runs[key]))
        for key, ill in ills.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        loaded = bundle(Path(folder), jobs)

    ill_of = {key: {ills[other] for other in reached(key, runs)} - {""} for key in ills}
    assert set(loaded.bundle.jobs) == {key for key, found in ill_of.items() if not found}
    for key, found in ill_of.items():
        if found:
            shown = refusal(loaded, key)
            assert all(any(line.startswith(ILL[ill][1]) for line in shown) for ill in found)
        else:
            ill = {f"job '{other}' cannot run here" for other, found in ill_of.items() if found}
            assert {line.partition(":")[0] for line in told(loaded, key)} == ill


def test_two_circles_of_jobs_are_found_each(tmp_path: Path) -> None:
    def one(other: str) -> Any:
        return job(running(other, False))

    loaded = bundle(tmp_path, {"a": one("b"), "b": one("a"), "c": one("d"), "d": one("c"), "good": job(GOOD)})

    assert set(loaded.refused) == {"a", "b", "c", "d"}
    assert refusal(loaded, "d")[0].startswith("jobs run each other in a circle: ")


def test_nothing_is_looked_for_on_behalf_of_a_disabled_task(tmp_path: Path) -> None:
    ill = (ILL[name][0] for name in ("workspace path", "volume", "file", "job of a workspace"))
    loaded = bundle(tmp_path, {"daily": job(GOOD, *({**task, "disabled": True} for task in ill))})
    assert told(loaded, "daily") == []


def test_an_unknown_field_is_left_out(tmp_path: Path) -> None:
    loaded = bundle(tmp_path, {"daily": {**job(GOOD), "new_in_2030": {"a": 1}}, "other": {**job(GOOD), "newer": 1}})

    assert told(loaded, "daily") == ["unknown field 'new_in_2030'"]
    assert "new_in_2030" not in loaded.bundle.jobs["daily"].as_dict()


@pytest.mark.parametrize("variable", ["far", "none", "via"])
def test_a_variable_without_a_value_where_nobody_needs_it(variable: str, tmp_path: Path) -> None:
    (tmp_path / "sum.sql").write_text("select 1")
    text = f"${{var.{variable}}}"
    sql = {"sql_task": {"warehouse_id": text, "file": {"path": "sum.sql"}}, "existing_cluster_id": text}
    clusters = [
        {"job_cluster_key": "c", "new_cluster": {"policy_id": text, "spark_version": text, "num_workers": text}}
    ]

    loaded = bundle(tmp_path, {"daily": {**job(sql), "job_clusters": clusters, "tags": {"team": text}}})

    assert told(loaded, "daily") == []
    assert loaded.bundle.jobs["daily"].as_dict()["tasks"][0]["sql_task"]["file"] == {"path": "sum.sql"}


@pytest.mark.parametrize(("written", "summary"), [(3, "job 'j' has to be a mapping"), (None, "job 'j' says nothing")])
def test_a_job_that_is_no_mapping(written: Any, summary: str, tmp_path: Path) -> None:
    assert refusal(bundle(tmp_path, {"j": written}), "j") == [summary]
