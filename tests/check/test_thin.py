"""Notebooks and mains hold no logic: how much that is, the policy says."""

import json

import pytest

from framework.check.thin_checks import thin_entry_points
from framework.spec.policy_spec import Thin

NOTEBOOK = "  - {task_key: a, notebook_task: {notebook_path: ../notebooks/a.py}}"
HEADER = "# Databricks notebook source\n"


@pytest.fixture
def found(project, nightly):
    """What is found when the notebook has this text."""

    def findings(text: str, thin: Thin | None = None, file: str = "notebooks/a.py", tasks: str = NOTEBOOK) -> list[str]:
        (project / file).parent.mkdir(exist_ok=True)
        (project / file).write_text(text)
        return [
            f"{finding.location.file.rpartition('/')[2]}:{finding.location.line}: {finding.summary}"
            for finding in thin_entry_points(nightly(tasks), thin or Thin())
        ]

    return findings


@pytest.mark.parametrize(
    "cell",
    [
        "import shop.demand\nshop.demand.run(spark, dbutils.widgets.get('day'))",
        "names = [name.lower() for name in dbutils.widgets.getAll()]",
        "spark.sql('use catalog main')\nspark.sql(f'set x = {y}')",
        "log.info('select a day from the list')\nexecutor.execute('train')",
        "%pip install a \\\n  b\nfiles = !ls\n!echo it's\nrows?\nawait ready()",
        "text = '''\n%not a magic\n'''",
        "# MAGIC %md\n# MAGIC for each day: select it",
        "# MAGIC %sql\n# MAGIC -- where\n# MAGIC USE main.raw",
        "if dbutils.widgets.get('day'):\n    run()\nwith open('f') as file:\n    run(file)",
    ],
)
def test_a_notebook_may_call(cell, found):
    assert found(HEADER + cell) == []


@pytest.mark.parametrize(
    ("cell", "thing"),
    [
        ("async def f(): ...", "function 'f'"),
        ("rows.map(lambda row: row)", "a lambda"),
        ("class A:\n    def f(self): ...", "class 'A'"),
        ("while True:\n    for a in b: ...", "a loop"),
        ("x = {a: b for a in b if a}", "a comprehension that filters or nests"),
        ("spark.sql('''\n  -- daily\n  MERGE into t using s''')", "SQL"),
        ("spark.sql(f'select {x}')", "SQL"),
        ("q = 'with a as (select 1) select * from a'\nspark.sql(q)", "SQL"),
        ("spark.sql('drop table {}'.format(t))", "SQL"),
        ("# MAGIC %sql\n# MAGIC\n# MAGIC select 1", "SQL"),
    ],
)
def test_logic_is_found_once_and_may_be_allowed(cell, thing, found):
    (finding,) = found(HEADER + cell)
    everything = Thin(allow_functions=True, allow_classes=True, allow_loops=True, allow_sql=True)

    assert finding.endswith(f": {thing} in a notebook")
    assert found(HEADER + cell, everything) == []


def test_statements_count_without_imports_docstrings_and_what_is_refused_anyway(found):
    cells = '"""Why."""\nimport a\nx = 1\nif x:\n    y = 1\n# COMMAND ----------\nz = 1\ndef f():\n    return 1'

    assert found(HEADER + cells, Thin(max_statements=4, allow_functions=False))[0].endswith(
        "function 'f' in a notebook"
    )
    assert found(HEADER + cells, Thin(max_statements=4, allow_functions=True)) == [
        "a.py:10: 5 statements in a notebook, 4 are allowed"
    ]


def test_lines_in_other_languages_count_as_statements(found):
    cells = "# MAGIC %sh\n# MAGIC # why\n# MAGIC ls\n# MAGIC ls"

    assert found(HEADER + cells, Thin(max_statements=1)) == ["a.py:5: 2 statements in a notebook, 1 are allowed"]


def test_notebooks_that_a_notebook_runs_are_notebooks_too(found, project):
    (project / "notebooks").mkdir()
    (project / "notebooks/b.py").write_text(f"{HEADER}%run ./a\n# COMMAND ----------\nclass B: ...")

    assert found(f'{HEADER}# MAGIC %run "./b" $day="1"') == ["b.py:4: class 'B' in a notebook"]


@pytest.mark.parametrize("indent", [1, None])
def test_a_jupyter_notebook_is_named_by_cell_and_line(indent, found, project, nightly):
    cells = [
        {"cell_type": "code", "outputs": [{"source": ["while 1:\n"]}], "source": ["x = 1\n", "def f(): ..."]},
        {"cell_type": "code", "source": "y = 1\nclass C: ..."},
    ]
    text = json.dumps({"metadata": {"cells": {"source": ["def f(): ..."]}}, "cells": cells}, indent=indent)
    found(text, file="notebooks/a.ipynb")

    tasks = NOTEBOOK.replace("a.py", "a.ipynb")
    function, made = thin_entry_points(nightly(tasks), Thin())

    assert (function.path, made.path) == ("cell 1, line 2", "cell 2, line 2")
    assert text.splitlines()[function.location.line - 1][function.location.column - 1 :].startswith("def f(): ...")


def test_a_jupyter_notebook_in_another_language_is_left_alone(found):
    text = json.dumps(
        {"metadata": {"language_info": {"name": "scala"}}, "cells": [{"cell_type": "code", "source": "{"}]}
    )

    assert found(text, file="notebooks/a.ipynb", tasks=NOTEBOOK.replace("a.py", "a.ipynb")) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 1}', '{"cells": [{}]}', "[" * 100_000, "\x00", "{"])
def test_a_file_that_is_no_jupyter_notebook_is_one_finding(text, found):
    assert len(found(text, file="notebooks/a.ipynb", tasks=NOTEBOOK.replace("a.py", "a.ipynb"))) == 1


def test_the_function_of_a_wheel_task_is_found_by_the_packages_metadata(found, project):
    (project / "pyproject.toml").write_text('[project.scripts]\nnight-run = "shop.jobs:run"\n')
    tasks = "  - {task_key: a, python_wheel_task: {package_name: shop, entry_point: night-run}}"

    assert found(
        "def run():\n    while 1: ...\ndef other():\n    while 1: ...", file="src/shop/jobs.py", tasks=tasks
    ) == ["jobs.py:2: a loop in the entry point 'run'"]


def test_a_module_may_hold_all_logic_outside_of_its_main_block(found):
    module = "def f():\n    while 1: ...\n\nif '__main__' == __name__:\n    f()\n    class A: ...\n"

    assert found(module, file="src/shop/jobs.py") == ["jobs.py:6: class 'A' in a main block"]


def test_a_main_module_may_have_its_main(found):
    module = "import shop\n\ndef main() -> None:\n    shop.run()\n\nif __name__ == '__main__':\n    main()\n"

    assert found(module, file="src/shop/__main__.py") == []
    assert found(module.replace("shop.run()", "[x for x in y if x]"), file="src/shop/__main__.py") == [
        "__main__.py:4: a comprehension that filters or nests in a main module"
    ]


def test_a_module_named_main_is_a_main_where_a_task_runs_it(found):
    module = "def train(sales):\n    while 1: ...\n\nif __name__ == '__main__':\n    while 1: ...\n"
    script = "  - {task_key: a, spark_python_task: {python_file: ../src/shop/main.py}}"

    assert found(module, file="src/shop/main.py") == ["main.py:5: a loop in a main block"]
    assert found(module, file="src/shop/main.py", tasks=script) == [
        "main.py:1: function 'train' in a script",
        "main.py:5: a loop in a script",
    ]


def test_files_of_a_workspace_or_of_another_repository_are_not_looked_for(found):
    tasks = "  - {task_key: a, notebook_task: {notebook_path: /Shared/a.py}}\n"
    tasks += "  - {task_key: b, notebook_task: {notebook_path: ../notebooks/a.py, source: GIT}}"

    assert found(f"{HEADER}class A: ...", tasks=tasks) == []
