"""Notebook files, and the cells that are read from them."""

import json
import textwrap

import pytest

from framework.core.errors import FrameworkError
from framework.local.task_types.notebooks import reading, source_files
from framework.local.task_types.notebooks.cells import FilesCell, PythonCell, RunCell, ShellCell, SqlCell
from framework.local.task_types.notebooks.line_magics import NAME

HEADER = "# Databricks notebook source"


@pytest.fixture
def read(tmp_path):
    """Read a notebook of cells, each given as text; ``others`` are files beside it."""

    def of(*cells, **others):
        for name, content in others.items():
            (tmp_path / f"{name}.py").write_text(f"{HEADER}\n{content}\n")
        file = tmp_path / "nb.py"
        file.write_text("\n\n# COMMAND ----------\n\n".join([HEADER, *map(textwrap.dedent, cells)]) + "\n")
        return reading.read(file, tmp_path).cells

    return of


def magic(text):
    return "\n".join(f"# MAGIC {line}" for line in text.splitlines())


def values(cell, **namespace):
    exec(cell.code, namespace)
    return eval(cell.last, namespace) if cell.last else None


def test_cells_of_each_kind(read, tmp_path):
    python, sql, shell, files, run, timed = read(
        "x = 1\nx + 1",
        magic("%md # A title"),
        magic("%sql\nSELECT 1;\nSELECT 2"),
        magic("%sh -e\nls | wc -l"),
        magic("%fs ls /Volumes/main/raw"),
        "# DBTITLE 1,Shared names\n" + magic('%run ./other $day="2026-01-01" $n=3'),
        magic("%python\ny = 5\ny"),
        other="z = 3",
    )

    assert values(python) == 2
    assert isinstance(sql, SqlCell) and sql.text.split() == ["SELECT", "1;", "SELECT", "2"]
    assert isinstance(shell, ShellCell) and (shell.script.strip(), shell.strict) == ("ls | wc -l", True)
    assert files == FilesCell("ls", ("/Volumes/main/raw",))
    assert isinstance(run, RunCell) and run.notebook.file == tmp_path / "other.py"
    assert run.parameters == (("day", "2026-01-01"), ("n", "3"))
    assert values(timed) == 5


class Lines:
    """Stands for a notebook's LineMagics: notes the commands."""

    def __init__(self):
        self.shell_commands = []

    def shell(self, command):
        self.shell_commands.append(command)

    def lines(self, command):
        return [command]


def test_lines_for_ipython_become_python_or_nothing(read):
    packages, shell, timed, quoted = read(
        "%pip install a \\\n  b\nx = 1",
        "for x in range(2):\n    !echo {x}\nfiles = !ls \\\n  -l\nfiles",
        "%time 3 * 7",
        "# A percent sign is not always a magic.\nx = 7\ny = (x\n%3)\ny",
    )

    assert packages.notes == ("%pip install a b: not done, a local run uses the local environment",)
    assert values(packages) is None
    lines = Lines()
    assert values(shell, **{NAME: lines}) == ["ls -l"]
    assert lines.shell_commands == ["echo {x}"] * 2
    assert values(timed) == 21
    assert values(quoted) == 1


def test_text_that_only_looks_like_a_magic_stays(read):
    comment, quoted, separators, multiline = read(
        "t = 30  # MAGIC number\nt",
        "'# MAGIC %sql'",
        "len('a\u2028b\x85c\x1cd')",
        '%pip install x\nq = """\n%sql select 1\n!ls\n"""\nr = (7\n%4)\nq, r',
    )

    assert values(comment) == 30
    assert values(quoted) == "# MAGIC %sql"
    assert values(separators) == 7
    assert values(multiline) == ("\n%sql select 1\n!ls\n", 3)


def test_comments_of_any_style_may_precede_a_magic(read):
    (cell,) = read(magic("#title\n%sql\nSELECT 1"))

    assert isinstance(cell, SqlCell) and cell.text.strip() == "SELECT 1"


def test_a_notebook_that_many_include_is_read_once(read, tmp_path, monkeypatch):
    twice = "\n# COMMAND ----------\n"
    others = {f"n{i}": f"%run ./n{i - 1}{twice}%run ./n{i - 1}" for i in range(1, 17)}
    files = []
    monkeypatch.setattr(reading, "raw_cells", lambda file: files.append(file) or source_files.raw_cells(file))

    read("%run ./n16", n0="x = 1", **others)

    assert sorted(files) == sorted({tmp_path / f"{name}.py" for name in ("nb", "n0", *others)})


def test_a_traceback_names_the_line_of_the_file(read, tmp_path):
    (cell,) = read("\n\nx = 1\n1 / 0")[:1]

    with pytest.raises(ZeroDivisionError) as raised:
        values(cell)

    place = raised.traceback[-1]
    assert (str(place.path), place.lineno + 1) == (str(tmp_path / "nb.py"), 8)
    assert (tmp_path / "nb.py").read_text().splitlines()[7] == "1 / 0"


def test_a_semicolon_at_the_end_shows_nothing(read):
    (cell,) = read("x = 1\nx;")

    assert isinstance(cell, PythonCell) and cell.last is None


@pytest.mark.parametrize("kernel", ["python", "sql"])
def test_a_jupyter_notebook(tmp_path, kernel):
    source = {"python": ["x = 2\n", "x * 2"], "sql": "SELECT 1"}[kernel]
    file = tmp_path / "nb.ipynb"
    cells = [{"cell_type": "markdown", "source": "# Title"}, {"cell_type": "code", "source": source}]
    file.write_text(json.dumps({"cells": cells, "metadata": {"language_info": {"name": kernel}}, "nbformat": 4}))

    (cell,) = reading.read(file, tmp_path).cells

    if kernel == "sql":
        assert cell == SqlCell("SELECT 1", f"{file} cell 2", 1)
    else:
        assert values(cell) == 4
        assert cell.code.co_filename == f"{file} cell 2"


def test_a_sql_notebook(tmp_path):
    file = tmp_path / "nb.sql"
    file.write_text(
        "-- Databricks notebook source\nSELECT 1\n\n-- COMMAND ----------\n\n-- MAGIC %python\n-- MAGIC x = 1\n"
    )

    sql, python = reading.read(file, tmp_path).cells

    assert sql.text.strip() == "SELECT 1"
    assert isinstance(python, PythonCell)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("x = 1\ny = (", "nb.py:6: '(' was never closed: y = ("),
        ("x = 1\n%sparkle 3", "nb.py:6: %sparkle cannot be run locally"),
        (magic("%scala\nval x = 1"), "nb.py:5: %scala cannot be run locally"),
        (magic("%fs rename a b"), "nb.py:5: %fs rename cannot be run locally"),
        (magic("%run ./missing"), "nb.py:5: %run: there is no notebook './missing'"),
        (magic("%run ../../outside"), "nb.py:5: %run: there is no notebook '../../outside'"),
        (magic("%run ./nb"), "nb.py:5: %run: nb.py is running already"),
        (magic("%run ./other") + "\nx = 1", "nb.py:5: %run must be alone in its cell"),
        (magic('%run ./other $x="1'), "nb.py:5: %run: No closing quotation"),
        ("t = %time 3", "nb.py:5: the value of %time is not available locally"),
        ("%env", "nb.py:5: %env cannot be run locally"),
        (magic("%run /"), "nb.py:5: %run: there is no notebook '/'"),
        (magic("%run ./broken"), "broken.py:2: invalid syntax: x x"),
    ],
)
def test_what_cannot_be_executed_is_refused_with_its_place_before_any_cell_runs(read, tmp_path, cell, message):
    with pytest.raises(FrameworkError) as raised:
        read(cell, other="x = 1", broken="x x")

    assert raised.value.message.replace(f"{tmp_path}/", "") == message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nb.scala", "", "nb.scala is no notebook that runs locally"),
        ("nb.py", "x = 1\n", "nb.py:1: this file is no notebook"),
        (
            "nb.ipynb",
            "{\n1}",
            "nb.ipynb:2: this notebook is not JSON: Expecting property name enclosed in double quotes",
        ),
        *(
            ("nb.ipynb", content, "nb.ipynb is no Jupyter notebook of format 4")
            for content in (
                "{}",
                "[]",
                '{"cells": [1]}',
                '{"cells": [{"cell_type": "code", "source": null}]}',
                '{"cells": [], "metadata": [1]}',
                '{"cells": [], "metadata": {"language_info": "x"}}',
            )
        ),
        (
            "nb.ipynb",
            '{"cells": [], "metadata": {"language_info": {"name": "R"}}}',
            "nb.ipynb is a notebook in r",
        ),
    ],
)
def test_files_that_are_no_notebooks(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)

    with pytest.raises(FrameworkError) as raised:
        reading.read(tmp_path / name, tmp_path)

    assert raised.value.message.replace(f"{tmp_path}/", "") == message


def test_a_notebook_that_is_not_there(tmp_path):
    with pytest.raises(FrameworkError, match="cannot be read: No such file or directory"):
        reading.read(tmp_path / "nb.py", tmp_path)


@pytest.mark.parametrize("target", ["../elsewhere/x", "./link/x", "./x_link"])
def test_a_notebook_outside_of_the_bundle(tmp_path, target):
    root, outside = tmp_path / "bundle", tmp_path / "elsewhere"
    root.mkdir()
    outside.mkdir()
    (outside / "x.py").write_text(HEADER)
    (root / "link").symlink_to(outside)
    (root / "x_link.py").symlink_to(outside / "x.py")

    with pytest.raises(FrameworkError, match="is outside of the bundle"):
        reading.find(target, root / "nb.py", root)
