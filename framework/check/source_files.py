"""Python files as syntax trees, each parsed once however many tasks name it. Nothing in them is executed."""

import ast
import os
import stat
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from framework.core.diagnostics import Location
from framework.spec.files import shown

MAX_BYTES = 1_000_000
MAX_PARSED = 200_000
"""Bytes of Python. A syntax tree takes hundreds of times the memory of what it was made of."""
MAX_THIN = 50_000
"""Bytes or characters of Python that should hold no logic, and are looked at statement by statement."""

MAX_FINDINGS = 100
"""Of one rule in one file: more help nobody."""

_KEPT = 20_000


@dataclass(frozen=True)
class Unreadable:
    """Why a file cannot be read as what it should be, and in which line: ``reason`` has no full stop.

    ``of_syntax`` says that it was read, and is not the language that it should be.
    """

    reason: str
    line: int = 1
    column: int = 1
    of_syntax: bool = False


Stamp = tuple[str, int, int]
"""A file as it is now: its path, time of change in nanoseconds, and size in bytes. Caches go by it."""


def stamp(file: Path | str, largest: int = MAX_BYTES) -> Stamp | Unreadable:
    """The file's stamp; Unreadable when it is no ordinary file, or too large to be written by a person."""
    try:
        status = os.stat(file)  # noqa: PTH116  asked for every task: a Path takes ten times as long
    except (OSError, ValueError) as error:
        return Unreadable(getattr(error, "strerror", None) or str(error))
    if not stat.S_ISREG(status.st_mode):
        return Unreadable("it is not a regular file")
    if status.st_size > largest:
        return Unreadable(f"it is larger than {largest:,} bytes")
    return str(file), status.st_mtime_ns, status.st_size


def parsed(source: Stamp) -> ast.Module | Unreadable:
    """The file's syntax tree. Callers share it: don't change it."""
    if source[2] > MAX_PARSED:
        return Unreadable(f"it is larger than {MAX_PARSED:,} bytes")
    return _parsed(source) if source[2] <= _KEPT else _tree_of(source)


def read(source: Stamp) -> bytes | Unreadable:
    """The file's bytes."""
    try:
        # What only looks like an ordinary file, as in /proc, may have no end, or nothing to read yet.
        with open(source[0], "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as stream:
            return stream.read(source[2])
    except OSError as error:
        return Unreadable(error.strerror or "it cannot be read")


def holds(file: Path | str, word: bytes) -> bool:
    """Whether ``word`` is in the file; of one that cannot be read, perhaps."""
    source = stamp(file)
    return isinstance(source, Unreadable) or _holds(source, word)


def tree(source: bytes | str) -> ast.Module | Unreadable:
    """The syntax tree of a text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        return Unreadable(error.msg, error.lineno or 1, error.offset or 1, of_syntax=True)
    except ValueError as error:
        return Unreadable(str(error), of_syntax=True)
    except (RecursionError, MemoryError):
        return Unreadable("it is nested too deeply")


def place(file: Path, root: Path, node: ast.expr | ast.stmt) -> Location:
    """Where ``node`` of that file stands. ``ast`` counts columns in bytes, people count characters."""
    lines = file.read_bytes().splitlines()
    before = lines[node.lineno - 1][: node.col_offset] if node.lineno <= len(lines) else b""
    return Location(shown(file, root), node.lineno, len(before.decode("utf-8", "replace")) + 1)


@cache
def _holds(source: Stamp, word: bytes) -> bool:
    content = read(source)
    return isinstance(content, Unreadable) or word in content


# Syntax trees are large: those that were used last stay, unless they are very large.
@lru_cache(maxsize=16)
def _parsed(source: Stamp) -> ast.Module | Unreadable:
    return _tree_of(source)


def _tree_of(source: Stamp) -> ast.Module | Unreadable:
    content = read(source)
    return content if isinstance(content, Unreadable) else tree(content)
