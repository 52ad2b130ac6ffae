"""``framework trace`` and the searches of ``framework runs``, as a user types them: no JVM, nothing heavy."""

import json
import re
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
        (("trace", "8"), "no record of task run 8"),
        (("runs", "--metric", "wape"), "--metric takes a comparison"),
        (("runs", "1", "--task", "x"), "options that look for runs go with no run"),
        (("runs", "1", "2", "3"), "one run, or two to compare"),
        (("runs", "compare", "1"), "no record of run compare"),
    ],
)
def test_a_mistake_is_one_clear_message(root, arguments, message):
    done = framework(*arguments)
    assert (done.exit_code, message in done.stderr) == (2, True), done.output
    assert "Traceback" not in done.output


def test_runs_are_looked_for(root):
    assert "demand" in framework("runs", "--task", "features", "--metric", "wape<0.6").stdout
    (found,) = json.loads(framework("runs", "--metric", "wape<0.6", "-o", "json").stdout)
    assert (found["job_run_id"], found["metrics"], found["duration_s"]) == ("1", {"wape": 0.5}, 2.5)
    (run,) = json.loads(framework("runs", "--project", "shop", "-o", "json").stdout)
    assert run["job_run_id"] == 1
    assert "No run is like that." in framework("runs", "--result", "FAILED").stdout
    assert "No differences" in framework("runs", "compare", "1", "1").stdout


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
    assert [(each["job_run_id"], each["result"]) for each in found] == [(run.job_run_id, "INTERRUPTED")]
    traced = framework("trace", str(run.job_run_id)).stdout
    assert f"run {run.job_run_id}: INTERRUPTED" in traced
    assert f"did task train of run {run.job_run_id}: INTERRUPTED" in traced
    assert "there is no run yet" in framework("trace", "last", "--project", "other").stderr


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
