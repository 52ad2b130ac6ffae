"""Statements of a SQL warehouse in the fake workspace, executed on real Delta tables."""

import base64
import json

import pytest

from framework.deploy.sql_warehouse import SqlWarehouse

TABLE = """CREATE TABLE IF NOT EXISTS `prod`.`ops_shop`.`notes` (
  `run` STRING COMMENT 'The run\\'s id, (or "none")',
  `said` MAP<STRING, STRING> COMMENT 'Texts',
  `seen` ARRAY<STRUCT<table: STRING, version: BIGINT>> COMMENT 'Tables',
  `began` TIMESTAMP COMMENT 'When'
)
COMMENT 'Notes'
CLUSTER BY (`began`)
TBLPROPERTIES ('delta.appendOnly' = 'true')"""
TYPES = "run STRING, said MAP<STRING, STRING>, seen ARRAY<STRUCT<table: STRING, version: BIGINT>>, began TIMESTAMP"
ROW = {"run": "1", "said": {"a": "b"}, "seen": [{"table": "t", "version": 3}], "began": "2026-01-31T10:00:00+00:00"}
CONTENT = base64.b64encode(json.dumps([ROW]).encode()).decode()
MERGE = f"""MERGE INTO prod.ops_shop.notes AS there
USING (SELECT inline(from_json(CAST(unbase64('{CONTENT}') AS STRING),
  'ARRAY<STRUCT<{TYPES}>>', map('mode', 'FAILFAST')))) AS new
ON there.run = new.run
WHEN NOT MATCHED THEN INSERT *"""


@pytest.fixture
def sql(client):
    warehouse = SqlWarehouse(client, "fake")
    warehouse.rows("CREATE SCHEMA IF NOT EXISTS `prod`.`ops_shop` COMMENT 'Runs'", "make it")
    warehouse.rows(TABLE, "make it")
    return lambda statement, **given: warehouse.rows(statement, "ask", given)


def test_what_is_merged_is_there_once(sql):
    for _ in range(2):
        sql(MERGE)

    (row,) = sql("SELECT * FROM prod.ops_shop.notes WHERE run = :run", run="1")
    assert (row["run"], row["said"], row["seen"]) == ("1", {"a": "b"}, [{"table": "t", "version": 3}])
    assert row["began"].isoformat() == "2026-01-31T10:00:00+00:00"


def test_a_table_tells_its_columns_and_its_history(sql, client, fake_workspace):
    sql(MERGE)
    sql("ALTER TABLE `prod`.`ops_shop`.`notes` ADD COLUMNS (\n  `more` INT COMMENT 'More'\n)")
    sql("ALTER TABLE `prod`.`ops_shop`.`notes` SET TAGS ('team' = 'retail')")

    columns = client.tables.get("prod.ops_shop.notes").columns
    assert [(each.name, each.comment) for each in columns][::4] == [
        ("run", 'The run\'s id, (or "none")'),
        ("more", "More"),
    ]
    assert fake_workspace.state.securables["table:prod.ops_shop.notes"]["tags"] == {"team": "retail"}
    assert [each["operation"] for each in sql("DESCRIBE HISTORY prod.ops_shop.notes LIMIT 3")] == [
        "ADD COLUMN",
        "MERGE",
        "CREATE TABLE",
    ]
    described = sql("DESCRIBE QUERY SELECT * FROM prod.ops_shop.notes VERSION AS OF 1")
    assert [(row["col_name"], row["data_type"]) for row in described][::3] == [
        ("run", "string"),
        ("began", "timestamp"),
    ]
    assert sql("SELECT count(*) AS n FROM prod.ops_shop.notes VERSION AS OF 0") == [{"n": 0}]


def test_a_view_shows_rows_to_who_may_not_read_the_tables(sql, client_of, fake_workspace):
    fake_workspace.add_user("ana@example.com")
    fake_workspace.allow("warehouses/fake", "ana@example.com", "CAN_USE")
    fake_workspace.grant("catalog:prod", "ana@example.com", "USE_CATALOG")
    sql(MERGE)
    sql("CREATE SCHEMA IF NOT EXISTS prod.ops")
    sql("CREATE OR REPLACE VIEW prod.ops.notes COMMENT 'All' AS\nSELECT `run` FROM `prod`.`ops_shop`.`notes`")
    sql("GRANT USE SCHEMA, SELECT ON SCHEMA prod.ops TO `ana@example.com`")

    ana = SqlWarehouse(client_of("ana@example.com"), "fake")
    assert ana.rows("SELECT run FROM prod.ops.notes", "ask") == [{"run": "1"}]
    with pytest.raises(Exception, match=r"does not have USE SCHEMA on Schema 'prod.ops_shop'"):
        ana.rows("SELECT run FROM prod.ops_shop.notes", "ask")


def test_a_schema_goes_with_its_tables_when_its_owner_says_so(sql, client_of, fake_workspace):
    fake_workspace.add_user("ana@example.com")
    fake_workspace.allow("warehouses/fake", "ana@example.com", "CAN_USE")
    with pytest.raises(Exception, match="ops_shop"):
        SqlWarehouse(client_of("ana@example.com"), "fake").rows("DROP SCHEMA IF EXISTS prod.ops_shop CASCADE", "ask")
    for _ in range(2):
        sql("DROP SCHEMA IF EXISTS prod.ops_shop CASCADE")
    sql("CREATE SCHEMA prod.ops_shop")
    sql("CREATE TABLE prod.ops_shop.notes AS SELECT 1 AS n")
    assert [each["version"] for each in sql("DESCRIBE HISTORY prod.ops_shop.notes")] == [0]
    assert sql("SELECT n FROM prod.ops_shop.notes WHERE n <=> 1") == [{"n": 1}]


def test_a_long_answer_comes_in_parts(sql):
    assert [row["n"] for row in sql("SELECT unnest(range(0, 2500)) AS n")] == list(range(2500))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE prod.ops_shop.notes", "PARSE_SYNTAX_ERROR"),
        ("SELECT * FROM prod.ops_shop.none", "TABLE_OR_VIEW_NOT_FOUND"),
        ("SELECT none FROM prod.ops_shop.notes", "none"),
        ("SELECT run FROM prod.ops_shop.notes WHERE run = :run", "UNBOUND_SQL_PARAMETER"),
        ("CREATE SCHEMA IF NOT EXISTS nowhere.ops", "NO_SUCH_CATALOG"),
        ("CREATE SCHEMA prod.ops_shop", "SCHEMA_ALREADY_EXISTS"),
        ("CREATE TABLE prod.ops_shop.notes AS SELECT 1 AS n", "TABLE_OR_VIEW_ALREADY_EXISTS"),
        ("GRANT SELECT ON SCHEMA prod.ops_shop TO `nobody`", "PRINCIPAL_DOES_NOT_EXIST"),
        ("DELETE FROM prod.ops_shop.notes WHERE run IN (SELECT '1')", "DELTA_CANNOT_MODIFY_APPEND_ONLY"),
    ],
)
def test_what_cannot_be_executed_is_a_failed_statement(sql, client, statement, said):
    failed = client.statement_execution.execute_statement(statement, "fake").status

    assert failed.state.value == "FAILED"
    assert said in failed.error.message


def test_tables_outlast_the_workspace(tmp_path):
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.core import Config

    from framework.testing.fake_workspace import FakeWorkspace

    asked = []
    for statement in (TABLE, "SELECT count(*) AS n FROM prod.ops_shop.notes"):
        with FakeWorkspace(directory=tmp_path) as workspace:
            config = Config(host=workspace.url, token=workspace.token, auth_type="pat")
            warehouse = SqlWarehouse(WorkspaceClient(config=config), "fake")
            warehouse.rows("CREATE SCHEMA IF NOT EXISTS prod.ops_shop", "make it")
            asked.append(warehouse.rows(statement, "ask"))
    assert asked == [[], [{"n": 0}]]
