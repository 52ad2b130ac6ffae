"""Statements that name other catalogs, and the same ones as local Spark runs them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.core.errors import FrameworkError
from framework.local.sql_parameters import bound
from framework.local.task_types.catalogs import names
from framework.local.task_types.catalogs.current import CurrentCatalog
from framework.local.task_types.catalogs.sql import mapped

LOCAL = names.LOCAL
T = "spark_catalog.main__sales.t"
U = "spark_catalog.main__sales.u"


def text(sql, **values):
    return mapped(sql, LOCAL, values).text


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {t}",
        "select a.id, b.x from {t} a join {u} b on a.id = b.id where a.name in (select name from {u})",
        "SELECT * FROM {t}, {u} AS b, LATERAL explode(b.xs.ys) AS e",
        "WITH x AS (SELECT * FROM {t} WHERE d IS DISTINCT FROM c.d), y AS (TABLE {u}) SELECT * FROM x, y",
        "SELECT extract(YEAR FROM c.d.e), trim(BOTH FROM c.d.e), substring(c.d.e FROM 2) FROM {t} AS c",
        "SELECT count(*) FROM {t} VERSION AS OF 3 -- not main.sales.t\n/* nor main.sales.t */ WHERE a = 'main.sales.t'",
        "INSERT INTO {t} (a, b) SELECT a, b FROM {u}",
        "INSERT OVERWRITE TABLE {t} VALUES (1, 2)",
        "INSERT INTO {t} REPLACE WHERE d = 1 SELECT * FROM {u}",
        "MERGE INTO {t} AS t USING {u} AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET t.a = s.a "
        "WHEN NOT MATCHED THEN INSERT (id, a) VALUES (s.id, s.a) WHEN NOT MATCHED BY SOURCE THEN DELETE",
        "MERGE INTO {t} t USING (SELECT s.id, s.a FROM {u} s, {t} r) x ON t.id = x.id WHEN MATCHED THEN DELETE",
        "UPDATE {t} SET a = 1 WHERE id IN (SELECT id FROM {u})",
        "DELETE FROM {t} WHERE a.b.c = 1",
        "TRUNCATE TABLE {t}",
        "DROP TABLE IF EXISTS {t}",
        "CREATE OR REPLACE TABLE {t} (id INT COMMENT 'from x', s STRUCT<a: INT, b: STRING>) USING delta",
        "CREATE TABLE IF NOT EXISTS {t} USING delta AS SELECT x.a.b FROM {u} x",
        "CREATE TABLE {t} LIKE {u}",
        "CREATE TABLE {t} SHALLOW CLONE {u}",
        "CREATE OR REPLACE VIEW {t} AS SELECT * FROM {u}",
        "CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM {u}",
        "ALTER TABLE {t} ADD COLUMNS (a INT AFTER b)",
        "ALTER TABLE {t} RENAME TO {u}",
        "COMMENT ON TABLE {t} IS 'sales from main.sales.t'",
        "COMMENT ON COLUMN {t}.id IS 'the key'",
        "OPTIMIZE {t} ZORDER BY (a)",
        "VACUUM {t} RETAIN 168 HOURS",
        "RESTORE TABLE {t} TO VERSION AS OF 1",
        "DESCRIBE HISTORY {t}",
        "DESC TABLE EXTENDED {t}",
        "SHOW COLUMNS IN {t}",
        "SHOW CREATE TABLE {t}",
        "SHOW TBLPROPERTIES {t}",
        "ANALYZE TABLE {t} COMPUTE STATISTICS FOR ALL COLUMNS",
        "REFRESH TABLE {t}",
        "CACHE TABLE {t}",
        "EXPLAIN SELECT * FROM {t}",
        "FROM {t} |> WHERE a.b = 1 |> SELECT *",
        "BEGIN INSERT INTO {t} VALUES (1); DELETE FROM {u}; END",
    ],
)
def test_only_the_names_of_tables_change(statement):
    given_text = statement.format(t="main.sales.t", u="main.sales.`u`")

    assert text(given_text) == statement.format(t=T, u=U)


@pytest.mark.parametrize(
    ("sql", "local"),
    [
        ("SELECT main.sales.t.id, sales.t.* FROM main.sales.t", f"SELECT {T}.id, main__sales.t.* FROM {T}"),
        ("SELECT * FROM `my-cat`.`a b`.t", "SELECT * FROM spark_catalog.my_cat__a_b.t"),
        ("SELECT * FROM hive_metastore.sales.t", "SELECT * FROM spark_catalog.sales.t"),
        ("CREATE SCHEMA IF NOT EXISTS main.sales", "CREATE SCHEMA IF NOT EXISTS spark_catalog.main__sales"),
        ("DROP SCHEMA main.sales CASCADE", "DROP SCHEMA spark_catalog.main__sales CASCADE"),
        ("SHOW TABLES IN main.sales LIKE 'a*'", "SHOW TABLES IN spark_catalog.main__sales LIKE 'a*'"),
        ("DESCRIBE SCHEMA main.sales", "DESCRIBE SCHEMA spark_catalog.main__sales"),
        ("USE CATALOG main", "USE spark_catalog.main__default"),
        ("USE main.sales", "USE spark_catalog.main__sales"),
    ],
)
def test_names_as_they_come_out(sql, local):
    assert text(sql) == local


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM spark_catalog.sales.t",
        "SELECT * FROM sales.t",
        "SELECT a.b.c FROM t",
        "SELECT * FROM delta.`/tmp/x.y.z`",
        "SELECT * FROM global_temp.v",
        "SELECT * FROM range(1, 10)",
        "SELECT 'an open string FROM main.sales.t",
        "SET spark.sql.shuffle.partitions = 4",
        "CREATE FUNCTION f AS 'a.b.C'",
    ],
)
def test_what_is_local_already_stays(sql):
    assert text(sql) == sql


def test_after_use_catalog_shorter_names_are_those_of_that_catalog():
    made = []
    current = CurrentCatalog(made.append)

    current.sql("USE CATALOG main", {})

    assert current.sql("SELECT * FROM sales.t", {}) == f"SELECT * FROM {T}"
    assert (current.table("sales.t"), current.schema("sales")) == (T, "spark_catalog.main__sales")
    assert current.sql("USE SCHEMA sales", {}) == "USE SCHEMA spark_catalog.main__sales"
    assert made == ["spark_catalog.main__default", "spark_catalog.main__sales"]


def test_a_schema_of_another_catalog_is_made_by_what_makes_a_table_in_it():
    made = []
    current = CurrentCatalog(made.append)

    current.table("main.read.t")
    current.sql("SELECT * FROM main.read.t", {})
    current.sql("CREATE TEMPORARY VIEW v AS SELECT * FROM main.read.t", {})
    current.new_table("main.written.t")
    current.sql("CREATE TABLE dev.made.t AS SELECT 1", {})

    assert made == ["spark_catalog.main__written", "spark_catalog.dev__made"]


def test_identifier_is_evaluated_when_it_is_of_strings_and_parameters():
    sql = "SELECT * FROM IDENTIFIER(:catalog || '.sales.' || :table)"

    assert text(sql, catalog="main", table="t") == f"SELECT * FROM {T}"
    with pytest.raises(FrameworkError, match=r"strings and known parameters \('concat'\)"):
        text("SELECT * FROM IDENTIFIER(concat('a', '.b.c'))")


@pytest.mark.parametrize(
    "sql",
    [
        "GRANT SELECT ON TABLE main.sales.t TO `team`",
        "REVOKE ALL PRIVILEGES ON SCHEMA main.sales FROM x",
        "ALTER TABLE main.sales.t OWNER TO `team`",
        "ALTER TABLE main.sales.t SET TAGS ('pii' = 'no')",
        "CREATE VOLUME IF NOT EXISTS main.sales.raw",
    ],
)
def test_rights_tags_and_volumes_are_left_out(sql):
    assert mapped(sql, LOCAL).not_done
    assert "FROM" not in text(sql)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE CATALOG main", "CREATE CATALOG is about Unity Catalog itself"),
        ("show grants on table a.b.c", "SHOW GRANTS is about"),
        ("SHOW SCHEMAS IN main", "is about Unity Catalog itself"),
        ("CREATE FUNCTION main.sales.f(x INT) RETURNS INT RETURN x", "it is about a function in another catalog"),
        ("SELECT main.sales.f(x) FROM t", "the name main.sales.f is that of a function in another catalog"),
        ("SELECT * FROM main.information_schema.tables", "lists what Unity Catalog knows"),
        ("SELECT * FROM a.b.c.d", "the name a.b.c.d has more than three parts"),
    ],
)
def test_what_has_no_local_counterpart_is_refused_with_the_statement(sql, reason):
    with pytest.raises(FrameworkError) as raised:
        text(sql)

    assert reason in raised.value.message
    assert raised.value.message.endswith(sql)
    assert "one catalog, spark_catalog" in raised.value.hint


PARTS = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="`"), min_size=1, max_size=8)


@given(PARTS, PARTS, PARTS)
def test_any_three_parts_become_a_local_name_that_stays(catalog, schema, table):
    quoted = ".".join(f"`{part}`" for part in (catalog, schema, table))
    if schema.lower() == "information_schema":
        return

    local = text(f"SELECT 1 FROM {quoted}")

    assert local.lower().startswith(("select 1 from spark_catalog.", "select 1 from `spark_catalog`."))
    assert text(local) == local
    assert names.split(local.removeprefix("SELECT 1 FROM "))[-1] == table


def test_a_negative_value_after_a_minus_begins_no_comment():
    assert bound("SELECT 10-:x", {"x": "-5"}, []) == "SELECT 10- -5"
