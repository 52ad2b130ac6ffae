"""The JSON Schema of a declared type: what the loader takes, and ``${var.x}`` in place of any value.

Alternatives become one schema of several types wherever they can: an editor then says what is wrong inside of the one
that was meant, instead of that none of them fits.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import TypeAdapter

from framework.core.identifiers import ENTRYPOINT, MODEL_VERSION, TWO_PARTS, Reference
from framework.spec.declared_types import field_types, in_words, members, plain, shape
from framework.spec.json_schemas.descriptions import described
from framework.spec.names import TASK_KEY

Schema = dict[str, Any]

_VARIABLE = r"\$\{var\.[^{}]*\}"
ANYTHING: Schema = {}

_NAMES = {
    "table": (TWO_PARTS.pattern, "a table: schema.table"),
    "model": (MODEL_VERSION.pattern, "a model: schema.model, schema.model@alias or schema.model/3"),
    "entrypoint": (ENTRYPOINT.pattern, "a function: package.module:function"),
    "task": (TASK_KEY.pattern, "the key of a task"),
}


@dataclass(frozen=True)
class Values:
    """What may stand in one sort of file.

    ``special`` are the schemas of fields that say more than their types, by ``Class.field``. ``whole`` says whether a
    file must have all that is needed, or is merged with another; ``variables`` whether they are filled in.
    """

    special: Mapping[str, Schema] = field(default_factory=dict)
    whole: bool = True
    variables: bool = True

    def of_class(self, cls: type) -> Schema:
        """A mapping with the fields of ``cls`` and no others."""
        own = {each.name: self._of_field(cls, each) for each in fields(cls)}
        needed = [each.name for each in fields(cls) if each.default is each.default_factory is MISSING]
        schema = {"type": "object", "properties": own, "additionalProperties": False}
        return schema | ({"required": needed} if self.whole and needed else {})

    def of_type(self, declared: Any) -> Schema:
        """What may stand where ``declared`` is expected."""
        parts = [self._of_member(member) for member in members(declared)]
        if ANYTHING in parts:
            return ANYTHING
        words = [part for part in parts if "enum" in part]
        rest = [part for part in parts if "enum" not in part]
        if _takes_nothing(declared):
            rest.append({"type": "null"})
        if self.variables and not any(part["type"] == "string" for part in rest):
            rest.append({"type": "string", **variable(in_words(declared))})
        return _alternatives([*words, *([_joined(rest)] if rest else [])])

    def _of_field(self, cls: type, each: "Field[Any]") -> Schema:
        schema = self.special.get(f"{cls.__name__}.{each.name}")
        if schema is None:
            schema = self.of_type(field_types(cls)[each.name])
        return {**described(cls, each.name), **schema, **_default(each)}

    def _of_member(self, member: Any) -> Schema:
        base = plain(member)
        if base is Any:
            return ANYTHING
        if is_dataclass(base) and isinstance(base, type):
            return self.of_class(base)
        if shape(member) is dict:
            inside = self.of_type(get_args(base)[1])
            return {"type": "object"} | ({"additionalProperties": inside} if inside else {})
        if shape(member) is list:
            inside = self.of_type(get_args(base)[0])
            return {"type": "array"} | ({"items": inside} if inside else {})
        if get_origin(base) is Literal:
            return {"type": "string", "enum": [*get_args(base)]}
        return _scalar(member)


def text(pattern: str, words: str) -> Schema:
    """A text that matches ``pattern`` as a whole, or that holds a variable; ``words`` say what it should be."""
    return {"type": "string", **_pattern(rf"^(?:{pattern})$|{_VARIABLE}", words)}


def variable(instead_of: str) -> Schema:
    """A text that is a variable and nothing else, where ``instead_of`` is what else may stand there."""
    return _pattern(f"^{_VARIABLE}$", f"{instead_of}, or ${{var.name}}")


def key(pattern: str, words: str) -> Schema:
    """A key that matches ``pattern`` as a whole; in keys, no variable is filled in."""
    return _pattern(f"^(?:{pattern})$", words)


def _pattern(pattern: str, words: str) -> Schema:
    return {"pattern": pattern, "patternErrorMessage": f"Expected {words}."}


def _joined(parts: list[Schema]) -> Schema:
    """One schema of several types. A keyword is about values of one type, so none disturbs another."""
    names = list(dict.fromkeys(part["type"] for part in parts))
    schema: Schema = {"type": names[0] if len(names) == 1 else names}
    for part in parts:
        schema |= {name: value for name, value in part.items() if name != "type"}
    return schema


def _alternatives(parts: list[Schema]) -> Schema:
    return parts[0] if len(parts) == 1 else {"anyOf": parts}


def _scalar(member: Any) -> Schema:
    for reference in _references(member):
        if reference.to == "model" and reference.role == "writes":
            return text(TWO_PARTS.pattern, "a model without version: schema.model")
        return text(*_NAMES[reference.to])
    return TypeAdapter(member).json_schema()


def _references(member: Any) -> Iterator[Reference]:
    if get_origin(member) is Annotated:
        yield from (note for note in get_args(member)[1:] if isinstance(note, Reference))


def _takes_nothing(declared: Any) -> bool:
    inner = get_args(declared)[0] if get_origin(declared) is Annotated else declared
    return types.NoneType in get_args(inner)


def _default(each: "Field[Any]") -> Schema:
    """Shown where it is a value that one could write."""
    return {"default": each.default} if each.default and isinstance(each.default, str | int | float) else {}
