"""The functions of a project's own package that wheel tasks call."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from framework.check.source_files import Stamp, Unreadable, read, stamp
from framework.check.source_modules import module_file, top_names
from framework.core.identifiers import split_entrypoint
from framework.resolve.resolved import Level, ResolvedPipeline

_LARGEST = 50_000  # bytes; the time that a dotted key takes grows with the square of its length


def wheel_entries(pipeline: ResolvedPipeline) -> Iterator[tuple[Path, str]]:
    """Each function with the file of its module."""
    for level in pipeline.levels:
        if (found := _entry(pipeline, level)) and (file := module_file(pipeline.source_directory, found[0])):
            yield file, found[1]


def _entry(pipeline: ResolvedPipeline, level: Level) -> tuple[str, str] | None:
    """Module and function, as the package's metadata has them; without any, the package's own function."""
    fields = level.fields("python_wheel_task")
    package, entry = str(fields.get("package_name", "")), str(fields.get("entry_point", ""))
    name = re.sub(r"[-.]+", "_", package)
    if not package or name not in {*top_names(pipeline.source_directory), pipeline.project}:
        return None
    source = stamp(pipeline.source_directory.parent / "pyproject.toml", _LARGEST)
    declared = {} if isinstance(source, Unreadable) else _declared(source)
    try:
        return split_entrypoint(declared.get(entry, f"{name}:{entry}"))
    except ValueError:
        return None


@cache
def _declared(source: Stamp) -> Mapping[str, str]:
    content = read(source)
    try:
        project = tomllib.loads(content.decode()).get("project", {}) if isinstance(content, bytes) else {}
        groups = [project.get("scripts", {}), *project.get("entry-points", {}).values()]
        return {name: str(value) for group in groups for name, value in group.items()}
    except (ValueError, AttributeError, RecursionError):  # no TOML, or not what a pyproject.toml says
        return {}
