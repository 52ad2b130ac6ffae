"""A run of a workspace is done once more there: in a one-time run of its release, and nothing that is there changes."""

import _thread
import hashlib
import io
import json
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from deltalake import write_deltalake
from typer.testing import CliRunner

from framework.cli.app import app
from framework.cli.errors import INTERRUPTED
from framework.core.ops_tables import JOB_RUNS, TASK_RUNS, in_order, record_of, row_of, times
from framework.core.redaction import REDACTED
from framework.core.task_run import (
    AttemptRecord,
    Environment,
    ModelVersion,
    Origin,
    Parameter,
    TableVersion,
    TaskError,
    TaskRun,
    Verdict,
    schema_hash,
)
from framework.deploy import ops_install
from framework.deploy.ops_install import Ops
from framework.deploy.ops_statements import merge_statement
from framework.deploy.release import keep
from framework.deploy.sql_warehouse import SqlWarehouse
from framework.deploy.store import ReleaseStore
from framework.deploy.workspace import client
from framework.records.releases import Release, release_id
from framework.runtime.run_records import RECORD_LINE
from framework.spec.target_spec import read_target
from framework.testing.fake_workspace import FakeWorkspace, Fault

ROOT = "/Workspace/framework/prod"
SALES, FEATURES = "prod.raw.sales", "prod.features.daily"
SALES_THEN = TableVersion(SALES, 1, schema_hash="h")
BEGAN = "2024-03-01T04:00:00+00:00"
TRAINED = ModelVersion("models:/m-1", "", "run1", "rows:units")
PLAN = {
    "features": ("python", {"entrypoint": "shop:f", "reads": {"sales": SALES}, "writes": {"x": FEATURES}}),
    "train": ("train", {"entrypoint": "shop:t", "reads": {"features": FEATURES}, "experiment": "/shop"}),
    "register": ("register_model", {"model_from": "train", "model": "prod.models.m"}),
}  # fmt: skip


def template(key, write_mode):
    kind, options = PLAN[key]
    options = {**options, "write_mode": write_mode} if kind == "python" else options
    return TaskRun(
        project="shop", pipeline="demand", target="prod", task_key=key, kind=kind, options=options,
        params={"as_of": Parameter("str", "{{job.parameters.as_of}}")}, ops_schema="prod.ops_shop",
    )  # fmt: skip


def compiled(key, compute, work):
    return {"task_key": key, **compute, "max_retries": 3, "depends_on": [{"task_key": "first"}], **work}


JOB = {
    "name": "shop.demand",
    "environments": [
        {"environment_key": "default", "spec": {"environment_version": "3", "dependencies": [
            "${var.release_path}/wheels/${var.project_wheel}", "-r ${var.release_path}/requirements.txt"]}},
    ],
    "job_clusters": [{"job_cluster_key": "small", "new_cluster": {"num_workers": 1, "spark_version": "16.4.x"}}],
    "tasks": [
        compiled("features", {"environment_key": "default"}, {"python_wheel_task": {
            "package_name": "bundle_framework", "entry_point": "framework-task",
            "named_parameters": {"framework.task": "features"}}}),
        compiled("train", {"job_cluster_key": "small"}, {"notebook_task": {
            "notebook_path": "${var.release_path}/notebooks/task", "base_parameters": {"framework.task": "train"}}}),
    ],
}  # fmt: skip


def record(key, **more):
    given = {
        "job_run_id": "7", "task_run_id": f"7{key}", "attempt": 1, "project": "shop", "pipeline": "demand",
        "target": "prod", "task_key": key, "kind": PLAN[key][0] if key in PLAN else "sql_task", "result": "SUCCESS",
        "started_at": BEGAN, "ended_at": BEGAN, "parameters": {"as_of": "2024-03-01"}, "logical_date": "2024-03-01",
        "environment": Environment(framework="1.0"),
    }  # fmt: skip
    return AttemptRecord(**{**given, **more})


class Shop:
    """The workspace, what the tasks do there, and what was submitted."""

    def __init__(self):
        self.submitted, self.ending = {}, None
        self.units, self.metric, self.model = [2.0, 3.0], 0.5, replace(TRAINED, mlflow_run_id="run2")

    def open(self, workspace, release):
        self.workspace, self.release, self.connected = workspace, release, client(workspace.url)
        self.warehouse = SqlWarehouse(self.connected, "fake")

    def sql(self, statement):
        return self.warehouse.rows(statement, "ask")

    def record(self, *records):
        for each in records:
            same = "there.task_run_id = new.task_run_id"
            self.sql(merge_statement("prod.ops_shop", TASK_RUNS, same, [row_of(each)]))

    def write(self, table, units):
        rows = pa.table({"units": pa.array(units, pa.float64())})
        write_deltalake(self.connected.tables.get(table).storage_location, rows, mode="append")

    def await_end(self):
        while any(run["state"]["life_cycle_state"] != "TERMINATED" for run in self.workspace.state.runs.values()):
            time.sleep(0.01)

    def run(self, started, report):
        """What the runtime would do."""
        for task in started.settings["tasks"]:
            key = task["task_key"]
            told = task.get("python_wheel_task", task.get("notebook_task"))
            told = told.get("named_parameters") or told["base_parameters"]
            plan = json.loads(started.read_file(told["framework.plan"].removeprefix("/Workspace")))
            provenance = told["framework.plan"].rpartition("/plans/")[0].removeprefix("/Workspace") + "/provenance.json"
            origin = Origin(**json.loads(started.read_file(provenance)))
            self.submitted[key] = (task, told, plan, started.settings)
            report(key, "RUNNING")
            result, output = self.does(key, told, plan["tasks"][key]["options"], origin)
            report(key, result, output=output)

    def does(self, key, told, options, origin):
        pinned = json.loads(told["framework.pinned"])["tables"]
        inputs = tuple(TableVersion(table, version, schema_hash="h") for table, version in pinned.items())
        done = record(key, inputs=inputs, origin=origin)
        if key == "train":
            done = replace(done, metrics={"wape": self.metric}, model=self.model)
        else:
            self.prepared = [
                each for each in self.workspace.state.securables if each.startswith("table:prod.reproduce")
            ]
            self.sql(f"CREATE TABLE IF NOT EXISTS {options['writes']['x']} (units DOUBLE)")
            self.write(options["writes"]["x"], self.units)
        return self.ending or ("SUCCESS", {"logs": RECORD_LINE + done.to_json()})


def log_in(workspace, monkeypatch):
    for name, value in workspace.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    (tmp_path / "projects/shop").mkdir(parents=True)
    (tmp_path / "projects/shop/project.yml").write_text("name: shop\n")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/prod.yml").write_text("host: ${env:DATABRICKS_HOST}\nmode: production\ncatalog: prod\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shop(checkout, monkeypatch):
    """A run of two tasks that ran from a release, and has been recorded."""
    found = Shop()
    with FakeWorkspace(run_job=found.run) as workspace:
        log_in(workspace, monkeypatch)
        found.open(workspace, release_in(workspace, checkout / "releases"))
        install(found, checkout)
        furnish(found)
        # Who looks first sees the end: nobody waits between two looks.
        workspace.faults.add(Fault("POST /api/*/jobs/runs/submit", when="after", times=0, call=found.await_end))
        yield found


def release_in(workspace, directory, wheel=b"shop", write_mode="append"):
    """The release, in the store."""
    plan = {"schema": 1, "tasks": {key: template(key, write_mode).as_dict() for key in PLAN}}
    contents = {
        "bundle/databricks.yml": b"{}",
        "bundle/resources/demand.job.yml": yaml.safe_dump({"resources": {"jobs": {"demand": JOB}}}).encode(),
        "plans/demand.json": json.dumps(plan).encode(),
        "wheels/shop-1-py3-none-any.whl": wheel,
        "requirements.txt": b"",
    }
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    release = Release(
        id=release_id(hashes), project="shop", target="prod", files=hashes,
        project_wheel="shop-1-py3-none-any.whl", runtime_wheel="bundle_framework-1-py3-none-any.whl",
    )  # fmt: skip
    keep(release, contents, directory)
    ReleaseStore(client(workspace.url), ROOT, "shop").upload(directory / release.id, release)
    return release.id


def install(shop, root: Path):
    """The tables of records."""
    ops = Ops(shop.connected, read_target(root, "prod"))
    ops_install.install(shop.warehouse, list(ops_install.statements(ops, ["shop"], [])))


def furnish(shop):
    for table in (SALES, FEATURES):
        shop.sql(f"CREATE SCHEMA IF NOT EXISTS {table.rpartition('.')[0]}")
        shop.sql(f"CREATE TABLE IF NOT EXISTS {table} (units DOUBLE)")
        shop.write(table, [1.0])
    shop.write(FEATURES, [2.0, 3.0])
    origin = Origin(release=shop.release, commit="c" * 40, project_wheel="a" * 16)
    shop.record(
        record("features", inputs=(SALES_THEN,), outputs=(TableVersion(FEATURES, 2, 2),), origin=origin),
        record("train", inputs=(TableVersion(FEATURES, 2, schema_hash="h"),), metrics={"wape": 0.5}, model=TRAINED,
               origin=origin),
        record("register", origin=origin),
        record("report"),
    )  # fmt: skip
    job = {column.name: "" if column.type == "STRING" else None for column in JOB_RUNS.columns}
    job |= times(BEGAN, BEGAN) | {"job_run_id": "7", "repair": 0, "project": "shop", "commit": "c" * 40}
    job |= {"tasks": ["features", "train", "register", "report"], "backfill": "2024-02-29"}
    shop.sql(merge_statement("prod.ops_shop", JOB_RUNS, "there.job_run_id = new.job_run_id", [in_order(JOB_RUNS, job)]))
    shop.write(SALES, [9.0])  # since then
    shop.write(FEATURES, [9.0])


def reproduce(*arguments):
    return CliRunner().invoke(app, ["reproduce", *arguments, "-e", "prod"])


def judgements(done):
    return {task["task"]: task["judgement"] for task in json.loads(done.stdout)["tasks"]}


def lines(done, task):
    found = next(each for each in json.loads(done.stdout)["tasks"] if each["task"] == task)
    return {line["what"]: line for line in found["lines"]}


def left(shop):
    """What is there that a reproduction makes."""
    schemas = [key for key in shop.workspace.state.securables if "reproduce" in key]
    return schemas + [path for path in shop.workspace.state.objects if "/reproduce/7" in path]


@pytest.mark.parametrize("run", ["7", "last"])
def test_a_run_is_the_same_again_and_leaves_nothing(shop, run):
    done = reproduce(run, "-o", "json")

    assert done.exit_code == 0, done.output
    assert judgements(done) == {"features": "same", "train": "same"}
    told = json.loads(done.stdout)
    assert (told["job_run_id"], told["commit"]) == ("7", "c" * 40)
    assert told["skipped"]["register"] == "models are never registered again"
    assert "sql_task" in told["skipped"]["report"]
    assert lines(done, "features")["rows of features.daily"]["now"] == "2"
    assert lines(done, "train")["model, on its input example"]["now"] == "units"
    assert left(shop) == []
    assert shop.sql("SELECT count(*) AS n FROM prod.ops_shop.task_runs") == [{"n": 4}]


def test_each_task_runs_as_its_release_has_it_with_what_it_had_then(shop):
    reproduce("7")

    task, told, plan, run = shop.submitted["features"]
    assert run["run_name"] == "reproduce 7"
    assert task.keys() == {"task_key", "environment_key", "python_wheel_task"}
    (environment,) = run["environments"]
    release = f"{ROOT}/shop/releases/{shop.release}"
    assert environment["environment_key"] == task["environment_key"]
    assert environment["spec"]["dependencies"] == [
        f"{release}/wheels/shop-1-py3-none-any.whl",
        f"-r {release}/requirements.txt",
    ]
    assert (told["as_of"], told["framework.logical_date"], told["framework.backfill"]) == (
        "2024-03-01", "2024-03-01", "2024-02-29",
    )  # fmt: skip
    assert json.loads(told["framework.pinned"])["tables"] == {SALES: 1}
    assert "{{" not in json.dumps(told)
    assert list(plan["tasks"]) == ["features"]
    assert "ops_schema" not in plan["tasks"]["features"]
    assert plan["tasks"]["features"]["options"]["writes"] == {"x": "prod.reproduce_7.features__daily__0"}
    assert shop.prepared == ["table:prod.reproduce_7.features__daily__0"]
    task, told, plan, _ = shop.submitted["train"]
    assert task["new_cluster"]["num_workers"] == 1
    assert task["notebook_task"]["notebook_path"] == f"{release}/notebooks/task"
    assert plan["tasks"]["train"]["options"]["experiment"] == "/shop.reproduced"


def test_what_differs_is_shown_and_its_rows_stay_until_they_are_the_same(shop):
    shop.units, shop.metric = [2.0, 4.0], 0.5000001
    done = reproduce("7", "-o", "json")

    assert done.exit_code == 1, done.output
    assert judgements(done) == {"features": "differs", "train": "differs"}
    rows = lines(done, "features")["rows of features.daily"]
    assert rows["reason"] == "1 only then, 1 only now"
    assert json.loads(done.stdout)["scratch"] == "prod.reproduce_7"
    assert "schema:prod.reproduce_7" in left(shop)
    shop.units = [3.0, 2.0]
    again = reproduce("7", "--tolerance", "1e-3")
    assert (again.exit_code, "The same in 2 of 4 tasks: run 7" in again.stdout) == (0, True), again.output
    assert left(shop) == []


def test_one_task_is_done_alone(shop):
    assert judgements(reproduce("7", "--task", "train", "-o", "json")) == {"train": "same"}
    assert list(shop.submitted) == ["train"]


def test_a_model_that_predicts_otherwise_is_another_one_whatever_its_metrics(shop):
    shop.model = replace(shop.model, digest="rows:others")
    done = reproduce("7", "--task", "train", "--tolerance", "1e9")
    assert done.exit_code == 1, done.output
    assert "train: model, on its input example: predictions are compared exactly" in done.stdout


@pytest.mark.parametrize(
    ("result", "judgement", "reason"),
    [("SUCCESS", "unknown", "its log has no record"), ("FAILED", "differs", "no such package")],
)
def test_an_attempt_without_a_record_is_told_of_as_far_as_it_is_known(shop, result, judgement, reason):
    shop.ending = result, {"error": "no such package"}
    done = reproduce("7", "--task", "train", "-o", "json")
    assert (done.exit_code, judgements(done)["train"]) == (1, judgement), done.output
    assert lines(done, "train")["result"]["reason"] == reason


def test_what_was_read_and_is_gone_is_not_read_as_it_is_now(shop):
    inputs, origin = (TableVersion(FEATURES, 9),), Origin(release=shop.release)
    later = "2024-03-02T04:00:00+00:00"
    shop.record(record("train", task_run_id="8", started_at=later, inputs=inputs, origin=origin))
    done = reproduce("7", "--task", "train", "-o", "json")
    line = lines(done, "train")["reads features.daily"]
    assert (done.exit_code, line["now"], "made anew" in line["reason"]) == (1, "gone", True), done.output
    assert shop.submitted == {}


def test_what_was_written_and_is_gone_cannot_be_compared(shop):
    inputs, outputs, later = (SALES_THEN,), (TableVersion(FEATURES, 9, 2),), "2024-03-02T04:00:00+00:00"
    origin = Origin(release=shop.release)
    shop.record(record("features", task_run_id="8", started_at=later, inputs=inputs, outputs=outputs, origin=origin))
    done = reproduce("7", "--task", "features", "-o", "json")
    line = lines(done, "features")["rows of features.daily"]
    assert (done.exit_code, line["judgement"], "made anew" in line["reason"]) == (1, "unknown", True), done.output


def test_who_stops_waiting_is_told_what_goes_on(shop):
    shop.workspace.faults.add(Fault("GET /api/*/jobs/runs/get", call=_thread.interrupt_main))
    done = reproduce("7")
    assert done.exit_code == INTERRUPTED
    assert "databricks jobs cancel-run" in done.stderr
    assert "prod.reproduce_7" in done.stderr


def test_a_run_that_is_refused_leaves_nothing(shop):
    shop.workspace.faults.clear()
    shop.workspace.faults.add(Fault("POST /api/*/jobs/runs/submit", status=403, message="not allowed"))
    done = reproduce("7")
    assert (done.exit_code, "cannot start the run 'reproduce 7'" in done.stderr) == (4, True), done.output
    assert left(shop) == []


def test_what_cannot_be_done_is_said(shop):
    shop.record(
        record("train", job_run_id="9", task_run_id="9", origin=Origin(release="beef", commit="d" * 40)),
        record("train", job_run_id="10", task_run_id="10", parameters={"key": REDACTED}),
        record("train", job_run_id="11", task_run_id="11", environment=Environment()),
    )
    for arguments, message, advice in (
        (["8"], "there is no record of a run 8 on prod", "framework runs sync -e prod"),
        (["yesterday"], "there is no record of a run yesterday", "framework runs -e prod"),
        (["7", "--task", "tain"], "run 7 has no task 'tain'", "features, train"),
        (["9"], "run 9 on prod has no record of its own yet", "framework runs sync -e prod"),
        (["9", "--task", "train"], "release beef is not in", "The last 30 releases are kept"),
        (["10", "--task", "train"], "nothing of run 10 can be done once more", "secret as parameter 'key'"),
        (["11", "--task", "train"], "nothing of run 11 can be done once more", "no record of its own"),
    ):
        done = reproduce(*arguments)
        assert (done.exit_code, message in done.stderr, advice in done.stderr) == (2, True, True), done.output
    assert left(shop) == []


def test_two_at_once_do_not_take_away_each_others_rows(shop):
    shop.connected.jobs.submit(run_name="reproduce 7", tasks=[])
    state = next(iter(shop.workspace.state.runs.values()))
    state |= {"state": {"life_cycle_state": "RUNNING"}, "run_name": "reproduce 7"}
    done = reproduce("7")
    assert (done.exit_code, "does that already" in done.stderr) == (2, True), done.output


def test_a_row_tells_the_record_that_it_was_made_of():
    plain = record("train", metrics={"wape": 0.5}, inputs=(SALES_THEN,), notes=("n",))
    whole = replace(
        plain,
        model=ModelVersion("m", "1", "r", "rows:units"),
        verdict=Verdict(passed=False, reasons=("No.",), against="champion v3"),
        error=TaskError("ValueError", "no"),
    )
    assert record_of(row_of(whole)) == whole
    assert record_of({**row_of(plain), "model_name": None, "dirty": None, "outputs": None}) == plain


@pytest.mark.spark
def test_the_code_of_the_release_reads_what_it_read_then(running_workspace, spark, checkout, monkeypatch):
    log_in(running_workspace, monkeypatch)
    for table in (SALES, FEATURES):
        local = f"spark_catalog.{table.replace('.', '__', 1)}"
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {local.rpartition('.')[0]}")
        spark.sql(f"CREATE TABLE {local} USING delta AS SELECT explode(array(2.0D, 3.0D)) AS units")
        running_workspace.add_securable("schema", table.rpartition(".")[0])
        running_workspace.add_securable("table", table)
    spark.sql("INSERT INTO spark_catalog.prod__raw.sales VALUES (9.0D)")  # since then
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("shop.py", "def f(sales, as_of):\n    return {'x': sales}\n")
    shop = Shop()
    shop.open(running_workspace, release_in(running_workspace, checkout / "releases", wheel.getvalue(), "overwrite"))
    install(shop, checkout)
    read = (TableVersion(SALES, 0, schema_hash=schema_hash([("units", "double")])),)
    origin = Origin(release=shop.release, commit="c" * 40, project_wheel="a" * 16)
    shop.record(record("features", inputs=read, outputs=(TableVersion(FEATURES, 0, 2),), origin=origin))

    done = reproduce("7", "--task", "features", "-o", "json")

    assert done.exit_code == 0, done.output
    assert lines(done, "features")["rows of features.daily"]["now"] == "2"
    assert left(shop) == []
