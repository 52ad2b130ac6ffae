"""Notebooks that call others, and secrets that they print, each as an attempt of the engine."""

import threading
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.spark, pytest.mark.timeout(180)]

CELL = "\n# COMMAND ----------\n"


@pytest.fixture
def run(bundle):
    """Run the first of some notebooks, given as ``path: cells``; its record and the directory of its attempt."""

    def of(notebooks, secrets="{}"):
        for name, cells in notebooks.items():
            (file := bundle.root / name).parent.mkdir(exist_ok=True)
            file.write_text("# Databricks notebook source\n" + CELL.join(cells))
        (bundle.folder / "secrets.json").write_text(secrets)
        outcome = bundle.run("notebook_task", Path(next(iter(notebooks))))
        return outcome.record, outcome.directory

    return of


def test_a_called_notebook_has_views_a_catalog_a_folder_and_modules_of_its_own(run):
    record, directory = run(
        {
            "main.py": [
                "spark.sql('USE CATALOG shop');",
                "spark.range(3).createOrReplaceTempView('v')",
                "print(dbutils.notebook.run('sub/called', 60))",
                "from pathlib import Path\nfrom databricks.sdk import runtime",
                "Path.cwd().name, spark.catalog.currentCatalog(), spark.sql('SELECT * FROM v').count()",
                "spark.catalog.tableExists('w'), spark.table('global_temp.g').count(), runtime.dbutils is dbutils",
            ],
            "sub/called.py": [
                "import sibling\nfrom pathlib import Path\nfrom pyspark.sql import SparkSession",
                "from databricks.sdk import runtime\nassert runtime.dbutils is dbutils",
                "assert SparkSession.builder.getOrCreate() is spark",
                "before = spark.catalog.currentCatalog(), spark.catalog.tableExists('v')",
                "spark.sql('USE CATALOG other')\nspark.range(5).createOrReplaceTempView('w')",
                "spark.range(7).createOrReplaceGlobalTempView('g')",
                "dbutils.notebook.exit((Path.cwd().name, *before, spark.table('w').count()))",
            ],
            "sub/sibling.py": [],
        }
    )

    assert record.error is None
    assert (directory / "stdout.log").read_text().splitlines() == [
        "('sub', 'spark_catalog', False, 5)",
        "('bundle', 'shop', 3)",
        "(False, 7, True)",
    ]


def test_notebooks_called_in_threads(run):
    record, directory = run(
        {
            "main.py": [
                "from concurrent.futures import ThreadPoolExecutor",
                "call = lambda n: dbutils.notebook.run(f'./f{n}/called', 0, {'n': n})",
                "list(ThreadPoolExecutor(4).map(call, range(4)))",
            ],
            **{
                f"f{n}/called.py": [
                    "import time, pathlib\nn = int(dbutils.widgets.get('n'))",
                    "time.sleep(0.05)\nspark.range(n).createTempView('v')",
                    "dbutils.notebook.exit(pathlib.Path.cwd().name + str(spark.table('v').count()))",
                ]
                for n in range(4)
            },
        }
    )

    assert record.error is None
    assert (directory / "stdout.log").read_text() == "['f00', 'f11', 'f22', 'f33']\n"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("import sys\nsys.exit(0)", "main.py:2: the notebook ./called ended with sys.exit(0)"),
        ("import time\ntime.sleep(30)", "main.py:2: TimeoutError: the notebook ./called did not end within 1 s"),
        ("1 / 0", "called.py:2: ZeroDivisionError: division by zero"),
    ],
)
def test_a_called_notebook_that_does_not_end_well(run, cell, message):
    record, directory = run(
        {"main.py": ["dbutils.notebook.run('./called', 1)", "print('went on')"], "called.py": [cell]}
    )

    assert record.error.message == message
    assert (directory / "stdout.log").read_text() == ""


def test_after_run_commands_are_where_they_were(run):
    record, directory = run({"main.py": ["%run ./sub/included", "!basename $PWD {y}"], "sub/included.py": ["y = ''"]})

    assert record.error is None
    assert (directory / "stdout.log").read_text() == "bundle\n"


def test_a_secret_is_nowhere_to_be_read(run):
    record, directory = run(
        {
            "main.py": [
                "import logging\ntoken = dbutils.secrets.get('shop', 'token')",
                "print(token)\nlogging.getLogger('shop').warning('with %s', token)\ntoken",
                "# MAGIC %sh\n# MAGIC echo token: hunter2",
                "raise ValueError(token)",
            ]
        },
        secrets='{"shop": {"token": "hunter2"}}',
    )

    assert (directory / "stdout.log").read_text().splitlines() == ["[REDACTED]", "'[REDACTED]'", "token: [REDACTED]"]
    assert record.error.message == "main.py:12: ValueError: [REDACTED]"
    assert all("hunter2" not in file.read_text() for file in directory.iterdir())


def test_a_secret_is_not_in_the_note_of_an_exit_value(run):
    notebook = ["dbutils.notebook.exit('with ' + dbutils.secrets.get('shop', 'token'))"]

    record, _ = run({"main.py": notebook}, secrets='{"shop": {"token": "hunter2"}}')

    assert record.notes == ("exit value: with [REDACTED]",)


def test_what_a_called_notebook_writes_ends_with_its_attempt(run, bundle, engine):
    began = bundle.folder / "began"
    slow = f"@udf('long')\ndef slow(x):\n    Path({str(began)!r}).touch()\n    time.sleep(4)\n    return x"
    write = "spark.range(1).select(slow('id').alias('id')).write.parquet('dbfs:/tmp/late')"

    def cancel():
        while not began.exists():
            time.sleep(0.05)
        (stdout,) = bundle.folder.glob("attempt-*/stdout.log")
        engine.cancel(stdout.parent.name)

    threading.Thread(target=cancel, daemon=True).start()
    with pytest.raises(FileNotFoundError):
        imports = "import time\nfrom pathlib import Path\nfrom pyspark.sql.functions import udf"
        run({"main.py": ["dbutils.notebook.run('./called')"], "called.py": [imports, slow, write]})

    time.sleep(4)
    assert not list(bundle.folder.glob("volumes/dbfs/tmp/late/**/*.parquet"))
