"""The cells of a notebook, Databricks source (``.py``) or Jupyter (``.ipynb``), and where their lines stand."""

import ast
import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from framework.check.source_files import Unreadable, tree

HEADER = "# Databricks notebook source"
_SEPARATOR = re.compile(r"# COMMAND -+\s*")
_MAGIC = re.compile(r"# MAGIC ?")
_LINE_MAGIC = re.compile(r"(?P<indent>\s*)(?:(?:[^\s=][^=]*=\s*(?=[!%]))?(?:%%?[\w-]+|!(?!=)).*|\?.*|.*\?\s*)")
_MOST_MAGICS, _MOST_PARSED = 100, 2_000_000  # lines, and characters over all
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]')
_CELL_DEPTH = 3  # the notebook, its list of cells, a cell


@dataclass(frozen=True)
class Cell:
    """A cell's text without the marks of its format. ``places`` are line and column in the file, line by line.

    ``name`` is how people find the cell; empty in a format where the file's lines say it.
    """

    text: str
    places: tuple[tuple[int, int], ...]
    name: str = ""

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Where a line of this cell, counted from 1, and a column of it are in the file."""
        there = self.places[min(line, len(self.places)) - 1]
        return there[0], there[1] + column - 1


def source_cells(text: str) -> list[Cell]:
    """The cells of a notebook in Databricks' source format."""
    cells: list[Cell] = []
    lines: list[str] = []
    places: list[tuple[int, int]] = []
    for number, line in enumerate([*text.split("\n"), "# COMMAND -"], start=1):
        if _SEPARATOR.fullmatch(line):
            cells += [Cell("\n".join(lines), tuple(places))] if any(lines) else []
            lines, places = [], []
        elif number > 1:
            mark = _MAGIC.match(line)
            lines.append(line[mark.end() :] if mark else line)
            places.append((number, mark.end() + 1 if mark else 1))
    return cells


def jupyter_cells(text: str) -> list[Cell]:
    """The code cells of a Jupyter notebook in Python. Raises ValueError when it is none of format 4."""
    try:
        notebook = json.loads(text)
        cells = [(each["cell_type"], each["source"]) for each in notebook["cells"]]
        sources = ["".join(source) for _, source in cells]
        if _language(notebook.get("metadata") or {}) != "python":
            return []
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("it is no Jupyter notebook of format 4") from None
    starts, breaks = list(_starts(text)), [-1, *(each.start() for each in re.finditer("\n", text))]
    found = []
    for number, ((kind, _), source) in enumerate(zip(cells, sources, strict=True)):
        if kind == "code" and source.strip() and number < len(starts):
            found.append(Cell(source, _of_lines(source, starts[number], breaks), f"cell {number + 1}"))
    return found


def python_of(text: str) -> ast.Module | Unreadable:
    """The tree of a cell in which IPython's own lines say nothing. Only where the parser stops can there be one."""
    lines = text.split("\n")
    for _ in range(min(_MOST_MAGICS, 1 + _MOST_PARSED // (len(text) + 1))):
        module = tree("\n".join(lines))
        if not isinstance(module, Unreadable):
            return module
        at = module.line - 1
        if at >= len(lines) or not (magic := _LINE_MAGIC.fullmatch(lines[at])):
            return module
        while lines[at].endswith("\\") and at + 1 < len(lines):
            lines[at], at = "", at + 1
        lines[at], lines[module.line - 1] = "", f"{magic['indent']}..."
    return ast.Module(body=[], type_ignores=[])


def _language(metadata: dict[str, Any]) -> str:
    own = metadata.get("application/vnd.databricks.v1+notebook") or {}
    return str(own.get("language") or (metadata.get("language_info") or {}).get("name") or "python").lower()


def _of_lines(source: str, starts: list[int], breaks: list[int]) -> tuple[tuple[int, int], ...]:
    """Where each line begins: Jupyter writes every line as a string of its own, others all of them as one.

    Columns are right up to the first character that JSON escapes.
    """
    count = source.count("\n") + 1
    each = [*starts, *starts[-1:] * count][:count]
    lines = [bisect_left(breaks, at) for at in each]
    return tuple((line, at - breaks[line - 1] + 1) for line, at in zip(lines, each, strict=True))


def _starts(text: str) -> Iterator[list[int]]:
    """For each cell, where the strings begin that its ``source`` consists of. ``json`` does not tell."""
    above: list[str] = []  # for every bracket that is open, the key that it is the value of
    strings: list[int] = []
    key = last = ""
    for token in _TOKEN.finditer(text):
        mark = token[0]
        in_source = above[1:2] == ["cells"] and key == "source" and len(above) == _CELL_DEPTH
        if mark in ":,":
            key = last if mark == ":" else ""
        elif mark in "{[":
            above.append(key)
            key = ""
        elif mark in "}]":
            if len(above) == _CELL_DEPTH and above[1] == "cells":
                yield strings
                strings = []
            key = above.pop() if above else ""
        else:
            if in_source or (len(above) == _CELL_DEPTH + 1 and above[1] == "cells" and above[-1] == "source"):
                strings.append(token.start())
            last = mark[1:-1]
