"""A notebook file → cells ready to be executed. What cannot be executed is refused here, before any cell runs."""

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from framework.core.errors import FrameworkError
from framework.local.task_types.notebooks.cells import (
    Cell,
    FilesCell,
    Notebook,
    PythonCell,
    RawCell,
    RunCell,
    ShellCell,
    SqlCell,
)
from framework.local.task_types.notebooks.python_cells import compiled, unknown
from framework.local.task_types.notebooks.source_files import SUFFIXES, raw_cells

_CELL_MAGIC = re.compile(r"%%?(?P<name>[A-Za-z][\w-]*)(?P<rest>[^\n]*)")
_FILE_METHODS = {"ls", "head", "put", "cp", "mv", "rm", "mkdirs"}
_OTHER_LANGUAGES = {"scala", "r", "java"}


def read(file: Path, root: Path) -> Notebook:
    """The notebook and those that it runs by ``%run``, all below ``root``.

    Raises FrameworkError with file and line for anything that cannot be executed locally.
    """
    return _Reading(root, (file,), {}).notebook()


def find(target: str, beside: Path, root: Path) -> Path:
    """The notebook that ``target`` means in the one at ``beside``; the suffix may be left out.

    Raises FrameworkError when there is none, or it is not in the bundle.
    """
    place = Path(os.path.normpath(beside.parent / target))
    names = [place.with_name(place.name + suffix) for suffix in ("", *SUFFIXES) if place.name]
    found = next((file for file in names if file.is_file()), None)
    if found is None:
        raise FrameworkError(f"there is no notebook '{target}'", f"looked for {place}, also with {', '.join(SUFFIXES)}")
    # Links resolved: a deployment copies what is in the bundle, and not what a link in it leads to.
    if not (file := found.resolve()).is_relative_to(root.resolve()):
        raise FrameworkError(f"the notebook '{target}' is outside of the bundle", f"it is {file}, the bundle is {root}")
    return file


@dataclass(frozen=True)
class _Reading:
    """Reads the last notebook of ``chain``, each of which runs the next; ``done`` are those read already."""

    root: Path
    chain: tuple[Path, ...]
    done: dict[Path, Notebook]

    def notebook(self) -> Notebook:
        file = self.chain[-1]
        if file not in self.done:
            self.done[file] = Notebook(file, tuple(cell for raw in raw_cells(file) if (cell := self.cell(raw))))
        return self.done[file]

    def cell(self, raw: RawCell) -> Cell | None:
        """The cell; None when there is nothing to execute in it."""
        index, found = _magic(raw)
        if found is None or found["name"] not in (*_BODY, "run", "fs", "python", "md", "md-sandbox", *_OTHER_LANGUAGES):
            in_python = raw.language == "python" or found
            return _python(raw) if in_python else SqlCell(raw.text, raw.file, raw.line)
        name, place = found["name"], raw.place(index)
        if name in _OTHER_LANGUAGES:
            raise FrameworkError(f"{place}: %{name} cannot be run locally", "only Python, SQL and shell cells can")
        if name in ("md", "md-sandbox"):
            return None
        if name in ("run", "fs"):
            return self._single(raw, index, found)
        body = "\n".join(["", *raw.text.split("\n")[index + 1 :]])
        if name in ("sh", "bash"):
            options = found["rest"].split()
            inline = "" if options in ([], ["-e"]) else found["rest"].strip().removeprefix("-e ")
            return ShellCell(inline + body, strict=options[:1] == ["-e"])
        if name == "sql":
            return SqlCell("\n" * index + found["rest"] + body, raw.file, raw.line)
        return _python(RawCell("\n" * index + found["rest"].lstrip() + body, raw.file, raw.line))

    def _single(self, raw: RawCell, index: int, found: re.Match[str]) -> Cell:
        place = raw.place(index)
        others = [line for line in raw.text.split("\n")[index + 1 :] if line.strip() and not line.startswith("#")]
        if others:
            raise FrameworkError(
                f"{place}: %{found['name']} must be alone in its cell", "move the rest to another cell"
            )
        try:
            words = shlex.split(found["rest"])
        except ValueError as error:
            raise FrameworkError(f"{place}: %{found['name']}: {error}") from None
        if not words:
            raise FrameworkError(f"{place}: %{found['name']} of what?", "write it on the same line")
        return self._run(place, words) if found["name"] == "run" else _files(place, words)

    def _run(self, place: str, words: list[str]) -> RunCell:
        target, *arguments = words
        try:
            file = find(target, self.chain[-1], self.root)
        except FrameworkError as error:
            raise FrameworkError(f"{place}: %run: {error.message}", error.hint) from None
        if file in self.chain:
            raise FrameworkError(f"{place}: %run: {file.name} is running already", "a notebook cannot run itself")
        pairs = [argument.removeprefix("$").partition("=") for argument in arguments]
        notebook = _Reading(self.root, (*self.chain, file), self.done).notebook()
        return RunCell(notebook, tuple((name, value) for name, _, value in pairs))


_BODY = ("sql", "sh", "bash")


def _magic(raw: RawCell) -> tuple[int, re.Match[str] | None]:
    """The magic that a cell begins with, and on which of its lines."""
    for index, line in enumerate(raw.text.split("\n")):
        if line.strip() and not line.startswith(("#", "--")):
            return index, _CELL_MAGIC.fullmatch(line.strip())
    return 0, None


def _python(raw: RawCell) -> PythonCell | None:
    return compiled(raw) if raw.text.strip() else None


def _files(place: str, words: list[str]) -> FilesCell:
    if words[0] not in _FILE_METHODS:
        raise unknown(f"fs {words[0]}", place)
    return FilesCell(words[0], tuple(words[1:]))
