"""A pipeline for one target: every name in three parts, every dependency written out, every default filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.core.diagnostics import Diagnostics, Location
from framework.core.task_run import Parameter
from framework.spec.yaml_source import Document


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
    path: tuple[str | int, ...]


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
    """Everything that check, compile and run need to know of one pipeline for one target."""

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
    document: Document

    def location(self, path: tuple[str | int, ...]) -> Location:
        """Where ``path`` stands in the pipeline's file, or its nearest parent."""
        return self.document.location(path)


@dataclass(frozen=True)
class CheckedPipeline:
    """A pipeline in which ``check`` found no error: only ``check`` makes one, and ``compile`` takes nothing else."""

    pipeline: ResolvedPipeline
    warnings: Diagnostics
