"""The tables of run records in a target: made once, for who may write and who may read them."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework.cli.app import app
from framework.core.errors import DatabricksError
from framework.core.ops_tables import JOB_RUNS, TASK_RUNS
from framework.deploy.ops_statements import literal, merge_statement
from framework.deploy.sql_warehouse import SqlWarehouse
from framework.deploy.workspace import client
from framework.testing.fake_workspace import FakeWorkspace, Fault

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
ROBOT = "00000000-0000-0000-0000-00000000000a"
PROD = f"""\
host: ${{env:DATABRICKS_HOST}}
mode: production
catalog: prod
experiment_root: /mlops/experiments
run_as: {{service_principal_name: {ROBOT}}}
tags: {{team: retail}}
"""

ROWS = [{"job_run_id": "1", "repair": 0, "tasks": ["a"], "parameters": {"as_of": "it's today"}}]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    root = shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework", "__pycache__"))
    (root / "conf").mkdir(exist_ok=True)
    (root / "conf" / "prod.yml").write_text(PROD)
    (root / "conf" / "dev.yml").write_text("host: ${env:DATABRICKS_HOST}\nmode: development\ncatalog: dev\n")
    (root / "conf" / "policy.yml").write_text("ops: {auditors: [auditors]}\n")
    with (root / "projects" / "shop" / "project.yml").open("a") as file:
        file.write("tags: {data owner: shop-team}\n")
    monkeypatch.chdir(root)
    with FakeWorkspace() as workspace:
        for name, value in workspace.environment.items():
            monkeypatch.setenv(name, value)
        workspace.add_service_principal(ROBOT)
        workspace.add_group("auditors")
        yield workspace


def install(*options, code=0):
    done = CliRunner().invoke(app, ["ops", "install", "-e", "prod", *options])
    assert done.exit_code == code, done.output
    return done


def executed(workspace):
    return [each["statement"] for each in workspace.state.statements.values()]


def test_tables_are_made_once_with_their_comments_and_tags(workspace):
    install()
    first = len(executed(workspace))
    install()

    table = client(workspace.url).tables.get("prod.ops_shop.task_runs")
    assert [each.name for each in table.columns] == [each.name for each in TASK_RUNS.columns]
    assert [each.comment for each in table.columns] == [each.comment for each in TASK_RUNS.columns]
    assert table.properties["delta.appendOnly"] == "true"
    assert workspace.state.securables["table:prod.ops_shop.job_runs"]["tags"] == {
        "cost_center": "4711",
        "data_owner": "shop-team",
        "team": "retail",
    }
    assert not any(each.startswith("CREATE TABLE") for each in executed(workspace)[first:])
    (view,) = warehouse(workspace).rows("SELECT count(*) AS n FROM prod.ops.job_runs", "ask")
    assert view == {"n": 0}


def test_an_older_table_gets_the_columns_that_are_new(workspace):
    make_older(workspace, "prod.ops_shop")
    install()

    columns = client(workspace.url).tables.get("prod.ops_shop.job_runs").columns
    assert sorted(each.name for each in columns) == sorted(each.name for each in JOB_RUNS.columns)
    assert warehouse(workspace).rows("SELECT `commit`, tasks FROM prod.ops.job_runs", "ask") == []


def test_rows_of_an_older_project_are_in_the_views_too(workspace):
    make_older(workspace, "prod.ops_old")
    install()

    sql = warehouse(workspace)
    sql.rows(merge_statement("prod.ops_shop", JOB_RUNS, "there.job_run_id = new.job_run_id", ROWS), "append")
    (row,) = sql.rows("SELECT job_run_id, tasks, parameters FROM prod.ops.job_runs", "ask")
    assert row == {"job_run_id": "1", "tasks": ["a"], "parameters": {"as_of": "it's today"}}
    assert (
        "FROM `prod`.`ops_old`.`job_runs`" in workspace.state.securables["table:prod.ops.job_runs"]["view_definition"]
    )


def test_who_the_jobs_run_as_appends_to_its_own_records_alone(workspace):
    install()
    sql = warehouse(workspace)
    sql.rows("CREATE SCHEMA IF NOT EXISTS prod.ops_other", "make it")
    sql.rows("CREATE TABLE IF NOT EXISTS prod.ops_other.job_runs (job_run_id STRING)", "make it")
    workspace.allow("warehouses/fake", ROBOT, "CAN_USE")
    workspace.grant("catalog:prod", ROBOT, "USE_CATALOG")
    robot = warehouse(workspace, ROBOT)

    for _ in range(2):
        same = "there.job_run_id = new.job_run_id"
        robot.rows(merge_statement("prod.ops_shop", JOB_RUNS, same, ROWS), "append")
    assert robot.rows("SELECT job_run_id FROM prod.ops_shop.job_runs", "ask") == [{"job_run_id": "1"}]
    with pytest.raises(DatabricksError, match=r"ops_other.*\n?It takes SELECT\.|ops_other"):
        robot.rows("SELECT job_run_id FROM prod.ops_other.job_runs", "ask", needs="SELECT")


def test_auditors_read_the_views_and_nothing_else(workspace):
    install()
    workspace.add_user("ann@example.com", ["auditors"])
    workspace.allow("warehouses/fake", "ann@example.com", "CAN_USE")
    workspace.grant("catalog:prod", "auditors", "USE_CATALOG")
    ann = warehouse(workspace, "ann@example.com")

    assert ann.rows("SELECT job_run_id FROM prod.ops.job_runs", "ask") == []
    with pytest.raises(DatabricksError, match="USE SCHEMA"):
        ann.rows("SELECT job_run_id FROM prod.ops_shop.job_runs", "ask")


def test_a_dry_run_prints_the_statements_and_makes_nothing(workspace):
    said = install("--dry-run").stdout

    assert "CREATE TABLE IF NOT EXISTS `prod`.`ops_shop`.`task_runs` (" in said
    assert f"GRANT SELECT, MODIFY ON TABLE `prod`.`ops_shop`.`job_runs` TO `{ROBOT}`;" in said
    assert "GRANT USE SCHEMA, SELECT ON SCHEMA `prod`.`ops` TO `auditors`;" in said
    assert executed(workspace) == []


def test_in_development_everybody_has_tables_of_their_own(workspace):
    CliRunner().invoke(app, ["ops", "install", "-e", "dev"])

    assert "table:dev.admin_ops_shop.task_runs" in workspace.state.securables
    assert "schema:dev.ops" not in workspace.state.securables


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-e", "local"], "is this machine"),
        (["-e", "nowhere"], "no target 'nowhere'"),
        (["-e", "prod", "--project", "shoe"], "no project 'shoe'"),
        ([], "which target?"),
    ],
)
def test_what_is_not_there_cannot_be_installed(workspace, options, said):
    done = CliRunner().invoke(app, ["ops", "install", *options])
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_of_several_warehouses_one_has_to_be_named(workspace):
    workspace.state.warehouses["other"] = {"id": "other", "name": "other"}
    assert "conf/prod.yml: fake (fake), other (other)" in " ".join(install(code=1).output.split())

    with Path("conf/prod.yml").open("a") as file:
        file.write("warehouse_id: other\n")
    install()


def test_who_may_make_no_schema_is_told_so(workspace, monkeypatch):
    workspace.add_user("bob@example.com")
    workspace.allow("warehouses/fake", "bob@example.com", "CAN_USE")
    workspace.grant("catalog:prod", "bob@example.com", "USE_CATALOG")
    monkeypatch.setenv("DATABRICKS_TOKEN", workspace.token_of("bob@example.com"))

    said = " ".join(install(code=4).output.split())
    assert "does not have CREATE SCHEMA on Catalog 'prod'" in said
    assert "It takes CREATE SCHEMA on the catalog" in said


def test_a_statement_is_waited_for(workspace, monkeypatch):
    monkeypatch.setattr("framework.deploy.sql_warehouse._EVERY", 0)
    pending = {"status": {"state": "PENDING"}, "manifest": None, "result": None}
    workspace.faults.add(Fault("POST */sql/statements", when="after", fields=pending))

    assert warehouse(workspace).rows("SELECT 1 AS one", "ask") == [{"one": 1}]


@pytest.mark.parametrize(
    ("status", "said", "hint"),
    [
        ({"state": "CANCELED"}, "cannot ask: the warehouse says that it is CANCELED", "run the command again"),
        ({"state": "CLOSED"}, "it is CLOSED", "run the command again"),
        ({"state": "FAILED", "error": {"message": "Inline byte limit exceeded."}}, "limit exceeded", "ask for fewer"),
    ],
)
def test_a_statement_that_did_not_succeed_is_an_error(workspace, status, said, hint):
    workspace.faults.add(Fault("POST */sql/statements", when="after", fields={"status": status}))

    with pytest.raises(DatabricksError, match=said) as raised:
        warehouse(workspace).rows("SELECT 1 AS one", "ask")
    assert hint in raised.value.hint


def test_a_text_cannot_leave_its_quotes():
    assert literal("it's \\ a\nline") == r"'it\'s \\ a line'"


def make_older(workspace, schema):
    """Tables of a version that knew less."""
    sql = warehouse(workspace)
    sql.rows(f"CREATE SCHEMA IF NOT EXISTS {schema}", "make it")
    for name in ("task_runs", "job_runs"):
        sql.rows(f"CREATE TABLE IF NOT EXISTS {schema}.{name} (job_run_id STRING COMMENT 'The run')", "make it")


def warehouse(workspace, who="admin@example.com"):
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.core import Config

    config = Config(host=workspace.url, token=workspace.token_of(who), auth_type="pat")
    return SqlWarehouse(WorkspaceClient(config=config), "fake")
