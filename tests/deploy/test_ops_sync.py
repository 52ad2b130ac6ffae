"""What runs on a workspace could not record themselves comes from the Jobs API: once, and with what is known of it."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from databricks.sdk.service.jobs import JobDeployment, JobDeploymentKind, NotebookTask, Task
from typer.testing import CliRunner

from framework.cli.app import app
from framework.core.errors import FrameworkError
from framework.core.ops_tables import TASK_RUNS, row_of
from framework.core.task_run import AttemptRecord, Environment, TableVersion, TaskError, TaskRun
from framework.deploy import ops_install
from framework.deploy.ops_install import Ops
from framework.deploy.ops_statements import merge_statement
from framework.deploy.ops_sync import Sync, Synced
from framework.deploy.sql_warehouse import SqlWarehouse
from framework.deploy.store import ReleaseStore
from framework.deploy.workspace import client
from framework.records.releases import Deployment, Release, release_id
from framework.runtime.run_records import RECORD_LINE
from framework.spec.target_spec import read_target
from framework.testing.fake_workspace import FakeWorkspace, Fault

ROOT = "/Workspace/framework/prod"
FEATURES = "prod.features.daily"
TOKEN = "dapi" + "0123456789abcdef" * 2
PLAN = {
    "features": TaskRun(
        project="shop", pipeline="demand", target="prod", task_key="features", kind="feature_table",
        options={"writes": FEATURES},
    ).as_dict()
}  # fmt: skip
CODE = {"wheels/shop.whl": "a" * 64, "wheels/runtime.whl": "b" * 64, "plans/demand.json": "c" * 64}
RELEASE = Release(
    id=release_id(CODE),
    project="shop",
    target="prod",
    files=CODE,
    project_wheel="shop.whl",
    runtime_wheel="runtime.whl",
)


@pytest.fixture
def script():
    """What the run does: (task, result, what is besides)."""
    return []


@pytest.fixture
def workspace(script, tmp_path, monkeypatch):
    """A workspace with the job 'shop.demand', as a deployment leaves it, and the tables of records."""

    def run_job(run, report):
        for key, result, more in script:
            if key in run.task_keys:
                report(key, "RUNNING") if result not in ("UPSTREAM_FAILED", "EXCLUDED") else None
                report(key, result, **{name: of(run) if callable(of) else of for name, of in more.items()})

    (tmp_path / "projects/shop").mkdir(parents=True)
    (tmp_path / "projects/shop/project.yml").write_text("name: shop\n")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/prod.yml").write_text("host: ${env:DATABRICKS_HOST}\nmode: production\ncatalog: prod\n")
    monkeypatch.chdir(tmp_path)
    with FakeWorkspace(run_job=run_job) as workspace:
        for name, value in workspace.environment.items():
            monkeypatch.setenv(name, value)
        _deploy(workspace)
        yield workspace


@pytest.fixture
def sync(workspace, tmp_path):
    connected = client(workspace.url)
    ops, warehouse = Ops(connected, read_target(tmp_path, "prod")), SqlWarehouse(connected, "fake")
    ops_install.install(warehouse, list(ops_install.statements(ops, ["shop"], [])))
    return Sync(ops, warehouse, "shop")


def _deploy(workspace):
    connected = client(workspace.url)
    store, then = ReleaseStore(connected, ROOT, "shop"), datetime.now(UTC) - timedelta(hours=1)
    workspace.write(f"{store.release_path(RELEASE.id)}/release.json", json.dumps(RELEASE.as_dict()).encode())
    plan = json.dumps({"schema": 1, "tasks": PLAN}).encode()
    workspace.write(f"{store.release_path(RELEASE.id)}/plans/demand.json", plan)
    store.note(
        Deployment(
            id="d" * 12, project="shop", target="prod", release=RELEASE.id, started_at=then.isoformat(),
            ended_at=then.isoformat(), result="succeeded", commit="e" * 40, root_path=f"{ROOT}/shop/bundle",
            jobs={"demand": "shop.demand"},
        )
    )  # fmt: skip
    kept = JobDeployment(JobDeploymentKind.BUNDLE, metadata_file_path=f"{ROOT}/shop/bundle/state/metadata.json")
    plan = f"{store.release_path(RELEASE.id)}/plans/demand.json"
    tasks = [
        Task("features", notebook_task=NotebookTask("/task", base_parameters={"framework.plan": plan})),
        Task("report", notebook_task=NotebookTask("/report")),
    ]
    connected.jobs.create(name="shop.demand", deployment=kept, tasks=tasks)


def start(sync):
    """A run that may fail."""
    jobs = sync.ops.client.jobs
    run_id = jobs.run_now(next(iter(jobs.list(name="shop.demand"))).job_id).run_id
    return ended(sync, run_id)


def ended(sync, run_id):
    while (run := sync.ops.client.jobs.get_run(run_id)).state.life_cycle_state.value not in ("TERMINATED", "SKIPPED"):
        time.sleep(0.01)
    return run


def task_runs(sync):
    rows = sync.warehouse.rows("SELECT * FROM prod.ops_shop.task_runs ORDER BY task_key, task_run_id", "ask")
    return {row["task_key"]: row for row in rows}


def job_runs(sync):
    return sync.warehouse.rows("SELECT * FROM prod.ops_shop.job_runs ORDER BY job_run_id, repair", "ask")


def record(run, **fields):
    return AttemptRecord(
        job_run_id=str(run.run_id), task_run_id=str(run.task_run_ids["features"]), attempt=1, project="shop",
        pipeline="demand", target="prod", task_key="features", kind="feature_table", result="SUCCESS",
        started_at="2026-01-31T10:00:00+00:00", ended_at="2026-01-31T10:00:05+00:00", **fields,
    )  # fmt: skip


def test_a_run_and_its_native_tasks_are_recorded_once_with_their_code(sync, script):
    script += [("features", "SUCCESS", {}), ("report", "SUCCESS", {})]
    run = start(sync)

    assert sync.bring() == Synced(runs=1, task_runs=2)
    assert sync.bring() == Synced()
    (row,) = job_runs(sync)
    assert (row["job_run_id"], row["pipeline"], row["result"]) == (str(run.run_id), "demand", "SUCCESS")
    assert (row["release"], row["deployment"], row["commit"]) == (RELEASE.id, "d" * 12, "e" * 40)
    assert (row["project_wheel"], row["runtime_wheel"]) == ("a" * 16, "b" * 16)
    assert row["bundle"]
    report = task_runs(sync)["report"]
    assert (report["source"], report["kind"], report["attempt"]) == ("jobs_api", "notebook_task", 1)
    assert report["commit"] == "e" * 40
    assert report["task_run_id"] == str(next(task.run_id for task in run.tasks if task.task_key == "report"))
    assert f"/runs/{report['task_run_id']}" in report["run_url"]


def test_what_the_process_recorded_itself_stays(sync, script):
    written = []

    def append(run):
        told = row_of(record(run, metrics={"mae": 0.5}))
        statement = merge_statement("prod.ops_shop", TASK_RUNS, "there.task_run_id = new.task_run_id", [told])
        written.append(sync.warehouse.rows(statement, "append"))
        return ""

    script += [("features", "SUCCESS", {"message": append})]
    assert "No run is recorded yet: framework run" in CliRunner().invoke(app, ["runs", "-e", "prod"]).output
    run = start(sync)
    said = CliRunner().invoke(app, ["runs", "-e", "prod"])
    assert (said.stdout, f"Run {run.run_id} is newer" in said.stderr) == ("No run is recorded yet.\n", True)

    assert sync.bring() == Synced(runs=1, task_runs=1)  # the other task
    features = task_runs(sync)["features"]
    assert (features["source"], features["metrics"]) == ("process", {"mae": 0.5})


def test_a_record_that_reached_the_log_alone_is_brought_whole(sync, script):
    outputs = (TableVersion(FEATURES, 3, 10),)
    script += [("features", "SUCCESS", {"output": lambda run: logged(record(run, outputs=outputs))})]
    start(sync)
    sync.bring()

    features = task_runs(sync)["features"]
    assert (features["source"], features["output_keys"]) == ("jobs_api", [f"{FEATURES}@3"])
    assert (features["duration_s"], features["commit"]) == (5.0, "e" * 40)


def test_an_attempt_that_knew_neither_its_ids_nor_its_code_is_told_of_by_the_service(sync, script):
    early = AttemptRecord(
        job_run_id="", task_run_id="", attempt=1, project="", pipeline="", target="", task_key="", kind="",
        result="FAILED", started_at="2026-01-31T10:00:00Z", ended_at="2026-01-31T10:00:05Z",
        error=TaskError("UsageError", "what is that?"), environment=Environment(python="3.12.3"),
    )  # fmt: skip
    script += [(key, "FAILED", {"output": logged(early)}) for key in ("features", "report")]
    run = start(sync)

    assert sync.bring().task_runs == 2
    rows = task_runs(sync)
    for task in run.tasks:
        row = rows[task.task_key]
        assert (row["job_run_id"], row["task_run_id"]) == (str(run.run_id), str(task.run_id))
        assert (row["project"], row["pipeline"], row["target"]) == ("shop", "demand", "prod")
        assert (row["error_message"], row["python"]) == ("what is that?", "3.12.3")
        assert f"/runs/{task.run_id}" in row["run_url"]
    assert [rows[key]["kind"] for key in ("features", "report")] == ["feature_table", "notebook_task"]
    # Only the plan of the one leads to code.
    assert [rows[key]["commit"] for key in ("features", "report")] == ["e" * 40, ""]


def test_a_run_whose_plan_is_of_no_release_is_not_said_to_be_of_the_one_that_is_live(sync, workspace):
    state = workspace.state.runs[str(start(sync).run_id)]
    state["tasks"][0]["notebook_task"]["base_parameters"]["framework.plan"] = "/Workspace/mine/plans/demand.json"
    sync.bring()

    assert [(row["release"], row["commit"]) for row in job_runs(sync)] == [("", "")]


@pytest.mark.parametrize("killed", [True, False])
def test_what_an_attempt_had_written_before_it_failed_is_found_by_its_commits(sync, script, killed):
    for statement in (
        "CREATE SCHEMA IF NOT EXISTS prod.features",
        f"CREATE TABLE IF NOT EXISTS {FEATURES} (day STRING)",
    ):
        sync.warehouse.rows(statement, "make it")

    def write_and_die(run):
        import pyarrow
        from deltalake import CommitProperties, write_deltalake

        place = sync.ops.client.tables.get(FEATURES).storage_location
        mark = json.dumps({"task_run_id": str(run.task_run_ids["features"]), "attempt": 1})
        commit = CommitProperties(custom_metadata={"userMetadata": mark})
        write_deltalake(place, pyarrow.table({"day": ["mon", "tue"]}), mode="append", commit_properties=commit)
        return f"The driver was lost: token={TOKEN}"

    def log(run):
        error = TaskError("DataError", "The driver was lost")
        return {} if killed else logged(replace(record(run), result="FAILED", error=error))

    script += [("features", "FAILED", {"message": write_and_die, "output": log}), ("report", "UPSTREAM_FAILED", {})]
    start(sync)
    sync.bring()

    rows = task_runs(sync)
    assert rows["features"]["output_keys"] == [f"{FEATURES}@1"]
    assert (rows["features"]["kind"], rows["features"]["result"]) == ("feature_table", "FAILED")
    assert "The driver was lost" in rows["features"]["error_message"]
    assert TOKEN not in rows["features"]["error_message"]
    never = rows["report"]
    assert (never["result"], never["attempt"], never["task_run_id"]) == ("UPSTREAM_FAILED", 0, "")
    assert never["started_at"] is None


def test_a_repair_is_a_row_more(sync, script):
    script += [("features", "FAILED", {"message": "No."}), ("report", "SUCCESS", {})]
    run = start(sync)
    sync.bring()
    script[0] = ("features", "SUCCESS", {})
    sync.ops.client.jobs.repair_run(run.run_id, rerun_tasks=["features"])
    ended(sync, run.run_id)

    assert sync.bring() == Synced(runs=1, task_runs=1)
    assert [(row["repair"], row["result"]) for row in job_runs(sync)] == [(0, "FAILED"), (1, "SUCCESS")]
    features = sync.warehouse.rows(
        "SELECT repair, result FROM prod.ops_shop.task_runs WHERE task_key = 'features' ORDER BY repair", "ask"
    )
    assert features == [{"repair": 0, "result": "FAILED"}, {"repair": 1, "result": "SUCCESS"}]


def test_what_a_run_had_come_to_before_its_repairs_is_told_where_the_service_says_it(sync, workspace):
    run = start(sync)
    ending = {"type": "ORIGINAL", "start_time": 1, "end_time": 2, "state": {"life_cycle_state": "TERMINATED"}}
    ending["state"]["result_state"] = "TIMEDOUT"
    history = [ending, {"type": "REPAIR", "id": 1}, {"type": "REPAIR", "id": 2, "task_run_ids": []}]
    workspace.state.runs[str(run.run_id)]["repair_history"] = history
    sync.bring()

    assert [(row["repair"], row["result"]) for row in job_runs(sync)] == [(0, "TIMEDOUT"), (2, "SUCCESS")]


def test_iterations_have_rows_of_their_own_and_a_run_names_the_one_that_started_it(sync, workspace, script):
    script += [("features", "SUCCESS", {"output": lambda run: logged(record(run))}), ("report", "SUCCESS", {})]
    parent, run = start(sync), start(sync)
    state = workspace.state.runs[str(run.run_id)]
    loop, runs = state["tasks"][0], workspace.state.runs
    each = [json.loads(json.dumps(loop).replace(str(loop["run_id"]), str(90 + number))) for number in range(2)]
    loop |= {"for_each_task": {"inputs": "[1, 2]", "task": {"task_key": "each"}}, "output": {}}
    runs[str(loop["run_id"])] = {**state, "job_id": 0, "run_id": loop["run_id"], "iterations": each, "tasks": each}
    runs[str(parent.run_id)]["trigger_info"] = {"run_id": 98}  # which is deleted
    state["trigger_info"] = {"run_id": 99}
    runs["99"] = {**state, "job_id": 0, "run_id": 99, "job_run_id": parent.run_id}
    sync.bring()

    rows = sync.warehouse.rows(
        f"SELECT iteration, task_run_id FROM prod.ops_shop.task_runs WHERE job_run_id = '{run.run_id}' "
        "AND task_key = 'features' AND iteration IS NOT NULL ORDER BY iteration",
        "ask",
    )
    assert rows == [{"iteration": 0, "task_run_id": "90"}, {"iteration": 1, "task_run_id": "91"}]
    assert [row["parent_run_id"] for row in job_runs(sync)] == ["", str(parent.run_id)]


def test_a_run_that_goes_on_is_left_alone(sync, script, workspace):
    script += [("features", "RUNNING", {})]
    run = start(sync)
    workspace.state.runs[str(run.run_id)]["state"] = {"life_cycle_state": "RUNNING"}

    assert sync.bring() == Synced()
    assert job_runs(sync) == []


def test_a_run_that_is_repaired_while_it_is_looked_at_is_told_of_when_it_has_ended_again(sync, script, workspace):
    script += [("features", "FAILED", {}), ("report", "SUCCESS", {})]
    state = workspace.state.runs[str(start(sync).run_id)]
    then, repaired = state["state"], {"life_cycle_state": "RUNNING"}
    workspace.faults.add(Fault("GET */jobs/runs/get", call=lambda: state.update(state=repaired)))

    assert sync.bring().task_runs == 0
    assert job_runs(sync) == []
    state["state"] = then
    assert sync.bring() == Synced(runs=1, task_runs=2)


def test_what_is_broken_off_goes_on_with_the_runs_that_come_after(sync, workspace, monkeypatch):
    monkeypatch.setattr("framework.deploy.ops_sync._AT_A_TIME", 1)
    for days in (40, 20, 0):
        workspace.state.runs[str(start(sync).run_id)]["start_time"] -= days * 24 * 3600 * 1000
    workspace.faults.add(Fault("GET */jobs/runs/get", skip=1, status=403))
    with pytest.raises(FrameworkError):
        sync.bring()

    assert sync.bring().runs == 2
    assert len(job_runs(sync)) == 3


def test_without_the_tables_one_is_told_how_to_make_them(workspace, tmp_path):
    connected = client(workspace.url)
    sync = Sync(Ops(connected, read_target(tmp_path, "prod")), SqlWarehouse(connected, "fake"), "shop")

    with pytest.raises(FrameworkError) as raised:
        sync.bring()
    assert raised.value.hint == "framework ops install -e prod --project shop"


def test_the_commands_bring_the_records_of_every_project_and_show_them(sync):
    run = start(sync)

    done = CliRunner().invoke(app, ["runs", "sync", "-e", "prod", "-o", "json"])
    assert json.loads(done.stdout) == {"shop": {"runs": 1, "task_runs": 2}}
    (found,) = json.loads(CliRunner().invoke(app, ["runs", "-e", "prod", "-o", "json"]).stdout)
    assert (found["job_run_id"], found["commit"]) == (run.run_id, "e" * 40)
    trace = CliRunner().invoke(app, ["trace", str(run.run_id), "-e", "prod"])
    assert "e" * 7 in trace.stdout, trace.output


def test_a_project_without_tables_keeps_no_other_from_its_records(sync, tmp_path):
    (tmp_path / "projects/new").mkdir()
    (tmp_path / "projects/new/project.yml").write_text("name: new\n")
    start(sync)

    done = CliRunner().invoke(app, ["runs", "sync", "-e", "prod"])
    assert (done.exit_code, "prod.ops_new has no tables" in done.output) == (1, True)
    assert "shop on prod: 1 run looked at, 2 records of tasks" in done.stdout
    done = CliRunner().invoke(app, ["runs", "sync", "-e", "prod", "--project", "shop"])
    assert (done.exit_code, "0 runs looked at" in done.stdout) == (0, True), done.output


def logged(told):
    return {"logs": f"{RECORD_LINE}{told.to_json()}\nbye\n"}
