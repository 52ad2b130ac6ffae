"""Makes the schemas, one for each sort of file. Draft 7: the newest that editors know for YAML."""

import json
from typing import Any

from databricks.bundles.jobs import CronSchedule, Job, JobCluster, JobEnvironment, JobPermission, JobRunAs, Task

from framework.core.identifiers import TWO_PARTS
from framework.core.job_limits import MAX_TASKS
from framework.spec.json_schemas.descriptions import described
from framework.spec.json_schemas.kinds import task_definitions
from framework.spec.json_schemas.official import OfficialTypes, entry
from framework.spec.json_schemas.values import Schema, Values, key, text, variable
from framework.spec.names import NAME, PARAMETER, RESERVED_PREFIX, TASK_KEY
from framework.spec.owned_fields import OF_JOB, OF_TASK
from framework.spec.pipeline_spec import ParameterValue, PipelineFields
from framework.spec.policy_sections import PolicyFields
from framework.spec.project_spec import ProjectFields
from framework.spec.target_spec import CATALOG, DEPLOY_ROOT, TargetFields
from framework.spec.task_spec import NATIVE_TASKS
from framework.spec.telemetry_spec import URL

DRAFT = "http://json-schema.org/draft-07/schema#"
_WIDTH = 160
_NAME = text(NAME.pattern, "lower-case letters, digits and _, beginning with a letter")
_TASK_KEY = text(TASK_KEY.pattern, "letters, digits, _ and -")
_URL = text(URL.pattern, "an address in full: https://…")
_OWNED_BY_JOB, _OWNED_BY_TASK = tuple(OF_JOB), tuple(OF_TASK)


def as_text(schema: Schema) -> str:
    """A schema as its file has it."""
    return _written(schema, "") + "\n"


def made() -> dict[str, Schema]:
    """Every schema, made from the specs, by name."""
    return {"pipeline": _pipeline(), "project": _project(), "target": _target(), "policy": _policy()}


def _pipeline() -> Schema:
    official = OfficialTypes()
    values = Values(
        {
            "PipelineFields.name": _NAME,
            "PipelineFields.parameters": _parameters(),
            "PipelineFields.schedule": official.whole(CronSchedule),
            "PipelineFields.databricks": official.part("databricks.job", Job, _OWNED_BY_JOB),
            "TaskFields.task_key": _TASK_KEY,
            "TaskFields.databricks": official.part("databricks.task", Task, _OWNED_BY_TASK),
        }
    )
    tasks = task_definitions(values, {name: official.task(name) for name in NATIVE_TASKS})
    pipeline = values.of_class(PipelineFields)
    pipeline["required"].append("tasks")
    pipeline["properties"]["tasks"] = {
        **described("PipelineFields", "tasks"),
        "type": ["array", "string"],
        **variable("a list"),
        "items": {"$ref": "#/definitions/task"},
        "minItems": 1,
        "maxItems": MAX_TASKS,
    }
    return _file("A pipeline: a job and its tasks", pipeline, {**tasks, **official.definitions})


def _project() -> Schema:
    special = {
        "ProjectFields.name": _NAME,
        "ProjectFields.package": text(r"(?:[^\d\W]\w*)?", "the name of a Python package"),
        "SourceSpec.path": text(r"(?!/)(?!(?:.*/)?\.\.(?:/|$)).+", "a file below the project's directory"),
    }
    project = Values(special).of_class(ProjectFields)
    project["properties"]["sources"]["propertyNames"] = key(TWO_PARTS.pattern, "a table: schema.table")
    return _file("A project", project, {})


def _target() -> Schema:
    """What one file may say. A target is made of two, so that none of them needs everything."""
    official = OfficialTypes()
    special = {
        "TargetFields.host": text(r"(?:https://|\$\{env:).*", "the workspace's address in full: https://…"),
        "TargetFields.catalog": text(CATALOG.pattern, "a catalog's name"),
        "TargetFields.deploy_root": text(
            DEPLOY_ROOT.pattern, "a folder of the workspace, in no home and not in Shared"
        ),
        "TargetFields.run_as": official.mapping(JobRunAs, partly=True),
        "TargetFields.permissions": _list(official.whole(JobPermission)),
        "Compute.job_clusters": _list(official.whole(JobCluster)),
        "Compute.environments": _list(official.whole(JobEnvironment)),
        **{f"Otlp.{name}": _URL for name in ("endpoint", "traces_endpoint", "metrics_endpoint", "logs_endpoint")},
        "OpenLineage.url": _URL,
        "PipelineOverride.parameters": _parameters(),
        "PipelineOverride.schedule": official.mapping(CronSchedule, partly=True),
        "PipelineOverride.databricks": official.part("databricks.job", Job, _OWNED_BY_JOB),
        "TaskOverride.databricks": official.part("databricks.task", Task, _OWNED_BY_TASK),
    }
    target = Values(special, whole=False).of_class(TargetFields)
    return _file("A target, or conf/base.yml for all of them", _or_empty(target), official.definitions)


def _policy() -> Schema:
    return _file("What every project has to keep", _or_empty(Values(variables=False).of_class(PolicyFields)), {})


def _file(title: str, schema: Schema, definitions: dict[str, Schema]) -> Schema:
    head = {"$schema": DRAFT, "title": title}
    return {**head, **schema, **({"definitions": definitions} if definitions else {})}


def _or_empty(schema: Schema) -> Schema:
    """A file may also say nothing."""
    return {**schema, "type": ["object", "null"]}


def _parameters() -> Schema:
    name = rf"(?!{RESERVED_PREFIX.replace('.', '[.]')}){PARAMETER.pattern}"
    schema = Values().of_type(dict[str, ParameterValue])
    return {**schema, "propertyNames": key(name, "letters, digits, _, - and ., not beginning with framework")}


def _list(items: Schema) -> Schema:
    return {**Values().of_type(list[Any]), "items": entry(items)}


def _written(value: Any, indent: str) -> str:
    """JSON with everything on one line that fits there."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(line) <= _WIDTH:
        return line
    inner = f"{indent} "
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"{inner}{_written(each, inner)}" for each in value) + f"\n{indent}]"
    members = (f"{inner}{json.dumps(name)}: {_written(each, inner)}" for name, each in value.items())
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"
