"""A notebook as a value: cells that know what they are and where they stand."""

from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Literal

Language = Literal["python", "sql"]


@dataclass(frozen=True)
class RawCell:
    """A cell as written, without the marks of its file format. ``line`` is that of its first line in ``file``.

    ``file`` is what tracebacks show: the notebook's path, in an ipynb with the cell's number.
    """

    text: str
    file: str
    line: int
    language: Language = "python"

    def place(self, line: int = 0) -> str:
        """``file:line`` of a line of this cell, counted from 0."""
        return f"{self.file}:{self.line + line}"


@dataclass(frozen=True)
class PythonCell:
    """Compiled Python: ``last`` is the expression at its end, whose value is shown."""

    code: CodeType
    last: CodeType | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SqlCell:
    """SQL, one statement or more, before parameters are filled in."""

    text: str
    file: str
    line: int


@dataclass(frozen=True)
class ShellCell:
    """A bash script; only with ``strict`` (``%sh -e``) does its exit code count."""

    script: str
    strict: bool


@dataclass(frozen=True)
class FilesCell:
    """``%fs``: a method of ``dbutils.fs`` and its arguments."""

    method: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class RunCell:
    """``%run``: another notebook, read already, and the parameters that it is given."""

    notebook: "Notebook"
    parameters: tuple[tuple[str, str], ...]


Cell = PythonCell | SqlCell | ShellCell | FilesCell | RunCell


@dataclass(frozen=True)
class Notebook:
    """A notebook, ready to be executed."""

    file: Path
    cells: tuple[Cell, ...]
