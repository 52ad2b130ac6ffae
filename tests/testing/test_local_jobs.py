"""Runs of jobs that are executed: the files of the workspace, on local Spark."""

import io
import json
import time
import zipfile

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.service import compute, jobs
from databricks.sdk.service.jobs import RunResultState, Task, TaskDependency

from framework.core.task_run import TaskRun
from framework.deploy.remote_outcomes import record_in
from framework.testing.fake_workspace import FakeWorkspace, State
from framework.testing.fake_workspace.api import workspace_files
from framework.testing.local_jobs import mirror, registry, sources_of
from framework.testing.local_jobs.execution import runnable_of
from framework.testing.local_jobs.order import Order

RELEASE = "/Workspace/framework/prod/shop/releases/r1"
NOTEBOOK = b"""# Databricks notebook source
dbutils.notebook.exit("for " + dbutils.widgets.get("as_of"))
"""
TASK_NOTEBOOK = b"""# Databricks notebook source
from framework.runtime.notebook import run

dbutils.notebook.exit(run(dbutils))
"""
FEATURES = """
def same(batches):  # on Spark's workers
    yield from batches

def build(context):
    return context.spark.range(3).withColumnRenamed("id", "stock").mapInPandas(same, "stock long")
"""


def client_at(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none.cfg"))
    return WorkspaceClient(config=Config(host=workspace.url, token=workspace.token, auth_type="pat"))


def ended(client, run_id):
    while True:
        run = client.jobs.get_run(run_id)
        if run.state.life_cycle_state.value in ("TERMINATED", "SKIPPED", "INTERNAL_ERROR"):
            return run
        time.sleep(0.1)


def add_notebook(workspace, path, content):
    workspace_files.make_directories(workspace.state, path.rpartition("/")[0])
    workspace_files.put_file(workspace.state, path, content, overwrite=True, object_type="NOTEBOOK", language="PYTHON")


def add_release(workspace):
    """A project's wheel, the runtime's, which nobody could unpack, and a plan."""
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("shop_r1/__init__.py", "")
        archive.writestr("shop_r1/features.py", FEATURES)
    options = {
        "entrypoint": "shop_r1.features:build",
        "writes": "prod.r1.features",
        "primary_keys": ["stock"],
        "reads": {},
        "write_mode": "overwrite",
    }
    task = TaskRun(project="shop", pipeline="p", target="prod", task_key="ours", kind="feature_table", options=options)
    plan = {"schema": 1, "project": "shop", "pipeline": "p", "target": "prod", "tasks": {"ours": task.as_dict()}}
    workspace.write(f"{RELEASE}/wheels/shop-1-py3-none-any.whl", wheel.getvalue())
    workspace.write(f"{RELEASE}/wheels/bundle_framework-1-py3-none-any.whl", b"of another version")
    workspace.write(f"{RELEASE}/plans/p.json", json.dumps(plan).encode())
    workspace.write(f"{RELEASE}/release.json", json.dumps({"id": "r1"}).encode())
    named = {"framework.plan": f"{RELEASE}/plans/p.json", "framework.task": "ours", "framework.attempt": "1"}
    named |= {"framework.job_run_id": "{{job.run_id}}", "framework.task_run_id": "{{task.run_id}}"}
    wheels = [f"{RELEASE}/wheels/{name}-1-py3-none-any.whl" for name in ("shop", "bundle_framework")]
    environment = jobs.JobEnvironment(
        "default",
        compute.Environment(environment_version="3", dependencies=[*wheels, f"-r {RELEASE}/requirements.txt"]),
    )
    notebook = jobs.NotebookTask(f"{RELEASE}/notebooks/task", base_parameters=named)
    add_notebook(workspace, f"{RELEASE}/notebooks/task".removeprefix("/Workspace"), TASK_NOTEBOOK)
    wheel_task = jobs.PythonWheelTask("bundle_framework", "framework-task", named)
    return environment, [
        Task(task_key="ours", environment_key="default", python_wheel_task=wheel_task),
        Task(
            task_key="ours_too",
            environment_key="default",
            notebook_task=notebook,
            depends_on=[TaskDependency("ours")],
        ),
    ]


@pytest.mark.spark
def test_a_job_runs_as_it_was_deployed(running_workspace, spark, tmp_path, monkeypatch):
    client = client_at(running_workspace, tmp_path, monkeypatch)
    environment, ours = add_release(running_workspace)
    add_notebook(running_workspace, "/Shared/note", NOTEBOOK)
    running_workspace.write("/Shared/broken.py", b"raise ValueError('no rows')")
    as_of = jobs.JobParameterDefinition(name="as_of", default="2024-01-01")
    note = Task(task_key="note", notebook_task=jobs.NotebookTask("/Workspace/Shared/note"))
    child = client.jobs.create(name="child", parameters=[as_of], tasks=[note]).job_id
    script = jobs.SparkPythonTask("/Workspace/Shared/broken.py")
    tasks = [
        *ours,
        Task(task_key="child", run_job_task=jobs.RunJobTask(child)),
        Task(task_key="broken", spark_python_task=script, max_retries=1, min_retry_interval_millis=1),
        Task(task_key="after", notebook_task=note.notebook_task, depends_on=[TaskDependency("broken")]),
        Task(
            task_key="asks",
            condition_task=jobs.ConditionTask(jobs.ConditionTaskOp.EQUAL_TO, "{{job.parameters.as_of}}", "x"),
        ),
    ]
    job = client.jobs.create(name="p", parameters=[as_of], tasks=tasks, environments=[environment]).job_id

    run = ended(client, client.jobs.run_now(job, job_parameters={"as_of": "2024-02-02"}).response.run_id)
    last = {task.task_key: task for task in run.tasks}
    outputs = {key: client.jobs.get_run_output(task.run_id) for key, task in last.items()}
    record = record_in(outputs["ours"].logs)
    of_child = client.jobs.get_run(outputs["child"].run_job_output.run_id)
    (shown,) = of_child.tasks

    results = {key: task.state.result_state.value for key, task in last.items()}
    assert results.pop("broken") == "FAILED"
    assert results.pop("ours_too") == "SUCCESS"
    assert results == {"ours": "SUCCESS", "child": "SUCCESS", "after": "UPSTREAM_FAILED", "asks": "SUCCESS"}
    assert (run.state.result_state, last["asks"].condition_task.outcome) == (RunResultState.FAILED, "false")
    assert [task.attempt_number for task in run.tasks if task.task_key == "broken"] == [0, 1]
    assert "/Workspace/Shared/broken.py" in outputs["broken"].error_trace
    assert "no rows" in outputs["broken"].error
    # The tags and properties that the first attempt gave the table are version 1.
    assert record_in(outputs["ours_too"].logs).outputs[0].version == 2
    # Ours: with the names of the workspace, which its API then has, and with the id that it has there.
    assert [(each.table, each.rows) for each in record.outputs] == [("prod.r1.features", 3)]
    assert (record.job_run_id, record.kind) == (str(run.run_id), "feature_table")
    assert client.tables.get("prod.r1.features").owner == "admin@example.com"
    assert spark.table("spark_catalog.prod__r1.features").count() == 3
    # The other job's run is one of its own.
    assert (of_child.job_id, of_child.state.result_state) == (child, RunResultState.SUCCESS)
    assert client.jobs.get_run_output(shown.run_id).notebook_output.result == "for 2024-02-02"

    running_workspace.write("/Shared/broken.py", b"print('mended')")
    client.jobs.repair_run(run.run_id, rerun_all_failed_tasks=True)
    repaired = ended(client, run.run_id)

    assert repaired.state.result_state is RunResultState.SUCCESS
    assert next(task.state.result_state for task in repaired.tasks if task.task_key == "after").value == "SUCCESS"


@pytest.mark.spark
def test_a_cancelled_run_stops(running_workspace, tmp_path, monkeypatch):
    client = client_at(running_workspace, tmp_path, monkeypatch)
    began, went_on = tmp_path / "began", tmp_path / "went-on"
    code = f"import pathlib, time\npathlib.Path({str(began)!r}).touch()\ntime.sleep(2)\n"
    running_workspace.write("/Shared/slow.py", f"{code}pathlib.Path({str(went_on)!r}).touch()\n".encode())
    script = jobs.SparkPythonTask("/Workspace/Shared/slow.py")
    job = client.jobs.create(name="slow", tasks=[Task(task_key="slow", spark_python_task=script)]).job_id
    run_id = client.jobs.run_now(job).response.run_id
    while not began.exists():
        time.sleep(0.05)
    client.jobs.cancel_run(run_id)
    time.sleep(2.5)

    assert client.jobs.get_run(run_id).state.result_state is RunResultState.CANCELED
    assert not went_on.exists()


@pytest.mark.spark
def test_a_run_sees_the_aliases_that_commands_moved(running_workspace, tmp_path, monkeypatch):
    client = client_at(running_workspace, tmp_path, monkeypatch)
    code = "from mlflow import MlflowClient\nclient = MlflowClient()\n"
    make = "client.create_registered_model('prod.r2.m')\n"
    make += "for _ in range(2):\n    client.create_model_version('prod.r2.m', 's3://bucket/m')\n"
    look = "assert client.get_model_version_by_alias('prod.r2.m', 'champion').version in (2, '2')\n"
    script = Task(task_key="a", spark_python_task=jobs.SparkPythonTask("/Workspace/Shared/s.py"))
    job = client.jobs.create(name="models", tasks=[script]).job_id
    running_workspace.add_securable("schema", "prod.r2")
    running_workspace.add_securable("registered_model", "prod.r2.m")

    running_workspace.write("/Shared/s.py", f"{code}{make}".encode())
    made = ended(client, client.jobs.run_now(job).response.run_id)
    for _ in range(2):
        running_workspace.add_model_version("prod.r2.m")
    client.registered_models.set_alias("prod.r2.m", "champion", 2)
    running_workspace.write("/Shared/s.py", f"{code}{look}".encode())
    seen = ended(client, client.jobs.run_now(job).response.run_id)

    assert [run.state.result_state for run in (made, seen)] == [RunResultState.SUCCESS] * 2


@pytest.mark.spark
def test_what_cannot_be_executed_is_the_end_of_the_run(running_workspace, tmp_path, monkeypatch):
    client = client_at(running_workspace, tmp_path, monkeypatch)
    task = Task(task_key="flow", pipeline_task=jobs.PipelineTask("1"))

    run = ended(client, client.jobs.run_now(client.jobs.create(name="p", tasks=[task]).job_id).response.run_id)

    assert run.state.result_state is RunResultState.FAILED
    assert "task 'flow' is a pipeline_task, which a local run cannot execute" in run.state.state_message


def test_settings_of_the_api_become_a_job(tmp_path):
    with FakeWorkspace() as workspace:
        client = WorkspaceClient(host=workspace.url, token=workspace.token)
        job = client.jobs.create(name="p", tasks=[Task(task_key="a", notebook_task=jobs.NotebookTask("/Shared/n"))])
        settings = workspace.state.jobs[str(job.job_id)]["settings"]
    settings |= {"deployment": {"kind": "BUNDLE"}, "edit_mode": "UI_LOCKED"}
    order = Order(root="r", files="f", run_id=1, job_key="7", jobs={"7": settings}, parameters={})

    runnable = runnable_of(Order.from_json(order.to_json()))

    assert [task.task_key for task in runnable.job("7").tasks] == ["a"]
    assert runnable.key_of(7) == "7"


def test_paths_of_the_workspace_lead_to_the_mirror(tmp_path):
    settings = {
        "tasks": [
            {
                "notebook_task": {
                    "notebook_path": "/Shared/n",
                    "base_parameters": {"a": "x=/Workspace/y", "b": "/tmp/z"},
                }
            },
            {"libraries": [{"whl": "/Workspace/w/a-1-py3-none-any.whl"}, {"pypi": {"package": "six"}}]},
        ],
        "environments": [{"spec": {"dependencies": ["/Workspace/w/bundle_framework-2-py3-none-any.whl", "six"]}}],
        "description": "see https://host/Workspace/about",
    }

    moved = mirror.in_mirror(settings, tmp_path)

    notebook, libraries = moved["tasks"][0]["notebook_task"], moved["tasks"][1]["libraries"]
    assert notebook["notebook_path"] == f"{tmp_path}/Shared/n"
    assert notebook["base_parameters"] == {"a": f"x={tmp_path}/y", "b": "/tmp/z"}
    assert libraries == [{"whl": "w/a-1-py3-none-any.whl"}, {"pypi": {"package": "six"}}]
    assert moved["environments"] == [{"spec": {"dependencies": ["six"]}}]
    assert moved["description"] == settings["description"]


def test_the_mirror_changes_only_what_changed(tmp_path):
    with FakeWorkspace() as workspace:
        workspace.write("/Shared/a.txt", b"a")
        add_notebook(workspace, "/Shared/n", NOTEBOOK)
        mirror.write(mirror.files_of(workspace.state), tmp_path)
        before = (tmp_path / "Shared/n.py").stat().st_mtime_ns
        workspace.write("/Shared/a.txt", b"b")
        mirror.write(mirror.files_of(workspace.state), tmp_path)

    assert (tmp_path / "Shared/a.txt").read_bytes() == b"b"
    assert (tmp_path / "Shared/n.py").stat().st_mtime_ns == before
    assert sorted(each.name for each in (tmp_path / "Shared").iterdir()) == ["a.txt", "n.py"]


def test_the_workspace_has_the_models_that_runs_make(tmp_path):
    state = State()
    told = {"versions": {"3": {"comment": "Trained", "run_id": "r"}}, "aliases": {"champion": "3"}}
    (tmp_path / "models.json").write_text(json.dumps({"prod.models.demand": told}))

    for _ in range(2):
        registry.into_state(state, tmp_path, "app-1")

    assert state.model_versions["prod.models.demand"]["3"]["run_id"] == "r"
    assert registry.of_state(state) == {
        "prod.models.demand": {"aliases": {"champion": "3"}, "comments": {"3": "Trained"}}
    }


def test_sources_are_known_by_where_their_project_is_deployed(tmp_path):
    project = tmp_path / "projects" / "shop"
    project.mkdir(parents=True)
    (project / "project.yml").write_text(
        "name: shop\nowner: a@example.com\nsources: {raw.sales: {path: data/sales.csv}, raw.lost: {path: data/l.csv}}\n"
    )
    (project / "data").mkdir()
    (project / "data" / "sales.csv").write_text("a\n1\n")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "prod.yml").write_text("mode: production\ncatalog: prod\n")
    said = []

    found = sources_of(tmp_path)
    loads = found["/Workspace/framework/prod/shop"].loads(said.append)

    assert [load.table for load in loads] == ["spark_catalog.prod__raw.sales"]
    assert "l.csv" in said[0].message
