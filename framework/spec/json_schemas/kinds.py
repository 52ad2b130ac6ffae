"""The JSON Schema of a task: its ``kind`` decides which other fields there are."""

from inspect import getdoc

from framework.runtime.kinds import KINDS
from framework.spec.json_schemas.descriptions import described
from framework.spec.json_schemas.values import Schema, Values, variable
from framework.spec.task_spec import NATIVE_TASKS, TaskFields

_FIRST = ("task_key", "kind")
_KIND: Schema = {"anyOf": [{"enum": [*KINDS]}, {"type": "string", **variable("a kind")}]}


def task_definitions(values: Values, native: dict[str, Schema]) -> dict[str, Schema]:
    """``task``, and what it refers to: a definition for each kind, and one for the tasks of the Jobs service.

    Kinds are told apart by if and then: an editor offers the fields of the kind alone, and reports what that one lacks.
    """
    common = values.of_class(TaskFields)["properties"]
    common["kind"] = {**described(TaskFields, "kind"), **_KIND}
    fields: Schema = {name: {"$ref": f"#/definitions/task.fields/properties/{name}"} for name in common}
    # These two are described for every task; elsewhere they are only allowed.
    first, rest = {name: fields[name] for name in _FIRST}, {**fields, **{name: {} for name in _FIRST}}
    branches = [{"if": _is(name), "then": {"$ref": f"#/definitions/task.{name}"}} for name in KINDS]
    without_kind = {"if": _has_no_kind(), "then": {"$ref": "#/definitions/task.native"}}
    return {
        "task": {
            "type": ["object", "string"],
            **variable("a mapping"),
            "required": ["task_key"],
            "properties": first,
            "allOf": [*branches, without_kind],
        },
        "task.fields": {"properties": common},
        **{f"task.{name}": _of_kind(cls, rest, values) for name, cls in KINDS.items()},
        "task.native": _native({**rest, "kind": fields["kind"]}, native),
    }


def _of_kind(cls: type, common: Schema, values: Values) -> Schema:
    own = values.of_class(cls)
    summary = " ".join((getdoc(cls) or "").partition("\n\n")[0].split()).replace("``", "`")
    return {"description": summary, **own, "properties": {**common, **own["properties"]}}


def _native(common: Schema, native: dict[str, Schema]) -> Schema:
    """A task without a kind does exactly one native thing; one that does nothing yet is asked for its kind."""
    each = [{"required": [name]} for name in NATIVE_TASKS]
    own = {name: {**described("Task", name), **native[name]} for name in NATIVE_TASKS}
    return {
        "type": "object",
        "properties": {**common, **own},
        "additionalProperties": False,
        "if": {"anyOf": each},
        "then": {"oneOf": each},
        "else": {"required": ["kind"]},
    }


def _is(kind: str) -> Schema:
    return {"type": "object", "required": ["kind"], "properties": {"kind": {"const": kind}}}


def _has_no_kind() -> Schema:
    return {"type": "object", "not": {"required": ["kind"]}}
