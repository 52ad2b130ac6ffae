"""Annotations of entry points: what is certainly wrong is found, and nothing else."""

import pytest

from framework.check.annotation_checks import entry_points_fit_annotations

TASK = """
  - task_key: report
    kind: python
    entrypoint: shop.typed:report
    reads: {sales: raw.sales}
    params: {weeks: 4}
    writes: reports.report
"""


@pytest.fixture
def found(project, nightly):
    def findings(source: str, tasks: str = TASK) -> list[str]:
        (project / "src/shop/typed.py").write_text(source)
        return [finding.summary for finding in entry_points_fit_annotations(nightly(tasks))]

    return findings


@pytest.mark.parametrize(
    "imports",
    [
        "from pyspark.sql import DataFrame as Rows",
        "from pyspark.sql.dataframe import DataFrame as Rows",
        "import pyspark.sql as ps\nRows = ps.DataFrame",
        "import pyspark.sql\nRows: object = pyspark.sql.DataFrame",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pyspark.sql import DataFrame as Rows",
        "from typing import Optional\nfrom pyspark.sql import DataFrame\nRows = Optional['DataFrame']",
        "from typing import Annotated\nfrom pyspark.sql import DataFrame\nRows = Annotated[DataFrame, 'daily', 7]",
        "import pandas, pyspark.sql\nRows = pandas.DataFrame | pyspark.sql.DataFrame",
        "try:\n    from pandas import DataFrame as Rows\nexcept ImportError:\n    Rows = object",
        "from pandas import DataFrame as Rows\nclass Rows: ...",
        "class Rows: ...",
        "from shop.frames import *\nRows = int",
        "from .frames import DataFrame as Rows",
        "Rows = Rows",
        "import typing\nRows = typing.Any",
    ],
)
def test_what_may_be_a_spark_data_frame_is_no_finding(imports, found):
    assert not found(f"{imports}\ndef report(sales: 'Rows', weeks: int) -> 'Rows': ...")


@pytest.mark.parametrize(
    "rows", ["int", "'str'", "list[int]", "pd.DataFrame", "'pd.DataFrame | None'", "typing.Union[pd.Series, float]"]
)
def test_what_is_no_spark_data_frame_is_found(rows, found):
    argument, result = found(f"import typing\nimport pandas as pd\ndef report(sales: {rows}, weeks) -> {rows}: ...")

    assert argument.startswith("argument 'sales' of 'report' is a Spark DataFrame, not")
    assert result.startswith("'report' has to return a Spark DataFrame, not")


@pytest.mark.parametrize(
    ("value", "good", "bad"),
    [
        ("4", ["int", "float", "int | None", "Literal[4, 8]"], ["str", "bool", "datetime.date", "Literal['4']"]),
        ("0.5", ["float", "complex"], ["int", "str", "decimal.Decimal"]),
        ('"4"', ["str", "Literal['4']", "str | int"], ["int", "datetime.date", "pathlib.Path", "list[str]"]),
        ("true", ["bool", "int"], ["str"]),
        ("[1, 2]", ["list", "list[int]", "typing.List[str]", "typing.Sequence[int]"], ["tuple", "int", "dict"]),
        ("{a: 1}", ["dict", "dict[str, int]", "typing.Mapping[str, int]"], ["list", "str"]),
        ("null", ["None", "str"], []),
    ],
)
def test_parameters_have_the_types_of_their_values(value, good, bad, found):
    head = "import datetime, decimal, pathlib, typing\nfrom typing import Literal\n"
    task = TASK.replace("weeks: 4", f"weeks: {value}")

    assert [each for each in good if found(f"{head}def report(sales, weeks: {each}): ...", task)] == []
    assert [each for each in bad if not found(f"{head}def report(sales, weeks: {each}): ...", task)] == []


@pytest.mark.parametrize(
    "source",
    [
        "@wrapped\ndef report(sales: int, weeks: str): ...",
        "def report(sales: int, weeks: str): ...\nreport = print",
        "int = object\ndef report(sales: int, weeks): ...",
        "def report(sales: 'not an expression', weeks): ...",
        "def report(sales: " + "'|'.join(['int'] * 9)" + ", weeks): ...",
        "def report(sales: " + "(" * 60 + "int" + ")" * 60 + " | unknown, weeks): ...",
    ],
)
def test_what_only_running_it_would_tell_is_no_finding(source, found):
    assert not found(source)


def test_keywords_have_the_annotation_of_all_of_them(found):
    assert found("def report(sales, **rest: str): ...") == ["argument 'weeks' of 'report' is an int, not 'str'"]


def test_a_finding_counts_characters_and_names_both_places(project, nightly):
    (project / "src/shop/typed.py").write_text("def report(größe=1, *, sales: int, weeks): ...")

    (finding,) = entry_points_fit_annotations(nightly(TASK))

    assert str(finding.location) == "projects/shop/src/shop/typed.py:1:31"
    assert finding.path == "tasks[0].entrypoint"
    assert finding.hint.endswith("It comes from task 'report', at projects/shop/pipelines/nightly.yml:7:20.")


def test_a_function_that_writes_nothing_may_return_anything(found):
    assert not found("def report(sales, weeks) -> int: ...", TASK.replace("writes: reports.report", ""))
