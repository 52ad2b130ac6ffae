"""Rows of run records go when the policy no longer wants them, and with all of their run."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework.cli.app import app
from framework.core.ops_tables import JOB_RUNS, OPS_TABLES, TASK_RUNS
from framework.deploy.ops_statements import merge_statement
from framework.deploy.sql_warehouse import SqlWarehouse
from framework.deploy.workspace import client
from framework.spec.policy_spec import read_policy
from framework.testing.fake_workspace import FakeWorkspace, Fault

OLD, NEW = (datetime.now(UTC) - timedelta(days=days) for days in (101, 99))
JOBS = [("old", 0, OLD), ("repaired", 0, OLD), ("repaired", 1, NEW), ("new", 0, NEW)]
TASKS = [("old", "a", OLD), ("old", "never", None), ("alone", "a", OLD), ("repaired", "a", OLD), ("new", "never", None)]
LEFT = [["new", "repaired"], ["new", "repaired", "repaired"]]
ALL = [["alone", "new", "old", "old", "repaired"], ["new", "old", "repaired", "repaired"]]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """With the tables of records, and in them runs of which some are older than the policy allows."""
    (tmp_path / "projects/shop").mkdir(parents=True)
    (tmp_path / "projects/shop/project.yml").write_text("name: shop\n")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/prod.yml").write_text("host: ${env:DATABRICKS_HOST}\nmode: production\ncatalog: prod\n")
    (tmp_path / "conf/policy.yml").write_text("retention: {run_records_days: 100}\n")
    monkeypatch.chdir(tmp_path)
    with FakeWorkspace() as workspace:
        for name, value in workspace.environment.items():
            monkeypatch.setenv(name, value)
        ops("install")
        given = (
            (TASK_RUNS, [dict(zip(("job_run_id", "task_key", "ended_at"), row, strict=True)) for row in TASKS]),
            (JOB_RUNS, [dict(zip(("job_run_id", "repair", "ended_at"), row, strict=True)) for row in JOBS]),
        )
        for table, rows in given:
            sql(workspace, merge_statement("prod.ops_shop", table, "false", rows))
        yield workspace


def ops(*words, code=0):
    done = CliRunner().invoke(app, ["ops", words[0], "-e", "prod", *words[1:]])
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def sql(workspace, statement):
    return SqlWarehouse(client(workspace.url), "fake").rows(statement, "ask")


def left(workspace):
    """The runs of the rows in each table."""
    return [
        [row["job_run_id"] for row in sql(workspace, f"SELECT job_run_id FROM prod.ops_shop.{table.name} ORDER BY 1")]
        for table in OPS_TABLES
    ]


def append_only(workspace):
    found = [workspace.state.securables[f"table:prod.ops_shop.{table.name}"] for table in OPS_TABLES]
    return [each["properties"]["delta.appendOnly"] for each in found]


def test_rows_go_with_the_run_that_ended_before_for_the_last_time(workspace):
    assert json.loads(ops("prune", "--yes", "-o", "json")) == {"shop": {"days": 100, "task_runs": 3, "job_runs": 1}}

    assert left(workspace) == LEFT
    assert append_only(workspace) == ["true", "true"]
    assert "0 of task_runs and 0 of job_runs went" in ops("prune")


def test_a_dry_run_counts_them(workspace):
    said = ops("prune", "--dry-run")

    assert "shop on prod: 3 of task_runs and 1 of job_runs would go" in said
    assert left(workspace) == ALL


def test_production_takes_a_confirmation(workspace):
    assert "framework ops prune -e prod --yes" in ops("prune", code=2)
    assert left(workspace) == ALL


@pytest.mark.parametrize(
    ("of_all", "of_project", "days"),
    [(100, None, 100), (100, 60, 100), (100, 200, 200), (None, 100, None), (None, None, None)],
)
def test_a_project_can_keep_its_records_longer_and_not_shorter(tmp_path, of_all, of_project, days):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/prod.yml").touch()
    for directory, said in ((tmp_path / "conf", of_all), (tmp_path, of_project)):
        (directory / "policy.yml").write_text(
            f"targets: {{prod: {{retention: {{run_records_days: {said or 'null'}}}}}}}"
        )

    assert read_policy(tmp_path, tmp_path).run_records_days("prod") == days


def test_without_a_policy_all_rows_stay(workspace):
    Path("conf/policy.yml").unlink()

    assert "no row goes: conf/policy.yml says no retention.run_records_days" in ops("prune", "--yes")
    assert left(workspace) == ALL


def test_a_table_is_append_only_again_when_nothing_could_be_deleted(workspace):
    workspace.faults.add(Fault("POST */sql/statements", skip=3, status=400, message="no space"))

    assert "cannot take rows away from prod.ops_shop.task_runs: no space" in ops("prune", "--yes", code=4)
    assert (left(workspace), append_only(workspace)) == (ALL, ["true", "true"])


@pytest.mark.parametrize("mend", [["install"], ["prune", "--yes"]])
def test_a_table_that_is_left_open_is_named_and_closed_by_what_comes_next(workspace, mend):
    workspace.faults.add(Fault("POST */sql/statements", skip=4, status=400))

    said = ops("prune", "--yes", code=4)
    assert "cannot make prod.ops_shop.task_runs append only again" in said
    assert "Its rows can be changed until then: framework ops install -e prod --project shop" in said
    assert append_only(workspace) == ["false", "true"]
    ops(*mend)
    assert append_only(workspace) == ["true", "true"]


def test_who_may_not_change_the_tables_is_told_so(workspace, monkeypatch):
    workspace.add_user("bob@example.com")
    workspace.allow("warehouses/fake", "bob@example.com", "CAN_USE")
    for key, *privileges in (("catalog:prod", "USE_CATALOG"), ("schema:prod.ops_shop", "USE_SCHEMA", "SELECT")):
        workspace.grant(key, "bob@example.com", *privileges)
    monkeypatch.setenv("DATABRICKS_TOKEN", workspace.token_of("bob@example.com"))

    assert "It takes SELECT and MODIFY on prod.ops_shop.task_runs" in ops("prune", "--yes", code=4)
