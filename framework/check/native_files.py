"""The files of a project that native tasks run."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from framework.check.task_levels import Level, levels
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import NodePath

NOTEBOOK_HEADERS = {".py": "#", ".r": "#", ".sql": "--", ".scala": "//"}
"""How a comment begins in the source format of notebooks, by suffix."""

_PATHS = (
    ("notebook_task", ("notebook_path",)),
    ("spark_python_task", ("python_file",)),
    ("sql_task", ("file", "path")),
    ("dbt_task", ("project_directory",)),
)
_ELSEWHERE = re.compile(r"$|/|~|[A-Za-z][A-Za-z0-9+.-]+:|.*(?:\$\{|\{\{)", re.DOTALL)


@dataclass(frozen=True)
class NativeFile:
    """A path in a native task as ``written`` at ``path``, and the file that it means, which may be missing.

    A notebook's suffix is part of its name: it has none in a workspace, but a bundle without is refused.
    """

    kind: str
    level: Level
    path: NodePath
    written: str
    file: Path

    @property
    def exists(self) -> bool:
        """Whether there is such a file, or such a directory for dbt."""
        # pathlib would raise for a name that is too long.
        return os.path.isdir(self.file) if self.kind == "dbt_task" else os.path.isfile(self.file)  # noqa: PTH112, PTH113

    @property
    def is_notebook(self) -> bool:
        """Whether the file says of itself that it is a notebook."""
        suffix = self.file.suffix.lower()
        if suffix not in NOTEBOOK_HEADERS:
            return suffix == ".ipynb"
        header = f"{NOTEBOOK_HEADERS[suffix]} Databricks notebook source"
        return _first_line(self.file).rstrip() == header


def native_files(pipeline: ResolvedPipeline) -> tuple[NativeFile, ...]:
    """The files that the pipeline's native tasks name, but for those of a workspace or of another git repository."""
    return tuple(_native_files(pipeline))


def _native_files(pipeline: ResolvedPipeline) -> Iterator[NativeFile]:
    directory, in_git = (pipeline.root / pipeline.document.file).parent, bool(pipeline.job.get("git_source"))
    for level in (each for each in levels(pipeline) if each.native):
        for kind, steps in _PATHS:
            fields = level.fields(kind)
            holder = fields.get(steps[0]) if len(steps) > 1 else fields
            written = holder.get(steps[-1]) if isinstance(holder, dict) else None
            source = holder.get("source", fields.get("source")) if isinstance(holder, dict) else None
            elsewhere = source == "GIT" or (in_git and source != "WORKSPACE")
            if isinstance(written, str) and not elsewhere and not _ELSEWHERE.match(written):
                file = Path(os.path.normpath(directory / written))
                yield NativeFile(kind, level, (*level.path, kind, *steps), written, file)


def _first_line(file: Path) -> str:
    """The beginning of the file, up to the end of its line; nothing, if it cannot be read."""
    try:
        with file.open("rb") as stream:
            return stream.readline(100).decode("utf-8-sig", "replace")
    except (OSError, ValueError):
        return ""
