"""Imports of the project's own modules that cannot work, by reading these: nothing is imported."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from framework.check.source_modules import Find, Import, SourceModule, module_file
from framework.spec.suggestions import did_you_mean, listed

_INIT = "__init__.py"
TAKEN = sys.stdlib_module_names | {"framework"}
"""Names that are not a project's to give."""
_MOST_STEPS = 10
"""From a name that is imported to what is imported there, and so on."""


@dataclass(frozen=True)
class ImportProblem:
    """What is wrong with an import that stands at ``line`` and ``column`` of the module that was asked for."""

    summary: str
    hint: str
    line: int
    column: int


def import_problems(module: str, find: Find, directory: Path) -> Iterator[ImportProblem]:
    """The imports of ``module`` that name a module or a name which the project's own packages do not have.

    Nothing is said where only running them would tell: in blocks such as ``try``, of packages without ``__init__.py``,
    and of modules that are made, which begin with ``_`` by custom.
    """
    file, read = find(module) or (Path(), None)
    for each in read.imports if isinstance(read, SourceModule) else ():
        named = absolute(each, module, is_package=file.name == _INIT)
        if named.partition(".")[0] in TAKEN:
            continue
        if missing := _missing_module(named, find, directory):
            parent, _, last = missing.rpartition(".")
            near = did_you_mean(last, _entries(directory, parent.split(".")))
            there = f"Expected it at {directory.name}/{missing.replace('.', '/')}.py."
            yield ImportProblem(f"there is no module '{missing}' to import{near}", there, each.line, each.column)
        else:
            yield from _missing_names(each, named, find, directory)


def defined_in(module: str, name: str, find: Find) -> tuple[str, str]:
    """The module that defines ``name``, and what it is called there, when ``module`` may have it from another one."""
    for _ in range(_MOST_STEPS):
        file, read = find(module) or (Path(), None)
        imports = read.imports if isinstance(read, SourceModule) and name not in read.functions else ()
        named = ((absolute(each, module, is_package=file.name == _INIT), each.names) for each in imports)
        origin = next(((there, own) for there, names in named for own, called in names if called == name), None)
        if origin is None or find(origin[0]) is None:
            break
        module, name = origin
    return module, name


def absolute(each: Import, module: str, *, is_package: bool) -> str:
    """The full name of the module that ``module`` imports, or imports from; nothing when it is outside of any."""
    if not each.level:
        return each.module
    steps = module.split(".")
    kept = steps[: len(steps) - each.level + is_package]
    return ".".join([*kept, each.module] if each.module else kept) if kept else ""


def _missing_module(module: str, find: Find, directory: Path) -> str:
    """The first package or module on the way to ``module`` that is certainly not there, or nothing."""
    steps = module.split(".")
    for count in range(1, len(steps) + 1):
        name = ".".join(steps[:count])
        if (found := find(name)) is None:
            return "" if count == 1 or _may_be_there(directory, steps[:count]) else name
        if not isinstance(found[1], SourceModule) or not found[1].shows_all:
            return ""
    return ""


def _missing_names(each: Import, module: str, find: Find, directory: Path) -> Iterator[ImportProblem]:
    file, read = find(module) or (Path(), None)
    if not isinstance(read, SourceModule) or not read.shows_all:
        return
    known = read.functions.keys() | read.others
    for name in [name for name, _ in each.names if name not in known and name != "*" and not name.startswith("__")]:
        if file.name != _INIT or not _may_be_there(directory, [*module.split("."), name]):
            there = sorted(known) or [entry for entry in _entries(directory, module.split(".")) if entry.isidentifier()]
            summary = f"'{module}' has no '{name}' to import{did_you_mean(name, there)}"
            hint = f"It has: {listed([each for each in there if not each.startswith('_')]) or 'nothing'}."
            yield ImportProblem(summary, hint, each.line, each.column)


def _may_be_there(directory: Path, steps: list[str]) -> bool:
    """Whether a module is there in another form, or is one that a build makes: a folder, compiled, generated."""
    if steps[-1].startswith("_") or "_pb2" in steps[-1]:
        return True
    # Asked for every import: a large folder takes long to list.
    if module_file(directory, ".".join(steps)) or directory.joinpath(*steps).is_dir():
        return True
    return steps[-1] in _entries(directory, steps[:-1])


def _entries(directory: Path, steps: list[str]) -> list[str]:
    """The names, without suffixes, of what a package's folder holds; none for a module, which has no folder."""
    folder = directory.joinpath(*steps)
    return sorted(entry.name.partition(".")[0] for entry in folder.iterdir()) if folder.is_dir() else []
