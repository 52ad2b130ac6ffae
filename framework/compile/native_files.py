"""The files of native tasks: where they are in a release, and what else they need there."""

import copy
import json
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from framework.compile.bundle import RELEASE_PATH
from framework.core import notebook_source
from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.resolve.native_files import NativeFile, native_files
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.files import is_inside
from framework.spec.node_path import format_path, quoted

FILES = f"{RELEASE_PATH}/files"

_RUN = re.compile(r"^\s*(?:(?:#|--|//) MAGIC )?%run[ \t]+(.+?)\s*$", re.MULTILINE)
_RUN_METHOD = re.compile(r"""\bnotebook\.run\(\s*["'](\.{1,2}/[^"']+)["']""")
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+(\w[\w. \t,]*))", re.MULTILINE)
_NOT_OF_DBT = ("target", "logs", "dbt_packages")


def native_fields(pipeline: ResolvedPipeline) -> dict[str, dict[str, Any]]:
    """What each native task does, by task key, with the paths of its files in the release."""
    fields = {task.task_key: copy.deepcopy(dict(task.native)) for task in pipeline.tasks if task.native}
    for native in native_files(pipeline):
        *steps, last = native.path[len(native.level.task.path) :]
        holder: Any = fields[native.level.task.task_key]
        for step in steps:
            holder = holder[step]
        holder[last] = f"{FILES}/{_in_workspace(native.file, _project(pipeline))}"
    return fields


def files_of_tasks(pipelines: Sequence[ResolvedPipeline]) -> dict[str, Path]:
    """Each file that pipelines of one project take into the release, by its path below ``files/``.

    Beside those that tasks name: notebooks that notebooks run, modules that lie beside and are imported, what is in a
    dbt project. Raises InvalidProject when two of them would have one name in the workspace.
    """
    project, found, names = _project(pipelines[0]), dict[str, Path](), dict[str, Path]()
    for pipeline, native in ((each, native) for each in pipelines for native in native_files(each)):
        for file in _with_needed(native, project):
            found[file.relative_to(project).as_posix()] = file
            other = names.setdefault(_in_workspace(file, project), file)
            if other != file:
                raise _one_name(pipeline, native, other, file)
    return dict(sorted(found.items()))


def _project(pipeline: ResolvedPipeline) -> Path:
    return pipeline.source_directory.parent


def _in_workspace(file: Path, project: Path) -> str:
    """A notebook has no suffix there."""
    return (file.with_suffix("") if notebook_source.is_notebook(file) else file).relative_to(project).as_posix()


def _with_needed(native: NativeFile, project: Path) -> Iterator[Path]:
    if native.kind == "dbt_task":
        yield from _of_dbt(native.file, project)
        return
    seen: dict[Path, None] = {}
    left = [native.file]
    while left:
        if (file := left.pop()) not in seen:
            seen[file] = None
            left.extend(_named_in(file, project))
    yield from seen


def _of_dbt(directory: Path, project: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(directory):
        made = _NOT_OF_DBT if Path(folder) == directory else ()
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in made)
        yield from (file for name in sorted(names) if _is_usable(file := Path(folder, name), project))


def _named_in(file: Path, project: Path) -> Iterator[Path]:
    """The files of the project that a notebook or a module cannot do without."""
    text = _code(file)
    for written in (*(_first_word(rest) for rest in _RUN.findall(text)), *_RUN_METHOD.findall(text)):
        place = Path(os.path.normpath(file.parent / written))
        names = (place, *(place.with_name(place.name + suffix) for suffix in notebook_source.SUFFIXES))
        yield from (name for name in names if place.name and _is_usable(name, project))
    modules = (file.with_name(f"{module}.py") for module in dict.fromkeys(_imported(text)))
    yield from (module for module in modules if _is_usable(module, project))


def _imported(text: str) -> Iterator[str]:
    """The first part of each module's name."""
    for from_it, several in _IMPORT.findall(text):
        yield from (word[0] for each in (from_it or several).split(",") if (word := re.findall(r"\w+", each)))


def _code(file: Path) -> str:
    """The text in which a file names others; nothing for one that cannot be read."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix.lower() != ".ipynb":
            return text if file.suffix.lower() in notebook_source.COMMENTS else ""
        cells = json.loads(text).get("cells", ())
        return "\n".join("".join(cell.get("source", ())) for cell in cells if cell.get("cell_type") == "code")
    except (OSError, ValueError, AttributeError, TypeError):
        return ""


def _first_word(text: str) -> str:
    try:
        return (shlex.split(text) or [""])[0]
    except ValueError:
        return text.split(maxsplit=1)[0]


def _is_usable(file: Path, project: Path) -> bool:
    hidden = not file.is_relative_to(project) or any(p.startswith(".") for p in file.relative_to(project).parts)
    return not hidden and file.is_file() and is_inside(file, project)


def _one_name(pipeline: ResolvedPipeline, native: NativeFile, one: Path, other: Path) -> InvalidProject:
    summary = f"{quoted(one.name)} and {quoted(other.name)} have one name in the workspace"
    place, hint = pipeline.location(native.path), "A notebook has no suffix there: rename one of them."
    return InvalidProject(Diagnostics((Diagnostic(summary, place, format_path(native.path), hint),)))
