"""What is deployed beside the jobs: the schemas, models and experiments of their tasks, and what a project declares.

Keys are those of the whole bundle: a job and a schema cannot have the same one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from framework.compile.personal import experiment_name, schema_prefix
from framework.compile.targets import home
from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.layers import merged
from framework.spec.node_path import NodePath, format_path, quoted

Fields = dict[str, Any]
Resources = dict[str, dict[str, Fields]]

_SORTS = ("schemas", "volumes", "registered_models", "experiments", "quality_monitors")
_ON_SCHEMAS = ("USE_SCHEMA", "SELECT", "MODIFY", "CREATE_TABLE", "CREATE_MODEL", "EXECUTE", "APPLY_TAG")
_ON_MODELS = ("EXECUTE", "APPLY_TAG", "MANAGE")
_OF_EXPERIMENTS = {"CAN_VIEW": "CAN_READ", "CAN_MANAGE_RUN": "CAN_READ", "CAN_MANAGE": "CAN_MANAGE"}
_LEVELS = ("CAN_READ", "CAN_EDIT", "CAN_MANAGE")
_SCHEMA_IN = {"schemas": "name", "volumes": "schema_name", "registered_models": "schema_name"}
_LEAVE_OUT_THE_CATALOG = (("table_name", 1), ("baseline_table_name", 1), ("output_schema_name", 0))
_NOT_IN_A_KEY = re.compile(r"\W+")


def official_type(sort: str) -> Any:
    """The class in ``databricks.bundles`` of a ``sort`` of resources, such as ``schemas``."""
    from databricks.bundles.experiments import MlflowExperiment
    from databricks.bundles.quality_monitors import QualityMonitor
    from databricks.bundles.registered_models import RegisteredModel
    from databricks.bundles.schemas import Schema
    from databricks.bundles.volumes import Volume

    return {
        "schemas": Schema,
        "volumes": Volume,
        "registered_models": RegisteredModel,
        "experiments": MlflowExperiment,
        "quality_monitors": QualityMonitor,
    }[sort]


def resources_of(pipelines: Sequence[ResolvedPipeline]) -> Resources:
    """The resources of pipelines of one project for one target, by sort and key, as plain fields.

    Raises InvalidProject for one that the official types refuse, or whose key another one has.
    """
    first = pipelines[0]
    declared = {sort: completed(sort, fields, first) for sort, fields in first.resources.items()}
    of_tasks = {"registered_models": _by_key(_models(pipelines)), "experiments": _by_key(_experiments(pipelines))}
    everything = {sort: _laid_over(of_tasks.get(sort, {}), declared.get(sort, {})) for sort in _SORTS}
    names = {name.lower(): name for name in (*_schemas_written(pipelines), *_schemas_in(everything))}
    schemas = {f"{name}_schema": _schema(name, first) for name in names.values()}
    everything["schemas"] = _laid_over(schemas, everything["schemas"])
    own = {sort: {key: _own(sort, each, first) for key, each in found.items()} for sort, found in everything.items()}
    resources = {sort: dict(sorted(found.items())) for sort, found in own.items() if found}
    _refuse_wrong(resources, pipelines)
    return resources


def completed(sort: str, declared: Mapping[str, Mapping[str, Any]], pipeline: ResolvedPipeline) -> dict[str, Fields]:
    """What a project declares of one sort, with what follows from the target; a person's prefix comes later."""
    catalog, experiments = pipeline.workspace.catalog, pipeline.workspace.experiment_root
    found: dict[str, Fields] = {}
    for key, fields in declared.items():
        defaults: Fields = {
            "schemas": {"catalog_name": catalog, "name": key},
            "volumes": {"catalog_name": catalog, "name": key},
            "registered_models": {"catalog_name": catalog},
            "experiments": {"name": f"{experiments}/{key}"},
            "quality_monitors": {"assets_dir": f"{home(pipeline)}/monitors/{key}"},
        }[sort]
        found[key] = {**defaults, **fields}
    return found


def _refuse_wrong(resources: Resources, pipelines: Sequence[ResolvedPipeline]) -> None:
    """What the rules find before, each field at its place, but for keys."""
    document, known = pipelines[0].project_document, {each.pipeline: "a pipeline" for each in pipelines}
    for sort, key in ((sort, key) for sort, found in resources.items() for key in found):
        summary = f"the key {quoted(key)} in {sort} is that of {known[key]}, too" if key in known else ""
        known[key] = f"one in {sort}"
        try:
            official_type(sort).from_dict(resources[sort][key])
        except Exception as error:  # its class depends on the shape of what does not fit
            summary = f"the official types refuse this: {error}"
        if summary:
            path: NodePath = ("resources", sort, key)
            raise InvalidProject(Diagnostics((Diagnostic(summary, document.location(path), format_path(path)),)))


def _laid_over(of_tasks: Mapping[str, Fields], declared: Mapping[str, Fields]) -> dict[str, Fields]:
    """Both; what has one name is one resource, under the key that the project gives it."""
    keys = {_identity(each): key for key, each in declared.items()}
    below = {keys.get(_identity(each), key): each for key, each in of_tasks.items()}
    found = merged([below, declared])
    for key, field in ((key, field) for key in below.keys() & declared.keys() for field in ("grants", "permissions")):
        if field in below[key] and field in declared[key]:  # what the runs need, they need all the same
            named = {_holder(each) for each in declared[key][field]}
            needed = [each for each in below[key][field] if _holder(each) not in named]
            found[key] = {**found[key], field: [*needed, *declared[key][field]]}
    return found


def _holder(entry: Mapping[str, Any]) -> str:
    names = ("principal", "service_principal_name", "user_name", "group_name")
    return next((str(entry[name]) for name in names if entry.get(name)), "")


def _by_key(pairs: Iterable[tuple[str, Fields]]) -> dict[str, Fields]:
    """Raises InvalidProject when two names give one key."""
    found: dict[str, Fields] = {}
    for key, fields in pairs:
        if (other := found.setdefault(key, fields)) is not fields and _identity(other) != _identity(fields):
            both = " and ".join(quoted(str(each["name"])) for each in (other, fields))
            summary = f"{both} would have one key, {quoted(key)}"
            raise InvalidProject(Diagnostics((Diagnostic(summary, hint="Rename one of them."),)))
        found[key] = fields
    return found


def _identity(fields: Mapping[str, Any]) -> str:
    return ".".join(str(fields.get(name)) for name in ("catalog_name", "schema_name", "name")).lower()


def _schemas_written(pipelines: Sequence[ResolvedPipeline]) -> Iterator[str]:
    for _, name in _written(pipelines):
        yield name.split(".")[1]


def _schemas_in(resources: Resources) -> Iterator[str]:
    """Those that other resources lie in."""
    for sort in ("volumes", "registered_models"):
        yield from (str(each["schema_name"]) for each in resources.get(sort, {}).values() if each.get("schema_name"))
    for monitor in resources.get("quality_monitors", {}).values():
        if "." not in (name := str(monitor.get("output_schema_name") or ".")):
            yield name


def _schema(name: str, pipeline: ResolvedPipeline) -> Fields:
    catalog, principal = pipeline.workspace.catalog, _principal(pipeline)
    return {"catalog_name": catalog, "name": name, **_granted(principal, _ON_SCHEMAS)}


def _models(pipelines: Sequence[ResolvedPipeline]) -> Iterator[tuple[str, Fields]]:
    granted = _granted(_principal(pipelines[0]), _ON_MODELS)
    for to, name in _written(pipelines):
        if to == "model":
            catalog, schema, model = name.split(".")
            yield f"{schema}_{model}_model", {"catalog_name": catalog, "schema_name": schema, "name": model, **granted}


def _experiments(pipelines: Sequence[ResolvedPipeline]) -> Iterator[tuple[str, Fields]]:
    root = f"{pipelines[0].workspace.experiment_root}/"
    permissions = _experiment_permissions(pipelines[0])
    for name in _experiments_logged_to(pipelines):
        key = _NOT_IN_A_KEY.sub("_", name.removeprefix(root)).strip("_")
        yield f"{key}_experiment", {"name": name, **({"permissions": permissions} if permissions else {})}


def _experiments_logged_to(pipelines: Sequence[ResolvedPipeline]) -> Iterator[str]:
    options = (task.options for pipeline in pipelines for task in pipeline.tasks if task.kind)
    yield from dict.fromkeys(each.experiment for each in options if getattr(each, "experiment", None))


def _written(pipelines: Sequence[ResolvedPipeline]) -> Iterator[tuple[str, str]]:
    for pipeline in pipelines:
        for task in pipeline.tasks:
            yield from task.writes


def _principal(pipeline: ResolvedPipeline) -> Mapping[str, str]:
    """Who the jobs run as, when the target says so: not always who deploys, and so who owns what is deployed."""
    return {name: value for name, value in pipeline.workspace.run_as.items() if value}


def _granted(principal: Mapping[str, str], privileges: Sequence[str]) -> Fields:
    names = list(principal.values())
    return {"grants": [{"principal": names[0], "privileges": list(privileges)}]} if names else {}


def _experiment_permissions(pipeline: ResolvedPipeline) -> list[Fields]:
    """As those of the jobs; who runs them logs there."""
    levels: dict[tuple[str, str], str] = {}
    given = [(dict(each), _OF_EXPERIMENTS.get(str(each.get("level")), "")) for each in pipeline.workspace.permissions]
    for fields, level in (*given, (dict(_principal(pipeline)), "CAN_EDIT")):
        for who in (item for item in fields.items() if item[0] != "level" and level):
            levels[who] = max(levels.get(who, level), level, key=_LEVELS.index)
    return [{name: value, "level": level} for (name, value), level in levels.items()]


def _own(sort: str, fields: Fields, pipeline: ResolvedPipeline) -> Fields:
    """The fields with a person's prefix in front of schemas and experiments, and tables in three parts."""
    prefix, own = schema_prefix(pipeline), dict(fields)
    if sort == "experiments":
        return {**own, "name": experiment_name(str(own["name"]), prefix)}
    if own.get(name := _SCHEMA_IN.get(sort, "")):
        own[name] = f"{prefix}{own[name]}"
    for name, dots in _LEAVE_OUT_THE_CATALOG if sort == "quality_monitors" else ():
        if isinstance(own.get(name), str) and own[name].count(".") == dots:
            own[name] = f"{pipeline.workspace.catalog}.{prefix}{own[name]}"
    return own
