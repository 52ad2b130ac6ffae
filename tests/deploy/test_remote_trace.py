"""The same questions to a workspace: its SQL warehouse answers, from the tables of records and from histories."""

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from deltalake import CommitProperties, write_deltalake
from typer.testing import CliRunner

from framework.cli.app import app
from framework.core.errors import DatabricksError, FrameworkError
from framework.core.ops_tables import JOB_RUNS, TASK_RUNS, in_order, row_of, times
from framework.core.task_run import AttemptRecord, Origin, TableVersion
from framework.deploy import ops_install
from framework.deploy.ops_install import Ops
from framework.deploy.ops_statements import merge_statement
from framework.deploy.sql_warehouse import SqlWarehouse
from framework.deploy.workspace import client
from framework.spec.target_spec import read_target
from framework.testing.fake_workspace import FakeWorkspace
from framework.trace.warehouse_ops import WarehouseOps

FEATURES = "prod.features.daily"
SAID = {"task_run_id": "71", "attempt": 0, "job_run_id": "7", "task_key": "features", "slice": {"day": "mon"}}
RECORD = AttemptRecord(
    job_run_id="7", task_run_id="71", attempt=0, project="shop", pipeline="demand", target="prod", result="SUCCESS",
    task_key="features", kind="feature_table", started_at="2024-03-01T04:00:00Z", ended_at="2024-03-01T04:00:02.500Z",
    parameters={"as_of": "it's"}, outputs=(TableVersion(FEATURES, 1, 2),), metrics={"wape": 0.5},
    origin=Origin(commit="c0ffee" + "0" * 34, release="ab12" * 4),
)  # fmt: skip


@pytest.fixture
def prod(tmp_path, monkeypatch):
    (tmp_path / "projects/shop").mkdir(parents=True)
    (tmp_path / "projects/shop/project.yml").write_text("name: shop\n")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/prod.yml").write_text("host: ${env:DATABRICKS_HOST}\nmode: production\ncatalog: prod\n")
    monkeypatch.chdir(tmp_path)
    with FakeWorkspace() as workspace:
        for name, value in workspace.environment.items():
            monkeypatch.setenv(name, value)
        yield Ops(client(workspace.url), read_target(tmp_path, "prod"))


@pytest.fixture
def recorded(prod):
    """A run that wrote a table, as the tables of records and the table's history tell."""
    warehouse = SqlWarehouse(prod.client, "fake")
    ops_install.install(warehouse, list(ops_install.statements(prod, ["shop"], [])))
    job = {column.name: "" if column.type == "STRING" else None for column in JOB_RUNS.columns}
    job |= times(RECORD.started_at, RECORD.ended_at) | {"job_run_id": "7", "repair": 0, "project": "shop"}
    job |= {"pipeline": "demand", "target": "prod", "result": "SUCCESS", "parameters": {"as_of": "it's"}}
    # The row of the attempt is there twice, as when the answer to an append was lost.
    for table, rows in ((TASK_RUNS, [row_of(RECORD)] * 2), (JOB_RUNS, [in_order(JOB_RUNS, job)])):
        same = "there.job_run_id = new.job_run_id"
        warehouse.rows(merge_statement("prod.ops_shop", table, same, rows), "append")
    for statement in (
        "CREATE SCHEMA IF NOT EXISTS prod.features",
        f"CREATE TABLE IF NOT EXISTS {FEATURES} (day STRING, units DOUBLE)",
    ):
        warehouse.rows(statement, "make the table")
    write_deltalake(
        prod.client.tables.get(FEATURES).storage_location, pa.table({"day": ["mon", "mon"], "units": [1.5, 2.5]}),
        mode="append", commit_properties=CommitProperties(custom_metadata={"userMetadata": json.dumps(SAID)}),
    )  # fmt: skip


def framework(*arguments):
    return CliRunner().invoke(app, [*arguments, "-e", "prod"])


def test_a_row_that_was_appended_twice_is_told_once(recorded, prod):
    counted = (f"SELECT count(*) AS n FROM prod.{schema}.task_runs" for schema in ("ops_shop", "ops"))
    assert [SqlWarehouse(prod.client, "fake").rows(each, "count") for each in counted] == [[{"n": 2}], [{"n": 1}]]

    assert len(json.loads(framework("runs", "--task", "features", "-o", "json").stdout)) == 1


def test_a_row_of_a_table_in_the_workspace_is_traced(recorded):
    done = framework("trace", "features.daily", "--row", "units=2.5")

    assert done.exit_code == 0, done.output
    for part in (
        "values: day=mon, units=2.5",
        f"written in {FEATURES} v1",
        "written by task features of run 7: SUCCESS",
        "code commit c0ffee000000, release " + "ab12" * 4,
    ):
        assert part in done.stdout


def test_a_row_of_an_old_version_has_the_columns_of_then(recorded, prod):
    write_deltalake(
        prod.client.tables.get(FEATURES).storage_location, pa.table({"day": ["tue"]}), mode="overwrite",
        schema_mode="overwrite",
    )  # fmt: skip

    done = framework("trace", "features.daily@1", "--row", "units=2.5")
    assert (done.exit_code, f"written in {FEATURES} v1" in done.stdout) == (0, True), done.output


def test_tables_of_an_earlier_version_are_named_with_what_brings_them_up_to_date():
    def ask(*_):
        raise DatabricksError("cannot read it: [UNRESOLVED_COLUMN.WITH_SUGGESTION] `model_digest`", "")

    with pytest.raises(FrameworkError, match=r"prod\.ops_shop are those of an earlier version") as error:
        WarehouseOps(ask, ["prod.ops_shop"], "prod").select(TASK_RUNS, ())
    assert "framework ops install -e prod" in error.value.hint


def test_a_run_that_is_newer_than_what_was_synced_is_named_below_the_list(recorded, prod):
    columns = {"job_run_id": "8", "task_run_id": "81", "task_key": "late", "started_at": datetime.now(UTC)}
    warehouse = SqlWarehouse(prod.client, "fake")
    warehouse.rows(merge_statement("prod.ops_shop", TASK_RUNS, "false", [columns]), "add a row")

    assert "Run 8 is newer, and has no record of its own yet: framework runs sync -e prod" in framework("runs").output
    assert "Run 8" not in framework("runs", "--project", "shop").output


@pytest.mark.parametrize("subject", ["7", "71", "ab12" * 4, "prod.features.daily@1", "last"])
def test_what_the_workspace_knows_by_name_is_traced(recorded, subject):
    done = framework("trace", subject, "-o", "json")
    assert done.exit_code == 0, done.output
    assert "code" in {node["kind"] for node in json.loads(done.stdout)["nodes"]}


@pytest.mark.parametrize(
    "search",
    [
        ("--project", "shop"),
        ("--task", "features", "--metric", "wape<0.6"),
        ("--param", "as_of=it's", "--since", "2024-01-01", "--until", "2024-04-01"),
        ("--result", "success", "--limit", "1"),
        ("7",),
        ("last",),
    ],
    ids=" ".join,
)
def test_runs_in_the_workspace_are_found(recorded, search):
    done = framework("runs", *search, "-o", "json")
    assert done.exit_code == 0, done.output
    assert [str(row["job_run_id"]) for row in json.loads(done.stdout)] == ["7"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("trace", "features.weekly"), "there is no table prod.features.weekly"),
        (("trace", "models.demand@champion"), "prod.models.demand has no alias 'champion'"),
        (("trace", "models.demand/3"), "prod.models.demand has no version 3"),
        (("trace", "features.daily", "--row", "units=many"), "'many' is no double"),
    ],
)
def test_what_is_not_there_is_said(recorded, arguments, message):
    done = framework(*arguments)
    assert (done.exit_code, message in done.stderr) == (2, True), done.output


def test_without_tables_of_records_one_is_told_how_to_make_them(prod):
    done = framework("runs")
    assert done.exit_code == FrameworkError.exit_code
    assert "framework ops install -e prod" in done.stderr
