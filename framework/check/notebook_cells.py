"""The cells of a notebook, Databricks source (``.py``) or Jupyter (``.ipynb``), and where their lines stand."""

import ast
import re
from dataclasses import dataclass
from typing import Any, Self

from framework.check.placed_json import PlacedJson
from framework.check.source_files import MAX_THIN, Unreadable, tree
from framework.core.notebook_source import header

HEADER = header(".py")
_SEPARATOR = re.compile(r"# COMMAND -+\s*")
_MAGIC = re.compile(r"# MAGIC ?")
_LINE_MAGIC = re.compile(r"(?P<indent>\s*+)(?:(?:[^\s=][^=]*+=\s*+(?=[!%]))?(?:%%?[\w-]+|!(?!=)).*|\?.*|.*\?\s*)")
_MOST_MAGICS, _MOST_PARSED = 10, 2_000_000  # groups of lines, and characters over all
_MOST_CELLS = 500


class TooLarge(ValueError):
    """There is more in a notebook than is looked at."""


@dataclass(frozen=True)
class Cell:
    """A cell's text without the marks of its format. ``places`` are line and column in the file, line by line.

    ``name`` is how people find the cell; empty in a format where the file's lines say it.
    """

    text: str
    places: tuple[tuple[int, int], ...]
    name: str = ""

    @classmethod
    def whole(cls, text: str) -> Self:
        """A file as one cell."""
        return cls(text, tuple((number, 1) for number in range(1, text.count("\n") + 2)))

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Where a line of this cell, counted from 1, and a column of it are in the file."""
        there = self.places[min(line, len(self.places)) - 1]
        return there[0], there[1] + column - 1


def source_cells(text: str) -> list[Cell]:
    """The cells of a notebook in Databricks' source format. Raises TooLarge."""
    _refuse_large(0, len(text))
    cells: list[Cell] = []
    lines: list[str] = []
    places: list[tuple[int, int]] = []
    for number, line in enumerate([*text.split("\n"), "# COMMAND -"], start=1):
        if _SEPARATOR.fullmatch(line):
            cells += [Cell("\n".join(lines), tuple(places))] if any(lines) else []
            _refuse_large(len(cells), 0)
            lines, places = [], []
        elif number > 1:
            mark = _MAGIC.match(line)
            lines.append(line[mark.end() :] if mark else line)
            places.append((number, mark.end() + 1 if mark else 1))
    return cells


def jupyter_cells(text: str) -> list[Cell]:
    """The code cells of a Jupyter notebook in Python. Raises ValueError when it is none of format 4, TooLarge."""
    cells: list[Cell] | None = None
    metadata: Any = None
    reader, size = PlacedJson(text), 0
    try:
        for name in reader.fields():
            if name == "cells":
                cells, size = [], 0
                for number, _ in enumerate(reader.entries("[", "]"), 1):
                    kind, lines = _kind_and_lines(reader)
                    size += sum(len(line) + 1 for line, _ in lines)
                    _refuse_large(number, size)
                    if kind == "code" and any(line.strip() for line, _ in lines):
                        cells.append(_cell(lines, number))
            elif name == "metadata":
                metadata = reader.value()
            else:
                reader.value()
        reader.end()
        if cells is None:
            raise TypeError
        return cells if _language(metadata or {}) == "python" else []
    except (TypeError, AttributeError, RecursionError):
        raise ValueError("it is no Jupyter notebook of format 4") from None


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
        # After one such line, another one that begins like it can be nothing else.
        while at + 1 < len(lines) and (lines[at].endswith("\\") or lines[at + 1].startswith(("%", "!"))):
            lines[at], at = "", at + 1
        lines[at], lines[module.line - 1] = "", f"{magic['indent']}..."
    return ast.Module(body=[], type_ignores=[])


def _language(metadata: dict[str, Any]) -> str:
    own = metadata.get("application/vnd.databricks.v1+notebook") or {}
    return str(own.get("language") or (metadata.get("language_info") or {}).get("name") or "python").lower()


def _kind_and_lines(reader: PlacedJson) -> tuple[Any, list[tuple[str, tuple[int, int]]]]:
    """Of a cell: the strings of its source, and where each of them stands."""
    kind: Any = None
    lines: list[tuple[str, tuple[int, int]]] | None = None
    for name in reader.fields():
        if name == "source":
            entries = reader.entries("[", "]") if reader.next_character() == "[" else (None,)
            lines = []
            for _ in entries:
                lines.append((reader.text_value(), _after_quote(reader.place())))
                _refuse_large(0, len(lines))
        elif name == "cell_type":
            kind = reader.value()
        else:
            reader.value()
    if kind is None or lines is None:
        raise TypeError
    return kind, lines


def _after_quote(place: tuple[int, int]) -> tuple[int, int]:
    return place[0], place[1] + 1


def _cell(lines: list[tuple[str, tuple[int, int]]], number: int) -> Cell:
    """Jupyter writes every line as a string of its own, others all of them as one.

    Columns are right up to the first character that JSON escapes.
    """
    source = "".join(line for line, _ in lines)
    count = source.count("\n") + 1
    places = [place for _, place in lines]
    return Cell(source, tuple([*places, *places[-1:] * count][:count]), f"cell {number}")


def _refuse_large(cells: int, size: int) -> None:
    if cells > _MOST_CELLS:
        raise TooLarge(f"it has more than {_MOST_CELLS:,} cells")
    if size > MAX_THIN:
        raise TooLarge(f"its cells hold more than {MAX_THIN:,} characters")
