"""Notebooks and scripts, read for the thin rule: a file that has not changed is read once."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from framework.check.notebook_cells import HEADER, Cell, TooLarge, jupyter_cells, python_of, source_cells
from framework.check.source_files import MAX_BYTES, MAX_THIN, Stamp, Unreadable, parsed, read, stamp
from framework.check.thin_code import Kind, Piece, is_sql, main_block, pieces

MAIN_MODULE = "__main__.py"
"""The file that runs when its package does; any other module is a main only where a task names it."""
LARGEST_NOTEBOOK = 4_000_000
"""Bytes: a notebook keeps its outputs, pictures too."""

_CELL_MAGIC = re.compile(r"%%?(?P<name>[A-Za-z][\w-]*)[ \t]*(?P<rest>.*)")
_OTHER_LANGUAGES = ("bash", "java", "r", "scala", "sh")
_TEXT = ("md", "md-sandbox")


@dataclass(frozen=True)
class Found:
    """A piece of code, and where it stands in its file; ``cell`` names the place where the file's lines do not."""

    kind: Kind
    what: str
    line: int
    column: int
    inside: frozenset[Kind] = frozenset()
    cell: str = ""


@dataclass(frozen=True)
class Code:
    """What a file holds, in order: ``runs`` are the notebooks that it names in ``%run``, ``broken`` is not Python."""

    found: tuple[Found, ...] = ()
    runs: tuple[str, ...] = ()
    broken: tuple[Unreadable, ...] = ()


def notebook(file: Path) -> Code | Unreadable:
    """The code in all cells of a notebook."""
    source = stamp(file, LARGEST_NOTEBOOK)
    return source if isinstance(source, Unreadable) else _notebook(source)


def script(file: Path) -> Code | Unreadable:
    """The code of a file that is run as a whole; it may have a function ``main``."""
    source = stamp(file, MAX_THIN)
    return source if isinstance(source, Unreadable) else _script(source)


def function(file: Path, name: str) -> Code | Unreadable:
    """The code in a function of a module; none where the module has no such function."""
    source = stamp(file)
    return source if isinstance(source, Unreadable) else _function(source, name)


def main_of_module(file: str) -> Code | Unreadable:
    """The code that runs when a module is executed; all of it, in a module that is made for that."""
    is_main = file.endswith(f"/{MAIN_MODULE}")
    source = stamp(file, MAX_THIN if is_main else MAX_BYTES)
    if isinstance(source, Unreadable):
        return source
    return _script(source) if is_main else _main_block(source)


@cache
def _notebook(source: Stamp) -> Code | Unreadable:
    content = read(source)
    if isinstance(content, Unreadable):
        return content
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
        is_jupyter = source[0].endswith(".ipynb")
        if not is_jupyter and text.partition("\n")[0].rstrip() != HEADER:
            return Code()  # no notebook, and whether it has to be one is for another rule to say
        cells = jupyter_cells(text) if is_jupyter else source_cells(text)
    except TooLarge as error:
        return Unreadable(str(error))
    except ValueError as error:  # not UTF-8, not JSON
        at = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        return Unreadable(getattr(error, "msg", str(error)), *at, of_syntax=True)
    every = [_cell(cell) for cell in cells]
    return Code(
        tuple(found for code in every for found in code.found),
        tuple(run for code in every for run in code.runs),
        tuple(broken for code in every for broken in code.broken),
    )


@cache
def _script(source: Stamp) -> Code | Unreadable:
    module = parsed(source)
    return module if isinstance(module, Unreadable) else _code(source, module.body, "main")


@cache
def _function(source: Stamp, name: str) -> Code | Unreadable:
    module = parsed(source)
    if isinstance(module, Unreadable):
        return module
    named = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name]
    return _code(source, named[-1:], name)


@cache
def _main_block(source: Stamp) -> Code | Unreadable:
    content = read(source)
    if isinstance(content, Unreadable) or b"__main__" not in content:
        return Code()
    module = parsed(source)
    return module if isinstance(module, Unreadable) else _code(source, main_block(module))


def _code(source: Stamp, body: Sequence[ast.stmt], entry: str = "") -> Code:
    content = read(source)
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return Code(tuple(_placed(Cell.whole(text), pieces(body, entry))))


def _cell(cell: Cell) -> Code:
    """The code of a cell, whatever its language."""
    lines = cell.text.split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip() and not line.startswith("#")), 0)
    magic = _CELL_MAGIC.fullmatch(lines[first].strip())
    name, rest = (magic["name"], magic["rest"]) if magic else ("", "")
    below = [*[""] * first, rest, *lines[first + 1 :]]
    if name == "sql":
        line = next((number for number, text in enumerate(below, 1) if text.strip() and not text.startswith("--")), 1)
        is_query = is_sql("\n".join(below))
        return Code(tuple(_placed(cell, [Piece("sql", "SQL", line, 0)] if is_query else [])))
    if name == "run":
        return Code(runs=(rest.split()[0].strip("\"'"),) if rest.split() else ())
    if name in _OTHER_LANGUAGES:
        written = [number for number, text in enumerate(below, 1) if text.strip() and not text.strip().startswith("#")]
        return Code(tuple(_placed(cell, [Piece("statement", "", number, 0) for number in written])))
    if name in _TEXT:
        return Code()
    return _python(cell, "\n".join(below) if name == "python" else cell.text)


def _python(cell: Cell, text: str) -> Code:
    module = python_of(text)
    if isinstance(module, Unreadable):
        line, column = cell.place(module.line, module.column)
        where = f" in {cell.name}" if cell.name else ""
        return Code(broken=(replace(module, reason=module.reason + where, line=line, column=column),))
    return Code(tuple(_placed(cell, pieces(module.body))))


def _placed(cell: Cell, found: Sequence[Piece] | Iterator[Piece]) -> Iterator[Found]:
    lines = cell.text.split("\n")
    number, written, before, at = 0, b"", 0, 0
    for piece in sorted(found, key=lambda piece: (piece.line, piece.column)):
        if piece.line != number:
            number, written, before, at = piece.line, "".join(lines[piece.line - 1 : piece.line]).encode(), 0, 0
        # ast counts bytes. A line can hold thousands of pieces: each goes on from the one before.
        before += len(written[at : piece.column].decode("utf-8", "replace"))
        at = piece.column
        line, column = cell.place(piece.line, before + 1)
        name = f"{cell.name}, line {piece.line}" if cell.name else ""
        yield Found(piece.kind, piece.what, line, column, piece.inside, name)
