"""``conf/base.yml`` under ``conf/<target>.yml``: where pipelines run and what differs there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from framework.core.diagnostics import Diagnostic, Diagnostics, Location
from framework.core.errors import InvalidProject, UsageError
from framework.runtime.kinds.options import STRICT
from framework.spec.entry import Entry
from framework.spec.files import readable, shown, yaml_files
from framework.spec.filling import Filled, filled
from framework.spec.layers import Layers, merged
from framework.spec.names import check_parameters
from framework.spec.node_path import NodePath, quoted
from framework.spec.pipeline_spec import ParameterValue
from framework.spec.suggestions import did_you_mean
from framework.spec.task_spec import AttemptFields
from framework.spec.telemetry_spec import Telemetry, check_telemetry
from framework.spec.validation import validated
from framework.spec.variables import SECTION, Variables, declared, names_of_environment
from framework.spec.yaml_source import Document

LOCAL = "local"

_BASE = "base"
_NO_TARGETS = (_BASE, "policy")
_OF_LOCAL = ("tags", "telemetry")
_BUILT_IN = {"mode": "development", "catalog": "spark_catalog"}
CATALOG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
HOST = re.compile(r"https://|\$\{env:|http://(?:127\.0\.0\.1|localhost)(?::\d+)?/?$")
"""A workspace is reached over TLS, but for one on this machine, for tests."""
SCHEMA = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
DEPLOY_ROOT = re.compile(r"/Workspace(?!/(?:Users|Shared|Repos)(?:/|$))(?:/(?!\.)[A-Za-z0-9_.-]+)+")


@dataclass(frozen=True, kw_only=True)
class TaskOverride(AttemptFields):
    """What a target changes in one task."""


@dataclass(frozen=True, kw_only=True)
class PipelineOverride:
    """What a target changes in one pipeline."""

    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    schedule: dict[str, Any] | None = None
    timeout_seconds: Annotated[int, Field(ge=0)] | None = None
    tasks: dict[str, TaskOverride] = field(default_factory=dict)
    databricks: dict[str, Any] = field(default_factory=dict)
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class Compute:
    """What the tasks of a target run on, in the Jobs API's own words; a task of ours takes the first one.

    Serverless has ``environments``, and its cost is tagged by ``budget_policy_id``.
    """

    job_clusters: list[dict[str, Any]] = field(default_factory=list)
    environments: list[dict[str, Any]] = field(default_factory=list)
    budget_policy_id: str | None = None
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class TargetFields:
    """What the files of a target say together."""

    host: str = ""
    mode: Literal["development", "production"]
    catalog: str
    deploy_root: str = ""
    shared_schemas: list[str] = field(default_factory=list)
    compute: Compute = field(default_factory=Compute)
    run_as: dict[str, str] = field(default_factory=dict)
    permissions: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    experiment_root: str = ""
    warehouse_id: str = ""
    telemetry: Telemetry = field(default_factory=Telemetry)
    pipelines: dict[str, PipelineOverride] = field(default_factory=dict)
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class TargetSpec(TargetFields):
    """A target as written. ``documents`` are its files, the one that wins last (none for a bare ``local``).

    ``values`` are those of its variables.
    """

    name: str
    documents: tuple[Document, ...]
    values: Variables

    @property
    def host_from_environment(self) -> bool:
        """Whether an environment variable tells the host."""
        return bool(names_of_environment(self.host))

    def key_of(self, project: str, pipeline: str) -> str:
        """The key under ``pipelines`` for a pipeline, whether it is there or not."""
        return in_full if (in_full := f"{project}/{pipeline}") in self.pipelines else pipeline

    def location(self, path: NodePath) -> Location | None:
        """The place of the value that won, or of its nearest ancestor; None when no file says anything."""
        return Layers(self.documents).location(path)

    def key_location(self, path: NodePath) -> Location | None:
        """The place of the key that ``path`` ends with, in the file that won."""
        return Layers(self.documents).key_location(path)

    def written(self, path: NodePath) -> str | None:
        """How a scalar that is no text was written."""
        return Layers(self.documents).written(path)


def known_targets(root: Path) -> tuple[str, ...]:
    """``local``, then the names of the files in ``conf/``."""
    names = (name for name in yaml_files(root / "conf", root) if name not in (*_NO_TARGETS, LOCAL))
    return (LOCAL, *names)


def deployed_targets(root: Path, names: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Those of ``names`` that something can be deployed to; of none, all there are. Raises UsageError for ``local``."""
    if LOCAL in names:
        raise UsageError(
            f"the target '{LOCAL}' is this machine: nothing is deployed to it",
            "To run it here: framework run. To deploy, name a file in conf/, such as --env dev.",
        )
    there = tuple(name for name in known_targets(root) if name != LOCAL)
    if not (names or there):
        raise UsageError("there is no target to deploy to", "A target is a file in conf/, such as conf/prod.yml.")
    return names or there


def read_target(root: Path, name: str, given: Mapping[str, str] = MappingProxyType({})) -> TargetSpec:
    """The target ``name``, with variables ``given`` on the command line.

    Raises UsageError when there is no such target or variable, InvalidProject with every finding in its files.
    """
    files = yaml_files(root / "conf", root)
    _refuse_unknown(name, known_targets(root))
    findings: list[Diagnostic] = []
    if clash := files.get(LOCAL):
        hint = "The target 'local' is built in. Rename the file, or move its tags and variables to conf/base.yml."
        findings.append(Diagnostic("conf/ may not define the target 'local'", Location(shown(clash, root)), "", hint))
    paths = [files[n] for n in (_BASE, name) if n in files and n != LOCAL]
    read_in = tuple(_read_all(paths, root, findings))
    if len(read_in) < len(paths):
        raise InvalidProject(Diagnostics.of(findings))
    values_of = declared(read_in, given, name, findings)
    each = [_filled(document, values_of) for document in read_in]
    layers = Layers(tuple(filled_in.document for filled_in in each))
    values = [document.value for document in layers.documents if document.value is not None]
    entry = Entry(layers, (), merged([*values, _BUILT_IN] if name == LOCAL else values))
    found: list[Diagnostic] = []
    fields = validated(TargetFields, entry, found)
    _check(entry, found)
    findings += [finding for filled_in in each for finding in filled_in.findings]
    for filled_in in each:
        found = [*filled_in.about_values(found)]
    findings += found
    if name == LOCAL and fields is not None:
        kept: dict[str, Any] = {key: entry.fields[key] for key in (SECTION, "tags") if key in entry.fields}
        fields = TargetFields(**{**_BUILT_IN, **kept}, telemetry=fields.telemetry)
    if findings or fields is None:
        raise InvalidProject(Diagnostics.of(findings))
    written = {**vars(fields), "deploy_root": fields.deploy_root or f"/Workspace/framework/{name}"}
    return TargetSpec(**written, name=name, documents=layers.documents, values=values_of)


def _refuse_unknown(name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        hint = f"There are: {', '.join(known)}. A target is a file in conf/."
        raise UsageError(f"no target {quoted(name)}{did_you_mean(name, known)}", hint)


def _filled(document: Document, values: Variables) -> Filled:
    """``local`` takes nothing but tags and telemetry from base.yml."""
    return filled(document, values, (lambda path: path[0] not in _OF_LOCAL) if values.target == LOCAL else None)


def _read_all(paths: list[Path], root: Path, findings: list[Diagnostic]) -> Iterator[Document]:
    for path in paths:
        if (document := readable(path, root, findings)) is None:
            continue
        if document.value is None or isinstance(document.value, dict):
            yield document
        else:
            findings.append(Entry(document, (), document.value).finding("the file must be a mapping"))


def _check(entry: Entry, findings: list[Diagnostic]) -> None:
    catalog, host = entry.fields.get("catalog"), entry.fields.get("host")
    if isinstance(catalog, str) and not CATALOG.fullmatch(catalog):
        findings.append(entry.finding(f"{quoted(catalog)} is not a catalog's name", below=("catalog",)))
    if isinstance(host, str) and not HOST.match(host):
        hint = "Write the workspace's address in full: https://…"
        findings.append(entry.finding(f"{quoted(host)} is not a workspace's address", hint, ("host",)))
    _check_deployment(entry, findings)
    findings.extend(check_telemetry(entry))
    pipelines = entry.fields.get("pipelines")
    for name, override in pipelines.items() if isinstance(pipelines, dict) else ():
        check_parameters(Entry(entry.places, ("pipelines", name), override), findings)


def _check_deployment(entry: Entry, findings: list[Diagnostic]) -> None:
    deploy_root, shared = entry.fields.get("deploy_root"), entry.fields.get("shared_schemas")
    if isinstance(deploy_root, str) and not DEPLOY_ROOT.fullmatch(deploy_root):
        hint = "A folder such as /Workspace/framework/prod: letters, digits, _ . and -, in no home and not in Shared."
        summary = f"{quoted(deploy_root)} is no folder to deploy to"
        findings.append(entry.finding(summary, hint, ("deploy_root",)))
    for index, schema in enumerate(shared if isinstance(shared, list) else ()):
        if isinstance(schema, str) and not SCHEMA.fullmatch(schema):
            hint = "The name alone: the catalog is that of the target."
            findings.append(entry.finding(f"{quoted(schema)} is not a schema's name", hint, ("shared_schemas", index)))
