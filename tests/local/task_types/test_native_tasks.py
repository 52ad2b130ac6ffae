"""Native tasks of a bundle, each executed as an attempt of the engine: what they do, and what bad ones say."""

import json
from pathlib import Path

import pytest

pytestmark = [pytest.mark.spark, pytest.mark.timeout(180)]


def test_a_notebook_with_widgets_sql_run_files_and_another_notebook(bundle):
    outcome = bundle.run("notebook_task", Path("notebooks/load.py"), parameters={"day": "2026-02-03"})

    assert "3 orders in shop_dev.raw.orders on 2026-02-03" in outcome.printed
    assert "|  0|     DE|2026-02-03|" in outcome.printed
    assert "a shell in notebooks" in outcome.printed
    assert "dbfs:/Volumes/shop_dev/raw/landing/DE.csv" in outcome.printed
    assert outcome.record.notes == ("exit value: 3 orders",)
    assert outcome.left("task_values.json") == {"orders": {"count": 3, "total": 7}}
    assert (bundle.folder / "volumes/Volumes/shop_dev/raw/landing/DE.csv").is_file()


def test_a_jupyter_notebook_reads_the_task_values_of_earlier_tasks(bundle):
    (bundle.folder / "load.json").write_text('{"orders": {"count": 3}}')

    outcome = bundle.run("notebook_task", Path("notebooks/explore.ipynb"), parameters={"word": "it's"})

    assert "(3, 0)" in outcome.printed
    assert "|it's!|" in outcome.printed


def test_a_sql_file_leaves_the_rows_of_its_last_question(bundle):
    parameters = {"catalog": "books", "country": "DE"}

    outcome = bundle.run("sql_task", Path("report.sql"), parameters=parameters)

    assert outcome.ended.exit_code == 0, outcome.error
    rows = [{"id": 1, "price": "9.50", "day": "2026-01-01", "more": ["1.5", "a;b"]}]
    assert outcome.left("output.json") == {"rows": rows, "truncated": False}
    assert "not done locally: GRANT SELECT" in (outcome.directory / "log.jsonl").read_text()


def test_the_rows_of_a_question_outlive_what_is_done_after_it(bundle):
    bundle.sql("CREATE OR REPLACE TABLE main.kept.t AS SELECT 1 AS id")

    outcome = bundle.sql(
        "SELECT 2 AS x; OPTIMIZE main.kept.t; WITH n AS (SELECT 2) INSERT INTO main.kept.t SELECT * FROM n"
    )

    assert outcome.left("output.json")["rows"] == [{"x": 2}]


def test_a_sql_output_is_cut_to_what_a_reference_may_hold(bundle):
    outcome = bundle.sql("SELECT id, repeat('x', 100) AS x FROM range({{ rows }})", parameters={"rows": "2000"})

    output = outcome.left("output.json")
    assert 300 < len(output["rows"]) < 500
    assert output["truncated"]


def test_a_python_file_uses_the_table_api_with_names_of_other_catalogs(bundle):
    outcome = bundle.run("spark_python_task", Path("summarise.py"), arguments=("--x", "a b"))

    assert outcome.printed.splitlines() == [
        "['--x', 'a b'] __main__",
        "rows 2 z",
        "exists True False",
        "tables ['everything', 'first']",
        "current main summary 1",
    ]
    tables = bundle.sql("SHOW TABLES IN spark_catalog.main__summary").left("output.json")["rows"]
    assert {row["tableName"] for row in tables} >= {"everything", "first"}


def test_a_wheels_entry_point_with_its_arguments_and_task_values_from_library_code(bundle):
    outcome = bundle.run(
        "python_wheel_task", package_name="shop", entry_point="close-books", parameters={"day": "x"}, arguments=("-v",)
    )

    assert outcome.ended.exit_code == 0, outcome.error
    assert outcome.left("task_values.json") == {"rows": 2, "arguments": ["-v", "--day=x"]}


def test_parameters_of_sql_are_values_of_any_kind_and_never_text_to_be_parsed(bundle):
    outcome = bundle.notebook(
        "from datetime import date, datetime, timezone\nfrom decimal import Decimal",
        "values = {'a': \"it's \\\\ 'x'\", 'b': 7, 'c': None, 'd': date(2026, 1, 2), 'e': 1.5, 'f': True}",
        "row = spark.sql('SELECT :a, :b, :c, :d, :e, :f, named_struct(\"a\", 1) AS s', args=values).first()",
        "tuple(row)[:6] == tuple(values.values())",
        "time, price = datetime(2026, 1, 2, 3, tzinfo=timezone.utc), Decimal('1.50')",
        "tuple(spark.sql(\"SELECT unix_timestamp(?), ?, '?' LIMIT 1\", args=[time, price]).first())",
    )

    assert outcome.printed.splitlines() == ["True", "(1767322800, Decimal('1.50'), '?')"]


def test_a_list_is_a_value_of_sql_too(bundle):
    outcome = bundle.notebook("spark.sql('SELECT array_max(:x) AS a', args={'x': [1, 3, 2]}).first().a")

    assert outcome.printed.splitlines() == ["3"]


def test_secrets_of_the_file_and_of_the_environment(bundle):
    (bundle.folder / "secrets.json").write_text('{"shop": {"token": "s3"}}')

    outcome = bundle.notebook("dbutils.secrets.get('shop', 'token')", "dbutils.secrets.list('shop')")

    assert outcome.printed.splitlines() == ["'s3'", "[SecretMetadata(key='token')]"]
    missing = bundle.notebook("dbutils.secrets.get('shop', 'key')").error
    assert missing.message == "nb.py:2: there is no secret 'key' in scope 'shop' for a local run"
    assert "FRAMEWORK_SECRET_SHOP_KEY" in missing.hint


def test_files_of_a_workspace_are_local_folders(bundle):
    outcome = bundle.notebook(
        "dbutils.fs.mkdirs('dbfs:/tmp/a')\ndbutils.fs.put('/tmp/a/x.txt', 'hello')",
        "dbutils.fs.cp('/tmp/a', '/tmp/b', True)",
        "dbutils.fs.mv('/tmp/b/x.txt', '/dbfs/tmp/b/y.txt')",
        "[(f.path, f.size, f.isFile()) for f in dbutils.fs.ls('/tmp/b')]",
        "dbutils.fs.head('/tmp/b/y.txt', 4)",
        "spark.range(2).write.mode('overwrite').parquet('dbfs:/tmp/p')\nspark.read.parquet('/dbfs/tmp/p').count()",
        "dbutils.fs.rm('/tmp/a', True), dbutils.fs.rm('/tmp/a')",
    )

    shown = ["True", "True", "True", "[('dbfs:/tmp/b/y.txt', 5, True)]", "'hell'", "2", "(True, False)"]
    assert outcome.printed.splitlines() == shown
    assert (bundle.folder / "volumes/dbfs/tmp/p").is_dir()


@pytest.mark.parametrize(
    ("cell", "message", "hint"),
    [
        ("x = (", "nb.py:5: '(' was never closed: x = (", "nothing of it was executed"),
        ("# MAGIC %run ./gone", "nb.py:5: %run: there is no notebook './gone'", ""),
        ("def f():\n    return 1 / 0\nf()", "nb.py:6: ZeroDivisionError: division by zero", ""),
        ("dbutils.widgets.get('dya')", "no widget or parameter named 'dya' is defined; did you mean 'day'?", ""),
        ("spark.table('main.none.t').count()", "nb.py:5: AnalysisException: [TABLE_OR_VIEW_NOT_FOUND]", "has a task"),
        ("spark.range(1).select('ids').count()", "nb.py:5: there is no column 'ids'", "closest columns: id"),
        ("sc.parallelize([1])", "nb.py:5: NameError: name 'sc' is not defined", "use spark (the SparkSession)"),
        (
            "from delta.tables import DeltaTable\nDeltaTable.forName(spark, 'a.b').toDF().columns",
            "nb.py:6: InvalidPlan",
            "use SQL",
        ),
        ("import nopackage", "nb.py:5: ModuleNotFoundError: No module named 'nopackage'", "'nopackage' installed"),
        ("dbutils.fs.ls('s3://bucket/x')", "'s3://bucket/x' is in cloud storage", "use a volume"),
        ("dbutils.fs.mount('a', '/mnt/a')", "dbutils.fs.mount is not available in a local run", ""),
        ("dbutils.jobs.taskValues.set('k', 'x' * 50000)", "is 50,002 bytes of JSON; the limit is 49,152 (48 KiB)", ""),
        ("dbutils.jobs.taskValues.set('k', {1, 2})", "task value 'k' cannot be written as JSON", ""),
        ("dbutils.jobs.taskValues.get('t', 'k')", "task 't' has no task value 'k', and no default is given", ""),
        ("dbutils.notebook.run('gone', 0)", "nb.py:5: there is no notebook 'gone'", "looked for"),
        ("raise SystemExit('no data')", "nb.py:5: the code ended with sys.exit('no data')", ""),
        ("# MAGIC %sql\n# MAGIC SELECT nope FROM range(1)", "nb.py:6: [UNRESOLVED_COLUMN", "closest columns: id"),
    ],
)
def test_a_bad_notebook_says_one_thing_with_its_place(bundle, cell, message, hint):
    outcome = bundle.notebook("print('begun')\n", cell, parameters={"day": "x"})

    assert message in outcome.error.message
    assert hint in outcome.error.hint
    assert "\n" not in outcome.error.message
    assert str(bundle.root) not in outcome.error.message


def test_nothing_runs_when_a_later_cell_cannot(bundle):
    outcome = bundle.notebook("print('begun')", "%sparkle 3")

    assert outcome.error.message == "nb.py:4: %sparkle cannot be run locally"
    assert (outcome.directory / "stdout.log").read_text() == ""


@pytest.mark.parametrize(
    ("sql", "message", "detail"),
    [
        ("SELECT 1;\n\nSELECT nope FROM range(1)", "some.sql:3: [UNRESOLVED_COLUMN", "SELECT nope FROM range(1)"),
        ("SELEC 1", "some.sql:1: [PARSE_SYNTAX_ERROR]", "SELEC 1"),
        ("SELECT 'a", "some.sql:1: this SQL cannot be read", ""),
        ("SELECT 1;\nCREATE CATALOG c", "some.sql:2: this statement cannot be run locally, CREATE CATALOG is", ""),
        ("-- {{ old }}\nSELECT {{ day }}", "some.sql:2: there is no parameter 'day'", ""),
        ("SELECT :day", "some.sql:1: [UNBOUND_SQL_PARAMETER]", "SELECT :day"),
    ],
)
def test_a_bad_sql_file_says_which_statement(bundle, sql, message, detail):
    error = bundle.sql(sql).error

    assert error.message.startswith(message)
    assert detail in (error.traceback or "")


def test_a_bad_wheel_task_or_script_says_what_there_is(bundle):
    def wheel(package, entry_point):
        return bundle.run("python_wheel_task", package_name=package, entry_point=entry_point).error

    wrong = wheel("shop", "close-book")
    assert wrong.message == "the package 'shop' has no entry point 'close-book'"
    assert "close-books" in wrong.hint
    assert wheel("shopp", "main").hint.startswith("did you mean shop")
    assert wheel("shop", "stop").message.endswith("cli.py:19: the code ended with sys.exit(3)")
    assert bundle.run("spark_python_task", Path("none.py")).error.message == "there is no file none.py"
    (bundle.root / "bad.py").write_text("x = 1\ndef f(:\n")
    assert bundle.run("spark_python_task", Path("bad.py")).error.message == "bad.py:2: invalid syntax"


def test_a_notebook_and_the_modules_it_imports_have_one_dbutils(bundle):
    outcome = bundle.notebook(
        "from databricks.sdk import runtime\ndbutils.widgets.text('day', 'monday')",
        "runtime.dbutils.widgets.get('day'), runtime.dbutils is dbutils",
    )

    assert outcome.printed.splitlines() == ["('monday', True)"]


def test_a_notebook_asks_a_context_for_secrets_and_shows_none(bundle):
    outcome = bundle.notebook(
        'import os\nos.environ["FRAMEWORK_SECRET_SHOP_DB"] = "hunter2"\n'
        "from framework import TaskContext\ncontext = TaskContext()\n",
        'secret = context.secret("shop", "db")\nprint(len(secret), secret)\n'
        'context.spark.createDataFrame([(secret,)], "a string").show()\ndbutils.notebook.exit(secret)',
    )
    assert outcome.printed.startswith("7 [REDACTED]\n")
    assert outcome.record.notes == ("exit value: [REDACTED]",)
    left = "".join(file.read_text() for file in outcome.directory.iterdir() if file.is_file())
    assert "hunter2" not in left
    last = json.loads((outcome.directory / "log.jsonl").read_text().splitlines()[-1])
    assert (last["event.outcome"], last["service.name"], last["labels.pipeline"]) == ("success", "shop", "daily")
