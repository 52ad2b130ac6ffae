"""Statements that name other catalogs, and the same ones as local Spark runs them."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from framework.core.errors import FrameworkError
from framework.local.task_types.catalogs import names
from framework.local.task_types.catalogs.current import CurrentCatalog
from framework.local.task_types.catalogs.names import Namespace
from framework.local.task_types.catalogs.sql import mapped

LOCAL = Namespace()
T = "spark_catalog.main__sales.t"
U = "spark_catalog.main__sales.u"


def text(sql, catalog=names.LOCAL):
    return mapped(sql, Namespace(catalog)).text


STATEMENTS = [
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
    "BEGIN IF EXISTS (SELECT 1 FROM {t}) THEN MERGE INTO {t} USING {u} ON true WHEN MATCHED THEN UPDATE SET t.a = 1; "
    "ELSE INSERT INTO {t} TABLE {u}; END IF; END",
    "FROM {t} |> EXTEND a.b AS x, c.d AS y |> JOIN {u} ON a.x = b.x |> AGGREGATE sum(a.x), max(b.y)",
    "SELECT * FROM table_changes('{t}', 0) JOIN {u}",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_only_the_names_of_tables_change(statement):
    assert text(statement.format(t="main.sales.t", u="main.sales.`u`")) == statement.format(t=T, u=U)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_only_the_names_of_tables_change_when_another_catalog_is_current(statement):
    assert text(statement.format(t="sales.t", u="sales.`u`"), "main") == statement.format(t=T, u=U)


@pytest.mark.parametrize(
    ("sql", "local"),
    [
        ("SELECT main.sales.t.id, sales.t.* FROM main.sales.t", f"SELECT {T}.id, main__sales.t.* FROM {T}"),
        ("SELECT * FROM `my-cat`.`a b`.t", "SELECT * FROM spark_catalog.my_cat__a_b__e1b54346.t"),
        ("SELECT * FROM main.sales.`2024`", "SELECT * FROM spark_catalog.main__sales.`2024`"),
        ("USE CATALOG 'main'", "USE spark_catalog.main__default"),
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

    current.sql("USE CATALOG main")

    assert current.sql("SELECT * FROM sales.t") == f"SELECT * FROM {T}"
    assert (current.table("sales.t"), current.schema("sales")) == (T, "spark_catalog.main__sales")
    assert current.sql("USE SCHEMA sales") == "USE SCHEMA spark_catalog.main__sales"
    assert current.sql("SELECT current_catalog(), current_schema()") == "SELECT 'main', 'sales'"
    assert made == ["spark_catalog.main__default", "spark_catalog.main__sales"]


def test_while_the_local_catalog_is_current_spark_says_what_is():
    sql = "SELECT current_catalog(), current_database()"

    assert text(sql) == sql


def test_a_schema_that_had_to_be_made_is_told_once():
    current = CurrentCatalog(lambda schema: "prdo" in schema)

    current.sql("USE CATALOG prdo")
    current.sql("USE CATALOG prod")
    current.sql("USE CATALOG prdo")

    told = "made the schema spark_catalog.prdo__default, which a workspace must have: is its name right?"
    assert current.notes == [told]


def test_a_schema_of_another_catalog_is_made_by_what_makes_a_table_in_it():
    made = []
    current = CurrentCatalog(made.append)

    current.table("main.read.t")
    current.sql("SELECT * FROM main.read.t")
    current.sql("CREATE TEMPORARY VIEW v AS SELECT * FROM main.read.t")
    current.new_table("main.written.t")
    current.sql("CREATE TABLE dev.made.t AS SELECT 1")
    current.sql("SET VAR x = (SELECT max(id) FROM main.read.t)")

    assert made == ["spark_catalog.main__written", "spark_catalog.dev__made"]


@pytest.mark.parametrize(
    "name", ["'main' || '.sales.' || 't'", "concat('main.', concat('sales', '.t'))", "('main.sales.t')"]
)
def test_identifier_is_evaluated_when_it_is_made_of_strings(name):
    assert text(f"SELECT * FROM IDENTIFIER({name})") == f"SELECT * FROM {T}"


def test_identifier_of_anything_else_is_refused():
    with pytest.raises(FrameworkError, match=r"strings and known parameters \('catalog'\)"):
        text("SELECT * FROM IDENTIFIER(:catalog || '.b.c')")


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
        ("EXECUTE IMMEDIATE 'SELECT * FROM main.sales.t'", "a text that is made at run time"),
        ("CREATE WIDGET TEXT day DEFAULT 'x'", "dbutils.widgets.text(name, default)"),
        ("COPY INTO main.sales.t FROM '/Volumes/a/b/c'", "Spark has no COPY INTO"),
        ("USE CATALOG", "it names no catalog"),
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


SCHEMAS = st.tuples(
    st.sampled_from(["a", "a-b", "a_b", "a__b", "_", "A", "hive_metastore"]) | PARTS, PARTS | st.just("b__c")
)


@given(SCHEMAS, SCHEMAS)
@example(("a", "b__c"), ("a__b", "c"))
@example(("a-b", "c"), ("a_b", "c"))
@example(("a_", "b"), ("a", "_b"))
@example(("hive_metastore", "a__b"), ("a", "b"))
def test_two_schemas_never_become_one(one, other):
    def same(first, second):
        return [part.lower() for part in first] == [part.lower() for part in second]

    assume(all(pair[0].lower() != names.LOCAL and pair[1].lower() != "information_schema" for pair in (one, other)))
    assert same(names.schema(one, ""), names.schema(other, "")) <= same(one, other)
