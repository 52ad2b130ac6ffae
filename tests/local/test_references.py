"""What references stand for in a local run, and which parameter wins."""

from datetime import UTC, datetime

import pytest
from databricks.bundles.jobs import Job

from framework.compile.bundle import Bundle, Plan
from framework.core.errors import DataError, UsageError
from framework.core.task_run import Parameter, TaskRun
from framework.local.job_work import CodeOfRun, JobWork, check_arguments
from framework.local.new_execution import job_values
from framework.local.paths import LocalPaths
from framework.local.references import Known, Place, RunValues, Unfilled
from framework.local.runnable import Runnable, refuse_unsupported
from framework.local.units import Unit
from framework.records.run_values import StoredRun

PLACE = Place(task_key="score", task_run_id="70002", execution_count=2, notebook_path="a.py", input={"k": {"x": [1]}})


@pytest.fixture
def values(tmp_path):
    rows = tmp_path / "output.json"
    rows.write_text('{"rows": [{"n": 3, "name": "a"}, {"n": 4, "name": "b"}]}')
    known = Known(
        results={"train": "UPSTREAM_FAILED"},
        task_run_ids={"train": "70001"},
        values={"train": {"flag": True, "word": "x"}},
        outputs={"query": rows},
    )
    return RunValues(
        job_run_id=7,
        job_id=3,
        job_name="shop.demand",
        parameters={"as_of": "{{job.start_time.iso_date}}", "copy": "{{job.parameters.as_of}}", "plain": "=a\nb ü"},
        started=datetime(2024, 3, 1, 4, 5, 6, tzinfo=UTC),
        repair_count=1,
        backfill=datetime(2023, 12, 31, tzinfo=UTC),
        known=known,
    )


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("job.id", "3"),
        ("job.run_id", "7"),
        ("job.name", "shop.demand"),
        ("job.repair_count", "1"),
        ("job.trigger.type", "one_time"),
        ("job.trigger.time.iso_date", "2024-03-01"),
        ("job.start_time.iso_weekday", "5"),
        ("job.start_time.is_weekday", "true"),
        ("job.start_time.iso_datetime", "2024-03-01T04:05:06Z"),
        ("job.start_time.hour", "4"),
        ("job.start_time.timestamp_ms", "1709265906000"),
        ("job.parameters.plain", "=a\nb ü"),
        ("job.parameters.copy", "2024-03-01"),
        ("task.name", "score"),
        ("task.run_id", "70002"),
        ("task.execution_count", "2"),
        ("task.notebook_path", "a.py"),
        ("tasks.train.run_id", "70001"),
        ("tasks.train.result_state", "upstream_failed"),
        ("tasks.train.values.flag", "true"),
        ("tasks.train.values.word", "x"),
        ("tasks.query.output.rows", '[{"n": 3, "name": "a"}, {"n": 4, "name": "b"}]'),
        ("tasks.query.output.first_row", '{"n": 3, "name": "a"}'),
        ("tasks.query.output.first_row.n", "3"),
        ("workspace.id", "0"),
        ("workspace.url", "http://localhost"),
        ("backfill.iso_date", "2023-12-31"),
        ("backfill.month", "12"),
        ("input", '{"k": {"x": [1]}}'),
        ("input.k.x", "[1]"),
    ],
)
def test_what_a_reference_stands_for(values, reference, value):
    assert values.fill(f"<{{{{{reference}}}}}>", PLACE) == f"<{value}>"


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("tasks.train.values.nothing", "task 'train' (UPSTREAM_FAILED) set no 'nothing'"),
        ("tasks.other.values.x", "task 'other' (not run) set no 'x'"),
        ("tasks.train.output.rows", "task 'train' left no rows"),
        ("tasks.query.output.first_row.gone", "has no value in this run"),
        ("input.missing", "has no value in this run"),
        ("job.parameters.gone", "the job has no parameter 'gone'"),
        ("job.start_time.century", "has no value in this run"),
        ("cluster.id", "the Jobs service knows no {{cluster.id}}"),
    ],
)
def test_a_reference_without_a_value_says_why(values, reference, why):
    """An unknown member of a known namespace is an error."""
    with pytest.raises(Unfilled) as error:
        values.fill(f"{{{{{reference}}}}}", PLACE)
    assert why in str(error.value)


def test_parameters_that_refer_to_each_other_in_a_circle_are_named(values):
    circle = RunValues(
        job_run_id=7,
        job_name="j",
        parameters={"a": "{{job.parameters.b}}", "b": "{{job.parameters.a}}"},
        started=values.started,
    )
    with pytest.raises(Unfilled, match="'a' refers to itself: a → b → a"):
        circle.with_filled_parameters()


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ({"dbt_task": {"commands": ["dbt run"]}}, "Run dbt by itself"),
        ({"pipeline_task": {"pipeline_id": "1"}}, "runs on Databricks only"),
        ({"spark_jar_task": {"main_class_name": "M"}}, "--only"),
        ({"sql_task": {"warehouse_id": "w", "query": {"query_id": "q"}}}, "--only"),
        (
            {
                "for_each_task": {
                    "inputs": "1, 2",
                    "task": {"task_key": "i", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}},
                }
            },
            'inputs: "[1, 2, 3]"',
        ),
    ],
)
def test_what_no_local_run_can_execute_is_refused_with_a_way_out(kind, advice):
    with pytest.raises(UsageError, match="task 'a'") as error:
        refuse_unsupported(runnable({"task_key": "a", **kind}), "q", ["a"])
    assert advice in error.value.hint


def test_a_job_parameter_beats_a_task_parameter_of_the_same_name_and_a_run_beats_both(tmp_path):
    """run-now or repair > job default; a job parameter beats a task parameter of the same name."""
    made = of_ours({"slope": "1", "own": "{{job.parameters.as_of}}"}, {"slope": "2", "as_of": "2024-03-01"})

    argv = attempt(made, tmp_path, {"slope": "3=\n4"}).argv

    assert "--slope=3=\n4" in argv
    assert "--own=2024-03-01" in argv
    assert f"--framework.plan={tmp_path}/plans/q.json" in argv


def test_job_parameters_reach_key_value_tasks_only(tmp_path):
    """Pushed down only to key-value tasks: notebook, SQL, run_job, and wheels with `named_parameters`."""
    (tmp_path / "a.py").touch()
    notebook = {"notebook_task": {"notebook_path": "a.py", "base_parameters": {"n": "0", "own": "1"}}}
    script = {"spark_python_task": {"python_file": "a.py", "parameters": ["{{job.parameters.n}}"]}}
    positional = {"python_wheel_task": {"package_name": "p", "entry_point": "e", "parameters": ["x"]}}

    def told(work):
        import json

        made = runnable({"task_key": "a", **work}, {"n": "5"}, tmp_path)
        return json.loads(attempt(made, tmp_path, {}).argv[0])

    assert told(notebook)["parameters"] == {"n": "5", "own": "1"}
    assert (told(script)["parameters"], told(script)["arguments"]) == ({}, ["5"])
    assert (told(positional)["parameters"], told(positional)["arguments"]) == ({}, ["x"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"as_of": "gestern"}, "the logical date 'gestern' is neither"),
        ({"slope": "steep"}, "'slope' of task 'a' is not of type int"),
    ],
)
@pytest.mark.parametrize("in_notebook", [False, True])
def test_arguments_that_no_task_could_read_are_refused_before_the_run(given, message, in_notebook):
    named = {"slope": "{{job.parameters.slope}}", "framework.logical_date": "{{job.parameters.as_of}}"}
    made = of_ours(named, {"slope": "2", "as_of": "2024-03-01"}, in_notebook)

    with pytest.raises(DataError, match=message):
        check_arguments(made.job("q").tasks, made.plan("q"), job_values(made, run_of(given)))


def of_ours(named, parameters, in_notebook=False):
    own = {
        "framework.plan": "${var.release_path}/plans/q.json",
        "framework.task": "a",
        "framework.job_run_id": "{{job.run_id}}",
        "framework.task_run_id": "{{task.run_id}}",
    }
    notebook = {"notebook_path": "${var.release_path}/notebooks/task", "base_parameters": own | named}
    wheel = {"package_name": "bundle_framework", "entry_point": "framework-task", "named_parameters": own | named}
    does = {"notebook_task": notebook} if in_notebook else {"python_wheel_task": wheel}
    return runnable({"task_key": "a", **does}, parameters)


def runnable(task, parameters=None, files=None):
    declared = [{"name": name, "default": value} for name, value in (parameters or {}).items()]
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
    job = Job.from_dict({"name": "job", "tasks": [task], "parameters": declared})
    bundle = Bundle(name="p", target="local", jobs={"q": job}, plans={"q": plan})
    return Runnable(bundle=bundle, files=files, job_ids={"q": 1})


def run_of(parameters):
    return StoredRun(
        job="p/local/q",
        project="p",
        pipeline="q",
        target="local",
        tasks=("a",),
        parameters=parameters,
        source={"job_key": "q"},
        started_at="2024-03-01T00:00:00+00:00",
        job_run_id=7,
        state="RUNNING",
    )


def attempt(made, folder, given):
    code = CodeOfRun(release=folder, sources=folder / "src", originals=folder, zip=folder / "code.zip")
    work = JobWork(runnable=made, job_key="q", job_run_id=7, paths=LocalPaths(folder), code=code)
    task = made.job("q").tasks[0]
    return work.prepare(task, Unit("a"), Place(task_key="a", task_run_id="70001"), job_values(made, run_of(given)))
