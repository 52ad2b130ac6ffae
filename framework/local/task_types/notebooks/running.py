"""Executes a notebook's cells in one namespace."""

import asyncio
import inspect
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from framework.core.errors import FrameworkError
from framework.local.task_types import sql_statements
from framework.local.task_types.dbutils.dbutils import DbUtils
from framework.local.task_types.dbutils.fs import lines
from framework.local.task_types.display import display, shown
from framework.local.task_types.notebooks.cells import (
    Cell,
    FilesCell,
    Notebook,
    PythonCell,
    RunCell,
    ShellCell,
    SqlCell,
)
from framework.local.task_types.notebooks.line_magics import NAME, LineMagics, bash

_logger = logging.getLogger("framework.notebook")
_ARGUMENT = re.compile(r"""\$\{(\w[\w.-]*)\}|getArgument\(\s*["']([^"']+)["']\s*\)""")


@dataclass(frozen=True)
class Surroundings:
    """What the cells of one notebook, and of those that it includes by ``%run``, share."""

    namespace: dict[str, Any]
    dbutils: DbUtils
    spark: Any


def run(notebook: Notebook, around: Surroundings) -> None:
    """Execute every cell. Raises whatever a cell raises, NotebookExit among it."""
    around.namespace[NAME] = LineMagics(around.namespace)
    for cell in notebook.cells:
        _EXECUTE[type(cell)](cell, notebook, around)


def _python(cell: PythonCell, notebook: Notebook, around: Surroundings) -> None:
    for note in cell.notes:
        _logger.info("%s: %s", notebook.file.name, note)
    _evaluate(cell.code, around.namespace)
    if cell.last:
        shown(_evaluate(cell.last, around.namespace))


def _evaluate(code: Any, namespace: dict[str, Any]) -> Any:
    value = eval(code, namespace)  # noqa: S307  the notebook is the code that the user asked to run
    if code.co_flags & inspect.CO_COROUTINE:
        return asyncio.run(value)
    return value


def _sql(cell: SqlCell, notebook: Notebook, around: Surroundings) -> None:
    widgets = around.dbutils.widgets.getAll()
    text = sql_statements.fill(cell.text, _ARGUMENT, widgets)
    every = sql_statements.parse(text, cell.file, cell.line)
    for statement, frame in sql_statements.run(around.spark, every, widgets):
        around.namespace["_sqldf"] = frame
        if frame.columns and statement is every[-1]:
            sql_statements.blamed(statement, lambda f=frame: display(f))  # type: ignore[misc]


def _shell(cell: ShellCell, notebook: Notebook, around: Surroundings) -> None:
    done = bash(cell.script, *(["-e"] if cell.strict else []))
    print(done.stdout, end="")
    if done.returncode and cell.strict:
        raise FrameworkError(f"{notebook.file}: %sh -e ended with exit code {done.returncode}", done.stderr[-300:])
    if done.returncode:
        _logger.warning("%%sh ended with exit code %s, which counts with '%%sh -e' only", done.returncode)


def _files(cell: FilesCell, notebook: Notebook, around: Surroundings) -> None:
    found = getattr(around.dbutils.fs, cell.method)(*cell.arguments)
    print("\n".join(lines(found)) if cell.method == "ls" else found)


def _include(cell: RunCell, notebook: Notebook, around: Surroundings) -> None:
    with around.dbutils.widgets.included(dict(cell.parameters)):
        run(cell.notebook, around)


_EXECUTE: Mapping[type[Cell], Callable[[Any, Notebook, Surroundings], None]] = {
    PythonCell: _python,
    SqlCell: _sql,
    ShellCell: _shell,
    FilesCell: _files,
    RunCell: _include,
}
