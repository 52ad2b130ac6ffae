"""What the code of native tasks says of task values and tables, by reading it: nothing of it is run."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

from framework.check.notebook_cells import HEADER, Cell, jupyter_cells, python_of, source_cells
from framework.check.source_files import MAX_THIN, Stamp, Unreadable, read, stamp

_SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_NAME = re.compile(r"(?<![\w.-])[\w-]+(?:\.\w+){1,2}(?![\w.])")
_INSERT = re.compile(r"\binsert\s+into\s+(?:table\s+)?+[\w.]++\s*+(?!replace\b)", re.IGNORECASE)
"""Adds rows; with REPLACE WHERE it would replace some."""
_WRITTEN = re.compile(
    r"\b(?:insert\s+(?:into|overwrite)(?:\s+table)?|merge\s+into|create\s+(?:or\s+replace\s+)?table)\s++([\w.-]+)",
    re.IGNORECASE,
)
_WRITERS = ("saveAsTable", "insertInto")
_LANGUAGE = re.compile(r"\s*%%?(\w+)")
RUN_CODE = frozenset({
    "clean_rooms_notebook_task", "notebook_task", "python_operator_task", "python_wheel_task", "spark_jar_task",
    "spark_python_task", "spark_submit_task",
})  # fmt: skip
"""The native tasks that run code, which may set and get task values."""
_ARGUMENTS = {"set": ("key", "value"), "get": ("taskKey", "key", "default", "debugValue")}


@dataclass(frozen=True)
class TaskValue:
    """A task value that code sets or gets, at ``line`` and ``column``. ``task`` is whose it is, for a get.

    ``needed`` says that a get has no default.
    """

    task: str
    key: str
    line: int
    column: int
    needed: bool


@dataclass(frozen=True)
class TaskCode:
    """The code of one file. ``open_sets`` and ``open_gets``: there may be more than these. ``inserts``: SQL adds rows.

    ``tables`` are the names of two or three parts, in small letters, in SQL and in the strings of Python: most of them
    may name something else. ``writes`` are those that it writes.
    """

    sets: tuple[TaskValue, ...] = ()
    gets: tuple[TaskValue, ...] = ()
    open_sets: bool = False
    open_gets: bool = False
    tables: frozenset[str] = frozenset()
    inserts: bool = False
    writes: frozenset[str] = frozenset()


_UNKNOWN = TaskCode(open_sets=True, open_gets=True)


def code_of(file: Path) -> TaskCode:
    """What ``file`` says. One that cannot be read may say anything."""
    source = stamp(file)
    return _UNKNOWN if isinstance(source, Unreadable) else _code(source)


@lru_cache(maxsize=1000)
def _code(source: Stamp) -> TaskCode:
    content, suffix = read(source), Path(source[0]).suffix.lower()
    if isinstance(content, Unreadable):
        return _UNKNOWN
    text = content.decode("utf-8", "replace")
    if suffix == ".sql":
        return _of_sql(text)
    try:
        return _together([_of_cell(cell) for cell in _cells(text, suffix)])
    except ValueError:
        return _UNKNOWN


def _cells(text: str, suffix: str) -> list[Cell]:
    """Raises ValueError for a file that is neither Python nor a notebook."""
    if suffix == ".ipynb":
        return jupyter_cells(text)
    if suffix != ".py":
        raise ValueError(suffix)
    if text.startswith(HEADER):
        return source_cells(text)
    return [Cell.whole(text)]


def _together(cells: Iterable[TaskCode]) -> TaskCode:
    each = list(cells)
    return TaskCode(
        tuple(chain.from_iterable(code.sets for code in each)),
        tuple(chain.from_iterable(code.gets for code in each)),
        any(code.open_sets for code in each),
        any(code.open_gets for code in each),
        frozenset().union(*(code.tables for code in each)),
        any(code.inserts for code in each),
        frozenset().union(*(code.writes for code in each)),
    )


def _of_cell(cell: Cell) -> TaskCode:
    magic = _LANGUAGE.match(cell.text)
    language = magic[1] if magic else "python"
    if language == "sql":
        return _of_sql(cell.text)
    # What another notebook, or another language, sets and gets is not looked at.
    if language in ("run", "scala", "r"):
        return _UNKNOWN
    # Any other magic, such as %pip, is for its own line.
    return TaskCode() if language in ("fs", "md", "sh") else _of_python(cell)


def _of_python(cell: Cell) -> TaskCode:
    if len(cell.text) > MAX_THIN:
        return _UNKNOWN
    parsed = python_of(cell.text)
    if isinstance(parsed, Unreadable):
        return _UNKNOWN
    strings: list[str] = []
    written: set[str] = set()
    found: dict[str, list[TaskValue | None]] = {"set": [], "get": []}
    loose = 0
    for node in ast.walk(parsed):
        loose += _loose(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.append(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if verb := _verb(node.func):
                found[verb].append(_value(node, verb, cell))
                loose -= 1
            elif node.func.attr in _WRITERS and node.args and (name := _text(node.args[0])):
                written.add(name.replace("`", "").lower())
    sets, gets = (tuple(each for each in found[verb] if each) for verb in ("set", "get"))
    # Whoever has dbutils, or its task values, by another name can do anything with them.
    open_sets, open_gets = (loose > 0 or None in found[verb] for verb in ("set", "get"))
    sql = _of_sql("\n".join(strings))
    return TaskCode(sets, gets, open_sets, open_gets, sql.tables, writes=sql.writes | written)


def _loose(node: ast.AST) -> int:
    """1 for a way to the task values that begins at ``node``, -1 for one that ends there and leads nowhere else.

    Over all of a cell there are none left when ``dbutils`` and its task values are used by these names only.
    """
    match node:
        case ast.Name(id="dbutils", ctx=ast.Load()) | ast.Constant(value="taskValues"):
            return 1
        case ast.Attribute(attr="taskValues", value=ast.Attribute(attr="jobs", value=ast.Name(id="dbutils"))):
            return 0
        case ast.Attribute(attr="taskValues"):
            return 1
        case ast.Attribute(attr=name, value=ast.Name(id="dbutils")) if name != "jobs":
            return -1
    return 0


def _verb(function: ast.Attribute) -> str:
    """``set`` or ``get`` of ``dbutils.jobs.taskValues``, or nothing."""
    held = isinstance(function.value, ast.Attribute) and function.value.attr == "taskValues"
    return function.attr if held and function.attr in _ARGUMENTS else ""


def _value(call: ast.Call, verb: str, cell: Cell) -> TaskValue | None:
    """The value that a call names; None when only running it would tell."""
    given: dict[str | None, ast.expr] = dict(zip(_ARGUMENTS[verb], call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords}
    key, task = _text(given.get("key")), _text(given.get("taskKey"))
    if key is None or (verb == "get" and task is None):
        return None
    return TaskValue(task or "", key, *cell.place(call.lineno, call.col_offset + 1), needed="default" not in given)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _of_sql(text: str) -> TaskCode:
    sql = _SQL_COMMENT.sub(" ", text).replace("`", "")
    tables = frozenset(_NAME.findall(sql.lower()))
    return TaskCode(tables=tables, inserts=bool(_INSERT.search(sql)), writes=frozenset(_WRITTEN.findall(sql.lower())))
