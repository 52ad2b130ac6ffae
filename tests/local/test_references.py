"""What references stand for in a local run, and which parameter wins."""

from datetime import UTC, datetime

import pytest
from databricks.bundles.jobs import Job

from framework.compile.bundle import Plan
from framework.core.errors import DataError, UsageError
from framework.core.task_run import Parameter, TaskRun
from framework.local.paths import LocalPaths
from framework.local.references import RunValues, can_be_filled
from framework.local.run import _values
from framework.local.task_attempts import CodeOfRun, attempt_spec, check_arguments, refuse_unsupported

VALUES = RunValues(
    job_run_id=7,
    job_name="shop.demand",
    parameters={"as_of": "{{job.start_time.iso_date}}", "copy": "{{job.parameters.as_of}}", "plain": "=a\nb ü"},
    started=datetime(2024, 3, 1, 4, 5, 6, tzinfo=UTC),
    results={"train": "UPSTREAM_FAILED"},
    task_run_ids={"train": "70001"},
)


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("job.run_id", "7"),
        ("job.name", "shop.demand"),
        ("job.repair_count", "0"),
        ("job.trigger.time.iso_date", "2024-03-01"),
        ("job.start_time.hour", "4"),
        ("job.parameters.plain", "=a\nb ü"),
        ("job.parameters.copy", "2024-03-01"),
        ("task.name", "score"),
        ("task.run_id", "70002"),
        ("task.execution_count", "2"),
        ("tasks.train.run_id", "70001"),
        ("tasks.train.result_state", "upstream_failed"),
    ],
)
def test_what_a_reference_stands_for(reference, value):
    assert VALUES.fill(f"<{{{{{reference}}}}}>", "score", "70002", 2) == f"<{value}>"
    assert can_be_filled(reference)


@pytest.mark.parametrize(
    "reference", ["backfill.iso_date", "input", "input.country", "tasks.t.values.n", "task.notebook_path"]
)
def test_what_a_local_run_has_no_value_for_is_refused_before_it_starts(reference):
    with pytest.raises(UsageError, match="which a local run cannot execute yet"):
        refuse_unsupported(job({"x": f"{{{{{reference}}}}}"}))


NATIVE = {"python_wheel_task": None, "notebook_task": {"notebook_path": "x"}}


@pytest.mark.parametrize("change", [{"disabled": True}, {"timeout_seconds": "${var.limit}"}, NATIVE])
def test_disabled_tasks_other_tasks_and_bundle_variables_are_refused(change):
    with pytest.raises(UsageError, match="which a local run cannot execute yet"):
        refuse_unsupported(job({}, **change))


def test_a_job_parameter_beats_a_task_parameter_of_the_same_name_and_a_run_beats_both(tmp_path):
    compiled = job({"slope": "1", "own": "{{job.parameters.as_of}}"}, parameters={"slope": "2", "as_of": "2024-03-01"})
    code = CodeOfRun(release=tmp_path, sources=tmp_path / "src", originals=tmp_path, zip=tmp_path / "code.zip")

    values = _values(7, compiled, {"slope": "3=\n4"})
    spec = attempt_spec(compiled.tasks[0], code, LocalPaths(tmp_path), values, task_run_id="70001", attempt=1)

    assert "--slope=3=\n4" in spec.argv
    assert "--own=2024-03-01" in spec.argv
    assert f"--framework.plan={tmp_path}/plans/q.json" in spec.argv


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"as_of": "gestern"}, "the logical date 'gestern' is neither"),
        ({"slope": "steep"}, "'slope' of task 'a' is not of type int"),
    ],
)
def test_arguments_that_no_task_could_read_are_refused_before_the_run(given, message):
    named = {"slope": "{{job.parameters.slope}}", "framework.logical_date": "{{job.parameters.as_of}}"}
    compiled = job(named, parameters={"slope": "2", "as_of": "2024-03-01"})
    template = TaskRun(
        project="p",
        pipeline="q",
        target="local",
        task_key="a",
        kind="python",
        options={},
        params={"slope": Parameter("int", "")},
    )
    plan = Plan(project="p", pipeline="q", target="local", tasks={"a": template})

    with pytest.raises(DataError, match=message):
        check_arguments(compiled, plan, _values(0, compiled, given))


def job(named: dict[str, str], parameters: dict[str, str] | None = None, **change: object) -> Job:
    own = {
        "framework.plan": "${var.release_path}/plans/q.json",
        "framework.task": "a",
        "framework.job_run_id": "{{job.run_id}}",
        "framework.task_run_id": "{{task.run_id}}",
    }
    wheel = {"package_name": "bundle_framework", "entry_point": "framework-task", "named_parameters": own | named}
    task = {"task_key": "a", "python_wheel_task": wheel, **change}
    declared = [{"name": name, "default": value} for name, value in (parameters or {}).items()]
    return Job.from_dict(
        {"name": "job", "tasks": [{k: v for k, v in task.items() if v is not None}], "parameters": declared}
    )
