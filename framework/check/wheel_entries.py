"""The functions of a project's own package that wheel tasks call."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from framework.check.import_problems import defined_in
from framework.check.source_files import Stamp, Unreadable, read, stamp
from framework.check.source_modules import Find, SourceModule, modules_below, top_names
from framework.core.identifiers import split_entrypoint
from framework.resolve.resolved import Level, ResolvedPipeline
from framework.spec.files import is_inside
from framework.spec.node_path import NodePath, quoted
from framework.spec.suggestions import did_you_mean

_LARGEST = 50_000  # bytes; the time that a dotted key takes grows with the square of its length
_OTHER_BUILDS = ("setup.py", "setup.cfg")


@dataclass(frozen=True)
class _Package:
    """What pyproject.toml says of its entry points; ``is_all`` if there can be no others."""

    entries: Mapping[str, str]
    is_all: bool


@dataclass(frozen=True)
class _Entry:
    """An entry point of the project's own package as a task names it, and the module and function that it means."""

    path: NodePath
    written: str
    module: str
    function: str
    package: _Package


def wheel_entries(pipeline: ResolvedPipeline) -> Iterator[tuple[Path, str]]:
    """Each function with the file that defines it."""
    find = modules_below(pipeline.source_directory, pipeline.root)
    for entry in _entries(pipeline):
        module, function = defined_in(entry.module, entry.function, find)
        if (found := find(module)) and isinstance(found[1], SourceModule):
            yield found[0], function


def wheel_problems(pipeline: ResolvedPipeline) -> Iterator[tuple[NodePath, str, str]]:
    """The entry points that are certainly not there: their place, what is wrong, and what to do."""
    find = modules_below(pipeline.source_directory, pipeline.root)
    for entry in _entries(pipeline):
        names = _instead(entry, find) if entry.package.is_all else None
        if names is not None and entry.written in entry.package.entries:
            near = did_you_mean(entry.function, names)
            summary = f"entry point {quoted(entry.written)} has no function: {entry.module}:{entry.function}{near}"
            yield entry.path, summary, "pyproject.toml says so: mend it there, or define the function."
        elif names is not None:
            near = did_you_mean(entry.written, [*entry.package.entries, *names])
            hint = f"Declare it under [project.scripts] in pyproject.toml, or define it in {entry.module}/__init__.py."
            yield entry.path, f"the project's package has no entry point {quoted(entry.written)}{near}", hint


def _instead(entry: _Entry, find: Find) -> list[str] | None:
    """The names in the entry point's module when it has none of that name; None when it may have it."""
    if (found := find(entry.module)) is None:
        return [] if find(entry.module.partition(".")[0]) else None
    module = found[1]
    if not isinstance(module, SourceModule) or not module.shows_all:
        return None
    names = module.functions.keys() | module.others
    return None if entry.function in names else sorted(names)


def _entries(pipeline: ResolvedPipeline) -> Iterator[_Entry]:
    """As the package's metadata has them; without any, the package's own function."""
    for level in (each for each in pipeline.levels if "python_wheel_task" in each.native):
        if entry := _entry(pipeline, level):
            yield entry


def _entry(pipeline: ResolvedPipeline, level: Level) -> _Entry | None:
    fields = level.fields("python_wheel_task")
    package, written = str(fields.get("package_name", "")), str(fields.get("entry_point", ""))
    ours = {_normal(name): name for name in (pipeline.project, *top_names(pipeline.source_directory))}
    if not (name := ours.get(_normal(package), "")) or "${" in written:
        return None
    about = _package(pipeline)
    try:
        module, function = split_entrypoint(about.entries.get(written, f"{name}:{written}"))
    except ValueError:
        return None
    return _Entry((*level.path, "python_wheel_task", "entry_point"), written, module, function, about)


def _normal(name: str) -> str:
    """A package's name as installers compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(pipeline: ResolvedPipeline) -> _Package:
    project = pipeline.source_directory.parent
    file = project / "pyproject.toml"
    if not is_inside(file, pipeline.root):
        return _Package({}, is_all=False)
    is_other = any((project / name).exists() for name in _OTHER_BUILDS)
    source = stamp(file, _LARGEST)
    if isinstance(source, Unreadable):
        return _Package({}, is_all=not is_other and not file.exists())
    about = _declared(source)
    return _Package(about.entries, about.is_all and not is_other)


@cache
def _declared(source: Stamp) -> _Package:
    content = read(source)
    try:
        whole = tomllib.loads(content.decode()) if isinstance(content, bytes) else {}
        project = whole.get("project", {})
        groups = [project.get("scripts", {}), *project.get("entry-points", {}).values()]
        entries = {name: str(value) for group in groups for name, value in group.items()}
        is_all = not project.get("dynamic") and "poetry" not in whole.get("tool", {})
        return _Package(entries, is_all and isinstance(content, bytes))
    except (ValueError, AttributeError, RecursionError):  # no TOML, or not what a pyproject.toml says
        return _Package({}, is_all=False)
