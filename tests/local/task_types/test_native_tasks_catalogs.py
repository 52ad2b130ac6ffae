"""Names of other catalogs and paths of a workspace, as local Spark really takes them."""

import pytest

pytestmark = [pytest.mark.spark, pytest.mark.timeout(180)]


def test_names_whose_schema_is_given_apart(bundle):
    outcome = bundle.notebook(
        "spark.range(2).write.mode('overwrite').saveAsTable('main.apart.t')",
        "spark.catalog.tableExists('t', 'main.apart'), spark.catalog.tableExists('u', 'main.apart')",
        "[column.name for column in spark.catalog.listColumns('t', 'main.apart')]",
        "spark.catalog.functionExists('f', 'main.apart'), spark.catalog.functionExists('main.apart.f')",
    )

    assert outcome.printed.splitlines() == ["(True, False)", "['id']", "(False, False)"]


def test_merge_into_by_the_table_api(bundle):
    outcome = bundle.notebook(
        "from pyspark.sql.functions import expr\nspark.range(2).write.mode('overwrite').saveAsTable('main.merged.t')",
        "merge = spark.range(1, 4).alias('s').mergeInto('main.merged.t', expr('main__merged.t.id = s.id'))",
        "merge.whenNotMatched().insertAll().merge()\nspark.table('main.merged.t').count()",
    )

    assert outcome.printed.splitlines()[-1] == "4"


def test_names_that_spark_takes_in_backticks_only(bundle):
    outcome = bundle.notebook(
        "spark.range(3).write.mode('overwrite').saveAsTable('main.odd.`2024`')",
        "spark.table('main.odd.`2024`').count(), spark.sql('SELECT * FROM main.odd.`2024`').count()",
    )

    assert outcome.printed.splitlines() == ["(3, 3)"]


def test_what_schemas_of_like_names_hold_stays_apart(bundle):
    outcome = bundle.notebook(
        "spark.range(1).write.mode('overwrite').saveAsTable('a.b__c.t')",
        "spark.range(2).write.mode('overwrite').saveAsTable('a__b.c.t')",
        "spark.table('a.b__c.t').count(), spark.table('a__b.c.t').count()",
    )

    assert outcome.printed.splitlines() == ["(1, 2)"]


def test_sql_knows_the_current_catalog_and_scripts_change_it(bundle):
    outcome = bundle.notebook(
        "spark.sql('CREATE OR REPLACE TABLE main.now.t AS SELECT 1 AS id')",
        "spark.sql('BEGIN USE CATALOG main; USE now; SELECT id FROM now.t; END').count()",
        "tuple(spark.sql('SELECT current_catalog(), current_schema(), count(*) FROM t').first())",
        "spark.catalog.currentCatalog(), spark.catalog.currentDatabase()",
    )

    assert outcome.printed.splitlines() == ["DataFrame[]", "1", "('main', 'now', 1)", "('main', 'now')"]


def test_changes_of_a_table(bundle):
    bundle.sql("CREATE OR REPLACE TABLE main.fed.t (id INT) TBLPROPERTIES (delta.enableChangeDataFeed = true)")

    outcome = bundle.sql(
        "INSERT INTO main.fed.t VALUES (1); SELECT id, _change_type FROM table_changes('main.fed.t', 0)"
    )

    assert outcome.left("output.json")["rows"] == [{"id": 1, "_change_type": "insert"}]


def test_every_way_to_name_a_path_leads_into_the_folder_of_the_workspace(bundle):
    outcome = bundle.notebook(
        "a, b, c = (f'/Volumes/main/paths/{name}' for name in 'abc')",
        "spark.range(1).write.format('parquet').option('path', a).save()",
        "spark.range(2).write.format('parquet').option('path', b).mode('overwrite').saveAsTable('main.paths.b')",
        "q = f'CREATE OR REPLACE TABLE main.paths.c USING delta LOCATION \"dbfs:{c}\" AS SELECT * FROM parquet.`{a}`'",
        "spark.sql(q)",
        "spark.read.format('parquet').option('path', a).load().count(), spark.table(f'parquet.`{b}`').count()",
        "spark.sql(f'SELECT count(*) FROM delta.`{c}`').first()[0]",
        "sorted(file.name for file in dbutils.fs.ls('/Volumes/main/paths'))",
    )

    assert outcome.printed.splitlines()[-3:] == ["(1, 2)", "1", "['a/', 'b/', 'c/']"]


def test_a_schema_that_had_to_be_made_is_in_the_result(bundle):
    first, second = bundle.sql("USE CATALOG prdo; SELECT 1"), bundle.sql("USE CATALOG prdo; SELECT 1")

    (note,) = first.record.notes
    assert note.startswith("made the schema spark_catalog.prdo__default")
    assert second.record.notes == ()
