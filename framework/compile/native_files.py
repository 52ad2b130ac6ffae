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

_MAGIC = r"(?:(?:#|--|//) MAGIC[ \t]+)?"
_RUN = re.compile(rf"^\s*{_MAGIC}%run[ \t]+(.+?)\s*$", re.MULTILINE)
_RUN_METHOD = re.compile(r"""\bnotebook\.run\(\s*["'](\.{1,2}/[^"']+)["']""")
_IMPORT = re.compile(rf"^[ \t]*{_MAGIC}(?:from[ \t]+(\w+)|import[ \t]+(\w[\w. \t,]*))", re.MULTILINE)
_NOT_OF_DBT = ("target", "logs", "dbt_packages")
_CACHE = "__pycache__"


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

    Beside those that tasks name: notebooks that notebooks run, modules and packages that lie beside and are imported,
    what is in a dbt project. Raises InvalidProject when two of them would have one name in the workspace, and for a
    hidden one, which no release has.
    """
    project, found, names = _project(pipelines[0]), dict[str, Path](), dict[str, Path]()
    for pipeline, native in ((each, native) for each in pipelines for native in native_files(each)):
        for file in _with_needed(native, project):
            path = file.relative_to(project)
            found[path.as_posix()] = file
            if any(part.startswith(".") for part in path.parts):
                summary = f"{quoted(path.as_posix())} is hidden, and no release has it"
                raise _refusal(pipeline, native, summary, "Move it to where no name begins with a dot.")
            for name, named in _names(file, project).items():
                if (other := names.setdefault(name, named)) != named:
                    summary = f"{quoted(other.name)} and {quoted(named.name)} have one name in the workspace"
                    raise _refusal(pipeline, native, summary, "A notebook has no suffix there: rename one of them.")
    return dict(sorted(found.items()))


def _project(pipeline: ResolvedPipeline) -> Path:
    return pipeline.source_directory.parent


def _in_workspace(file: Path, project: Path) -> str:
    """A notebook has no suffix there."""
    return (file.with_suffix("") if notebook_source.is_notebook(file) else file).relative_to(project).as_posix()


def _names(file: Path, project: Path) -> dict[str, Path]:
    """What it takes in the workspace: its own name, and those of the folders that it is in."""
    folders = file.relative_to(project).parents
    return {_in_workspace(file, project): file, **{each.as_posix(): project / each for each in folders}}


def _with_needed(native: NativeFile, project: Path) -> Iterator[Path]:
    if native.kind == "dbt_task":
        yield from _below(native.file, project, _NOT_OF_DBT)
        return
    seen: dict[Path, None] = {}
    left = [native.file]
    while left:
        if (file := left.pop()) not in seen:
            seen[file] = None
            left += [*_run_by(file, project), *_imported_by(file, native.file.parent, project)]
    yield from seen


def _below(directory: Path, project: Path, made: Sequence[str] = ()) -> Iterator[Path]:
    """The files in ``directory`` at any depth, without hidden ones, caches, and what is ``made`` in it."""
    for folder, folders, names in os.walk(directory):
        left_out = (_CACHE, *(made if Path(folder) == directory else ()))
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in left_out)
        files = (Path(folder, name) for name in sorted(names) if not name.startswith("."))
        yield from (file for file in files if _is_usable(file, project))


def _run_by(file: Path, project: Path) -> Iterator[Path]:
    """The notebooks of the project that a notebook runs."""
    text = _code(file)
    for written in (*(_first_word(rest) for rest in _RUN.findall(text)), *_RUN_METHOD.findall(text)):
        place = Path(os.path.normpath(file.parent / written))
        names = (place, *(place.with_name(place.name + suffix) for suffix in notebook_source.SUFFIXES))
        yield from (name for name in names if place.name and _is_usable(name, project))


def _imported_by(file: Path, start: Path, project: Path) -> Iterator[Path]:
    """The modules of the project that are imported: beside the file, or in ``start``, where the task begins."""
    for module in dict.fromkeys(_imported(_code(file))):
        for place in dict.fromkeys((file.parent / module, start / module)):
            if _is_usable(single := place.with_name(f"{module}.py"), project):
                yield single
            package = [*_below(place, project)]
            if any(each.suffix == ".py" for each in package):
                yield from package


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
    return file.is_relative_to(project) and file.is_file() and is_inside(file, project)


def _refusal(pipeline: ResolvedPipeline, native: NativeFile, summary: str, hint: str) -> InvalidProject:
    place = pipeline.location(native.path)
    return InvalidProject(Diagnostics((Diagnostic(summary, place, format_path(native.path), hint),)))
