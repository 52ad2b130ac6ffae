"""The files of a project that native tasks run."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from framework.core import notebook_source
from framework.resolve.resolved import Level, ResolvedPipeline
from framework.spec.files import inside_of
from framework.spec.node_path import NodePath

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
        return notebook_source.is_notebook(self.file)


def native_files(pipeline: ResolvedPipeline) -> tuple[NativeFile, ...]:
    """The files that the pipeline's native tasks name, but for those of a workspace or of another git repository."""
    return tuple(_native_files(pipeline))


def code_files(pipeline: ResolvedPipeline) -> tuple[NativeFile, ...]:
    """Those of the files that rules may read: they are there, and in the checkout, wherever links lead."""
    is_ours = inside_of(pipeline.root)
    files = (each for each in _native_files(pipeline) if each.kind != "dbt_task" and each.exists)
    return tuple(each for each in files if is_ours(each.file))


def _native_files(pipeline: ResolvedPipeline) -> Iterator[NativeFile]:
    directory, in_git = (pipeline.root / pipeline.document.file).parent, bool(pipeline.job.get("git_source"))
    for level in (each for each in pipeline.levels if each.native):
        for kind, steps in _PATHS:
            fields = level.fields(kind)
            holder = fields.get(steps[0]) if len(steps) > 1 else fields
            written = holder.get(steps[-1]) if isinstance(holder, dict) else None
            source = holder.get("source", fields.get("source")) if isinstance(holder, dict) else None
            elsewhere = source == "GIT" or (in_git and source != "WORKSPACE")
            if isinstance(written, str) and not elsewhere and not _ELSEWHERE.match(written):
                file = Path(os.path.normpath(directory / written))
                yield NativeFile(kind, level, (*level.path, kind, *steps), written, file)
