"""``framework trace`` and the searches of ``framework runs``, as a user types them: no JVM, nothing heavy."""

import json
import re
import shutil
import subprocess
import sys

import pyarrow as pa
import pytest
from deltalake import CommitProperties, write_deltalake
from typer.testing import CliRunner

from framework.cli.app import app
from framework.core.ops_tables import JOB_RUNS, in_order, row_of
from framework.core.task_run import AttemptRecord, Origin, TableVersion
from framework.local.paths import LocalPaths
from framework.records.ops_store import OpsStore, RunRows
from framework.records.run_store import RunStore
from framework.records.run_values import NewRun, StoredAttempt

SAID = {"task_run_id": "10001", "attempt": 1, "job_run_id": "1", "task_key": "features"}
RECORD = AttemptRecord(
    job_run_id="1", task_run_id="10001", attempt=1, project="shop", pipeline="demand", target="local", result="SUCCESS",
    task_key="features", kind="feature_table", started_at="2024-03-01T04:00:00Z", ended_at="2024-03-01T04:00:02.500Z",
    parameters={"as_of": "[b]2024[/b]"}, outputs=(TableVersion("spark_catalog.features.daily", 0, 2),),
    metrics={"wape": 0.5}, origin=Origin(commit="c0ffee" + "0" * 34),
)  # fmt: skip


@pytest.fixture
def root(tmp_path, monkeypatch):
    paths = LocalPaths(tmp_path)
    write_deltalake(
        str(paths.warehouse / "features.db/daily"), pa.table({"product": ["a", "b"], "units": [1.5, 2.5]}),
        commit_properties=CommitProperties(custom_metadata={"userMetadata": json.dumps(SAID)}),
    )  # fmt: skip
    job = {column.name: "" if column.type == "STRING" else None for column in JOB_RUNS.columns}
    job |= {"job_run_id": "1", "repair": 0, "project": "shop", "pipeline": "demand", "result": "SUCCESS"}
    rows = RunRows(job_run_id=1, project="shop", repairs=0, task_runs=[row_of(RECORD)],
                   job_runs=[in_order(JOB_RUNS, job)])  # fmt: skip
    OpsStore(paths.warehouse).append([rows])
    RunStore(paths.run_store).close()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def framework(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_a_number_is_traced_in_one_command(root):
    done = framework("trace", "features.daily", "--row", "product=a")

    assert done.exit_code == 0, done.output
    for part in (
        "row product=a of spark_catalog.features.daily v0",
        "values: product=a, units=1.5",
        "written by task features of run 1: SUCCESS",
        "parameters: as_of=[b]2024[/b]",
        "code commit c0ffee000000",
    ):
        assert part in done.stdout


def test_the_graph_as_json_and_as_a_picture(root):
    value = json.loads(framework("trace", "features.daily@0", "-o", "json").stdout)
    assert (value["schema"], value["direction"]) == (1, "up")
    assert [node["kind"] for node in value["nodes"]] == ["table", "attempt", "code"]
    assert {edge["role"] for edge in value["edges"]} == {"written by", "code"}

    picture = framework("trace", "features.daily", "-o", "mermaid").stdout
    assert picture.startswith("flowchart LR\n")
    assert '-->|"written by"|' in picture


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("trace", "features.daily", "--row", "product"), "--row takes KEY=VALUE"),
        (("trace", "features.daily", "--row", "product=z"), "has no row with product=z"),
        (("trace", "1", "--row", "product=a"), "--row is for tables"),
        (("trace", "features.daily", "--down", "--row", "product=a"), "what came of one row is not recorded"),
        (("trace", "features.daily", "--up", "--down"), "--up and --down are two questions"),
        (("trace", "features.daily", "--project", "shp"), "(did you mean 'shop'?)"),
        (("trace", "8"), "no record of run 8"),
        (("runs", "--metric", "wape"), "--metric takes a comparison"),
        (("runs", "1", "--task", "x"), "options that look for runs go with no run"),
        (("runs", "1", "2", "3"), "one run, or two to compare"),
        (("runs", "compare", "1"), "compare takes two runs"),
        (("runs", "sync", "last"), "sync takes no run"),
        (("runs", "--result", "succes"), "there is no result 'succes' (did you mean 'SUCCESS'?)"),
    ],
)
def test_a_mistake_is_one_clear_message(root, arguments, message):
    done = framework(*arguments)
    assert (done.exit_code, message in done.stderr) == (2, True), done.output
    assert "Traceback" not in done.output


def test_what_is_broken_is_named_with_what_to_do(root):
    assert "mlflow.db is not there" in (done := framework("trace", "models.demand@champion")).stderr
    assert (done.exit_code, "framework run" in done.stderr) == (1, True)
    log = root / ".framework/warehouse/features.db/daily/_delta_log" / f"{0:020}.json"
    log.write_text("{broken")
    assert f"{log.name}: Expecting" in (done := framework("trace", "features.daily")).stderr
    assert "backup" in done.stderr


def test_runs_are_looked_for(root):
    assert "demand" in framework("runs", "--task", "features", "--metric", "wape<0.6").stdout
    (found,) = json.loads(framework("runs", "--metric", "wape<0.6", "-o", "json").stdout)
    assert (found["job_run_id"], found["metrics"], found["duration_s"]) == ("1", {"wape": 0.5}, 2.5)
    (run,) = json.loads(framework("runs", "--project", "shop", "-o", "json").stdout)
    assert run["job_run_id"] == 1
    assert "No run is like that." in framework("runs", "--result", "FAILED").stdout
    assert "No differences" in framework("runs", "compare", "1", "1").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--task", "nope"), "None of the latest 1 records has the task 'nope'. There are: features."),
        (("--project", "shpo"), "has the project 'shpo' (did you mean 'shop'?). There are: shop."),
        (("--metric", "wap<0.6"), "has the metric 'wap' (did you mean 'wape'?). There are: wape."),
        (("--task", "features", "--param", "as_off=1"), "has the parameter 'as_off' (did you mean 'as_of'?)."),
    ],
)
def test_a_name_that_no_run_has_is_told_with_those_that_there_are(root, arguments, told):
    done = framework("runs", *arguments)
    assert (done.exit_code, told in done.stdout.replace("\n", " ")) == (0, True), done.output
    assert framework("runs", *arguments, "-o", "json").stdout == "[]\n"


def test_what_is_there_is_traced_though_the_run_store_is_lost(root):
    (root / ".framework/runs.db").unlink()
    assert "written by task features of run 1: SUCCESS" in framework("trace", "features.daily").stdout
    assert not (root / ".framework/runs.db").exists()


def test_without_tables_of_records_it_is_said_how_to_bring_them(root):
    shutil.rmtree(root / ".framework/warehouse/ops_shop.db")
    assert "framework runs sync" in framework("trace", "last").stderr
    assert "framework runs sync" in framework("runs", "--task", "features").stdout


def test_a_run_whose_process_was_killed_is_found_though_it_has_no_rows_and_many_came_after_it(root):
    begun = NewRun(
        job="shop.demand", project="shop", pipeline="demand", target="local", tasks=("train",), parameters={"n": "1"},
        source={}, started_at="2024-03-02T04:00:00Z",
    )  # fmt: skip
    with RunStore(LocalPaths(root).run_store) as store:
        run = store.begin(begun)
        store.note_attempt(
            StoredAttempt(
                task_run_id="20001", job_run_id=run.job_run_id, task_key="train", iteration=None, attempt=1, repair=0,
                started_at="2024-03-02T04:00:01Z",
            )
        )  # fmt: skip
        for _ in range(51):
            later = store.begin(begun)
            store.note_end(later.job_run_id, "SUCCESS", later.started_at, 1.0)
            store.note_recorded(later)
        store.commit()

    found = json.loads(framework("runs", "--param", "n=1", "-o", "json").stdout)
    told = [(each["job_run_id"], each["result"], each["duration_s"]) for each in found]
    assert told == [(run.job_run_id, "INTERRUPTED", None)]
    traced = framework("trace", str(run.job_run_id)).stdout
    assert f"run {run.job_run_id}: INTERRUPTED" in traced
    assert f"did task train of run {run.job_run_id}: INTERRUPTED" in traced
    assert "no run of project 'other' is recorded" in framework("trace", "last", "--project", "other").stderr


def test_what_a_terminal_would_act_on_is_shown_as_text(root):
    write_deltalake(str(root / ".framework/warehouse/features.db/odd"), pa.table({"n": [1], "text": ["\x1b[2Jgone\n"]}))
    done = framework("trace", "features.odd", "--row", "n=1")
    assert r"text=\x1b[2Jgone\n" in done.stdout
    assert "\x1b" not in done.stdout


def test_without_any_run_that_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = framework("trace", "features.daily")
    assert done.exit_code == 2
    assert "there is no run" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("trace", "features.daily", "--row", "product=a"), ("runs", "--task", "features")], ids=" ".join
)
def test_an_answer_imports_nothing_heavy(root, arguments):
    command = [sys.executable, "-X", "importtime", "-m", "framework", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    imported = set(re.findall(r"^import time:.*\| +(\S+)$", done.stderr, flags=re.MULTILINE))
    assert "deltalake" in imported
    assert not imported & {"pyspark", "mlflow", "pandas", "numpy", "pyarrow", "databricks.sdk", "sqlglot"}
