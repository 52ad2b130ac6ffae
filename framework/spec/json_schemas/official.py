"""The JSON Schemas of the Jobs service's own types, made from ``databricks.bundles``: their shape, not their texts.

Scalars are as loose as there: a number may stand where a text is asked for, and the other way round.
"""

import types
from dataclasses import MISSING, dataclass, field, fields
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from databricks.bundles.core import Variable
from databricks.bundles.jobs import Task

from framework.spec.json_schemas.values import ANYTHING, Schema

_REFERENCE = r"\$\{[^{}]+\}"
_WHOLE = f"^{_REFERENCE}$"
_MAPPING: Schema = {"pattern": _WHOLE, "patternErrorMessage": "Expected a mapping."}
_LIST: Schema = {"pattern": _WHOLE, "patternErrorMessage": "Expected a list."}
_SCALARS: dict[type, Schema] = {
    str: {"type": ["string", "number"]},
    int: {
        "type": ["integer", "string"],
        "pattern": rf"^-?[0-9]+$|{_REFERENCE}",
        "patternErrorMessage": "Expected a whole number.",
    },
    float: {
        "type": ["number", "string"],
        "pattern": rf"^-?[0-9.]+$|{_REFERENCE}",
        "patternErrorMessage": "Expected a number.",
    },
    bool: {
        "type": ["boolean", "string"],
        "pattern": rf"^(?:true|false)$|{_REFERENCE}",
        "patternErrorMessage": "Expected true or false.",
    },
}


@dataclass(frozen=True)
class OfficialTypes:
    """Schemas that refer to each other. ``definitions`` are those that somebody asked for, and what is in them."""

    definitions: dict[str, Schema] = field(default_factory=dict)

    def whole(self, cls: type, *, partly: bool = False) -> Schema:
        """A ``cls``, or nothing. ``partly`` is one that is merged with another: it may lack what has to be there."""
        name = f"jobs.{cls.__name__}{'.part' * partly}"
        if name not in self.definitions:
            self.definitions[name] = {}  # known before it is complete: a task can hold a task
            self.definitions[name].update(_or_nothing(self.mapping(cls, partly=partly)))
        return {"$ref": f"#/definitions/{name}"}

    def part(self, name: str, cls: type, without: tuple[str, ...]) -> Schema:
        """Some fields of a ``cls``, as the definition ``name``."""
        if name not in self.definitions:
            self.definitions[name] = self.mapping(cls, without, partly=True)
        return {"$ref": f"#/definitions/{name}"}

    def mapping(self, cls: type, without: tuple[str, ...] = (), *, partly: bool = False) -> Schema:
        """A ``cls``, ``without`` some of its fields."""
        hints, own = get_type_hints(cls), [each for each in fields(cls) if each.name not in without]
        needed = [each.name for each in own if each.default is each.default_factory is MISSING]
        schema: Schema = {
            "type": ["object", "string"],
            **_MAPPING,
            "properties": {each.name: self._of(hints[each.name], partly) for each in own},
            "additionalProperties": False,
        }
        return schema if partly or not needed else {**schema, "required": needed}

    def task(self, native: str) -> Schema:
        """What stands under ``native``, such as ``notebook_task``."""
        return self.mapping(_value(get_args(get_type_hints(Task)[native])))

    def _of(self, declared: Any, partly: bool) -> Schema:
        if declared is Any:
            return ANYTHING
        origin, arguments = get_origin(declared), get_args(declared)
        if origin in (Union, types.UnionType):
            # Of a value, a variable and perhaps nothing: the official types declare each field so.
            schema = self._of(_value(arguments), partly)
            return _or_nothing(schema) if types.NoneType in arguments else schema
        if origin is list:  # a list is not merged with another, it takes its place
            return {"type": ["array", "string", "null"], **_LIST, "items": entry(self._of(arguments[0], partly=False))}
        if origin is dict:
            inside = self._of(arguments[1], partly)
            return {"type": ["object", "string", "null"], **_MAPPING, "additionalProperties": inside}
        return _SCALARS.get(declared) or self._of_class(declared, partly)

    def _of_class(self, declared: type, partly: bool) -> Schema:
        if not issubclass(declared, Enum):
            return self.whole(declared, partly=partly)
        words = {"enum": [each.value for each in declared]}
        return {"anyOf": [words, {"type": "string", "pattern": _WHOLE}]}


def entry(schema: Schema) -> Schema:
    """``schema`` as that of a list's entry: there is no list of nothing."""
    return {"type": ["object", "string"], "allOf": [schema]} if "$ref" in schema else schema


def _value(declared: tuple[Any, ...]) -> Any:
    return next(each for each in declared if each is not types.NoneType and get_origin(each) is not Variable)


def _or_nothing(schema: Schema) -> Schema:
    if "anyOf" in schema:
        return {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    return {**schema, "type": list(dict.fromkeys([*schema["type"], "null"]))} if "type" in schema else schema
