"""What ``databricks.bundles`` would refuse in a mapping, each field at its place: its own messages say no place."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from framework.spec.node_path import NodePath, quoted
from framework.spec.suggestions import close_match, did_you_mean

_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}
_SHORT = 60
_MOST_NAMED = 8
_LIST = 'Write a JSON array as text, such as inputs: "[1, 2]".'
_BOOLEANS = ("true", "false", "yes", "no", "on", "off", "y", "n")


@dataclass(frozen=True)
class Refusal:
    """What is wrong, at ``path`` in the mapping; an empty path means the mapping as a whole.

    ``of_key`` says that it is the last key of the path, and not its value, which is ``found``.
    """

    path: NodePath
    summary: str
    hint: str = ""
    of_key: bool = False
    found: object = None


def refusals(declared: Any, value: object, path: NodePath = ()) -> Iterator[Refusal]:
    """Each place in ``value`` that an official type does not take, and each field that it lacks there.

    Stricter than the type in what it would turn into text or numbers without a word: ``true`` into "True", say.
    """
    member = _member(declared)
    if member is Any or (isinstance(value, str) and value.startswith("${")):
        return
    if is_dataclass(member):
        yield from _of_fields(member, value, path) if isinstance(value, Mapping) else _wrong(path, "a mapping", value)
    elif get_origin(member) is dict:
        for name, item in value.items() if isinstance(value, Mapping) else ():
            yield from refusals(get_args(member)[1], item, (*path, str(name)))
        yield from () if isinstance(value, Mapping) else _wrong(path, "a mapping", value)
    elif get_origin(member) is list:
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from refusals(get_args(member)[0], item, (*path, index))
        yield from () if isinstance(value, list) else _wrong(path, _WORDS[list], value)
    elif issubclass(member, Enum):
        names = [each.value for each in member]
        if value not in names:
            close = did_you_mean(value, names) if isinstance(value, str) else ""
            hint = f"Allowed: {_first(names)}."
            yield Refusal(path, f"{quoted(str(value))} is not a valid {member.__name__}{close}", hint)
    elif not _is_scalar(member, value):
        yield from _wrong(path, _WORDS[member], value, _quoting(path, value) if member is str else "")


def _of_fields(cls: Any, value: Mapping[str, Any], path: NodePath) -> Iterator[Refusal]:
    declared, required = _fields(cls)
    misspelt: set[str] = set()
    for name, item in value.items():
        if name in declared:
            # Nothing is as if the field were not there.
            yield from refusals(declared[name], item, (*path, name)) if item is not None else ()
        else:
            misspelt.add(close := close_match(name, declared))
            summary = f"unknown field {quoted(name)}{did_you_mean(name, declared)}"
            yield Refusal((*path, name), summary, "" if close else f"Known here: {_first([*declared])}.", of_key=True)
    for name in required:
        if value.get(name) is None and name not in misspelt:
            yield Refusal(path, f"field '{name}' is missing")


@cache
def _fields(cls: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The types of the fields, and the names of those that must be there."""
    required = (each.name for each in fields(cls) if each.default is each.default_factory is MISSING)
    return get_type_hints(cls), tuple(required)


@cache
def _member(declared: Any) -> Any:
    """What a field's type is besides None, and besides a ``${…}`` that the bundle fills in."""
    members = (each for each in get_args(declared) if each is not type(None) and not _is_variable(each))
    return next(members, declared) if get_origin(declared) not in (list, dict) else declared


def _is_variable(declared: Any) -> bool:
    return getattr(get_origin(declared), "__name__", "") == "Variable"


def _is_scalar(member: type, value: object) -> bool:
    if member is str:
        return isinstance(value, str | int | float) and not isinstance(value, bool)
    if member is bool:
        return isinstance(value, bool) or (isinstance(value, str) and value.lower() in _BOOLEANS)
    if isinstance(value, str):
        return value.removeprefix("-").isdigit()
    return isinstance(value, int if member is int else int | float) and not isinstance(value, bool)


def _quoting(path: NodePath, value: object) -> str:
    """How to write ``value`` as text."""
    if isinstance(value, bool):
        return f'Put it in quotes: "{str(value).lower()}".'
    if isinstance(value, list) and path[-1:] == ("inputs",):
        text = json.dumps(value, default=str)
        return f"Write the list as text: inputs: '{text}'." if len(text) <= _SHORT and "'" not in text else _LIST
    return ""


def _wrong(path: NodePath, expected: str, value: object, hint: str = "") -> Iterator[Refusal]:
    summary = f"a value of the wrong type: it must be {expected}, found {_in_words(value)}"
    yield Refusal(path, summary, hint, found=value)


def _in_words(value: object) -> str:
    if isinstance(value, Mapping | list):
        return "a mapping" if isinstance(value, Mapping) else _WORDS[list]
    return "nothing" if value is None else quoted(value) if isinstance(value, str) else json.dumps(value, default=str)


def _first(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")
