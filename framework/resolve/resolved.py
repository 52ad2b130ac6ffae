"""A pipeline for one target: every name in three parts, every dependency written out, every default filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.core.diagnostics import Diagnostics, Location
from framework.core.task_run import Parameter
from framework.spec.entry import Places
from framework.spec.layers import merged
from framework.spec.node_path import NodePath
from framework.spec.yaml_source import Document


@dataclass(frozen=True)
class Origin:
    """Where a value stands that the pipeline's own file does not set: at ``path`` in ``places``."""

    places: Places
    path: NodePath

    def location(self, below: NodePath = ()) -> Location | None:
        """The place of the value, or of one further down."""
        return self.places.location((*self.path, *below))


@dataclass(frozen=True)
class Dependency:
    """An edge to the task that goes first; ``outcome`` ("true", "false" or "") is that of a condition task."""

    task_key: str
    outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class ResolvedTask:
    """One task. A task of ours has ``kind`` and ``options`` (a dataclass of that kind), any other one ``native``.

    ``settings`` are the Jobs service's own fields, such as ``max_retries``; ``databricks`` is merged over everything.
    ``path`` is the task's place in its document.
    """

    task_key: str
    kind: str
    options: Any
    params: Mapping[str, Parameter]
    native: Mapping[str, Any]
    depends_on: tuple[Dependency, ...]
    settings: Mapping[str, Any]
    databricks: Mapping[str, Any]
    path: NodePath


@dataclass(frozen=True, kw_only=True)
class ResolvedSource:
    """A file that a local run loads into ``table``; ``sample`` makes the rows when the file is not there.

    ``given`` says that the file was named on the command line: then it has to exist.
    """

    table: str
    path: Path
    sample: str
    given: bool
    location: Location | None


@dataclass(frozen=True, kw_only=True)
class ResolvedPipeline:
    """Everything that check, compile and run need to know of one pipeline for one target.

    ``settings`` are the job's native fields as they will be compiled, those of the target included; ``databricks`` is
    merged over them. ``siblings`` are the names of the project's pipelines. ``document`` is the pipeline's file;
    ``origins`` says of the values that another file sets which one that is.
    """

    root: Path
    project: str
    source_directory: Path
    pipeline: str
    description: str
    target: str
    parameters: Mapping[str, Parameter]
    logical_date: str
    tags: Mapping[str, str]
    settings: Mapping[str, Any]
    databricks: Mapping[str, Any]
    tasks: tuple[ResolvedTask, ...]
    sources: tuple[ResolvedSource, ...]
    siblings: tuple[str, ...]
    document: Document
    project_document: Document
    origins: Mapping[NodePath, Origin]

    @property
    def job(self) -> Mapping[str, Any]:
        """The job's native fields as they will be compiled, without its tasks and parameters."""
        return merged([self.settings, self.databricks])

    def location(self, path: NodePath) -> Location:
        """Where the value at ``path`` was written: in the target's file if it sets it, else in the pipeline's."""
        for length in range(len(path), 0, -1):
            if origin := self.origins.get(path[:length]):
                return origin.location(path[length:]) or self.document.location(path)
        return self.document.location(path)


@dataclass(frozen=True)
class CheckedPipeline:
    """A pipeline in which ``check`` found no error: only ``check`` makes one, and ``compile`` takes nothing else."""

    pipeline: ResolvedPipeline
    warnings: Diagnostics
