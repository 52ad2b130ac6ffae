"""``projects/<project>/project.yml``: what a project is and where its data comes from."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.core.identifiers import Entrypoint
from framework.runtime.kinds.options import STRICT
from framework.spec.entry import Entry
from framework.spec.names import check_name, check_references, check_table
from framework.spec.node_path import printable, quoted
from framework.spec.validation import validated
from framework.spec.yaml_source import Document


@dataclass(frozen=True, kw_only=True)
class SourceSpec:
    """A file that a local run loads as a table; ``sample`` makes stand-in data when the file is not there.

    ``path`` is relative to the project's directory.
    """

    path: str
    sample: Entrypoint | None = None
    __pydantic_config__: ClassVar = STRICT


Declared = dict[str, dict[str, Any]]
"""Resources of one sort, by a key of their own."""


@dataclass(frozen=True, kw_only=True)
class ResourceFields:
    """What a project deploys beside its jobs, in the words of bundles.

    What its tasks write to and register is there without being declared; what is declared is laid over that.
    """

    schemas: Declared = field(default_factory=dict)
    volumes: Declared = field(default_factory=dict)
    registered_models: Declared = field(default_factory=dict)
    experiments: Declared = field(default_factory=dict)
    quality_monitors: Declared = field(default_factory=dict)
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class ProjectFields:
    """What a project file says. ``sources`` goes by ``schema.table``; ``package`` left out is the name."""

    name: str
    description: str = ""
    owner: str = ""
    package: str = ""
    sources: dict[str, SourceSpec] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    resources: ResourceFields = field(default_factory=ResourceFields)
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class ProjectSpec(ProjectFields):
    """A project as written, with its ``directory``."""

    document: Document
    directory: Path


def read_project(document: Document, directory: Path) -> ProjectSpec:
    """The project in ``document``. Raises InvalidProject with every finding in it."""
    findings: list[Diagnostic] = []
    entry = Entry(document, (), {} if document.value is None else document.value)
    fields = validated(ProjectFields, entry, findings)
    check_name(entry, "name", directory.name, f"the directory '{printable(directory.name)}'", findings)
    if fields is not None:
        check_references(fields, entry, findings)
        _check_sources(fields, entry, findings)
        _check_package(fields, entry, findings)
    if findings or fields is None:
        raise InvalidProject(Diagnostics.of(findings))
    written = {**vars(fields), "package": fields.package or fields.name}
    return ProjectSpec(**written, document=document, directory=directory)


def _check_sources(fields: ProjectFields, entry: Entry, findings: list[Diagnostic]) -> None:
    for table, source in fields.sources.items():
        check_table(entry.at(("sources",)), table, findings)
        path = PurePosixPath(source.path)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            hint = "Name a file below the project's directory, or link it there. --source TABLE=PATH takes any file."
            summary = f"path {quoted(source.path)} does not lie in the project"
            findings.append(entry.finding(summary, hint, ("sources", table, "path")))


def _check_package(fields: ProjectFields, entry: Entry, findings: list[Diagnostic]) -> None:
    if fields.package and not fields.package.isidentifier():
        findings.append(entry.finding(f"{quoted(fields.package)} is not a Python package's name", below=("package",)))
