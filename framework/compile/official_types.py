"""Why ``databricks.bundles`` refuses a mapping: which field it is. Its own messages say what, but not where."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from framework.spec.node_path import NodePath
from framework.spec.suggestions import did_you_mean

_UNKNOWN = re.compile(r"Unexpected field '(.*)' for class \w+", re.DOTALL)


@dataclass(frozen=True)
class Refusal:
    """What is wrong, at ``path`` in the mapping; an empty path means the mapping as a whole."""

    path: NodePath
    summary: str


def refusals(cls: Any, value: Mapping[str, Any]) -> Iterator[Refusal]:
    """Each field of ``value`` that the official type ``cls`` does not take, and each that it lacks."""
    declared = {field.name: field for field in fields(cls)}
    required = [name for name, field in declared.items() if field.default is field.default_factory is MISSING]
    for name in value:
        if name not in declared:
            yield Refusal((name,), f"unknown field '{name}'{did_you_mean(name, declared)}")
            continue
        # One field at a time, so that the error is this field's.
        if error := _error(cls, {**dict.fromkeys(required, ""), name: value[name]}):
            yield _explained(name, value[name], error)
    for name in required:
        if name not in value:
            yield Refusal((), f"field '{name}' is missing")


def _error(cls: Any, value: dict[str, Any]) -> Exception | None:
    try:
        cls.from_dict(value)
    except Exception as error:  # its class depends on the shape of what does not fit
        return error
    return None


def _explained(name: str, value: Any, error: Exception) -> Refusal:
    if unknown := _UNKNOWN.fullmatch(str(error)):
        return Refusal((name, *next(_ways_to(unknown[1], value), ())), f"unknown field '{unknown[1]}' in '{name}'")
    if "missing 1 required" in str(error):
        return Refusal((name,), f"{name} lacks the field {str(error).rpartition(' ')[2]}")
    if "is not a valid" in str(error):
        return Refusal((name,), f"{name}: {error}")
    return Refusal((name,), f"{name} has a value of the wrong type")


def _ways_to(key: str, value: Any) -> Iterator[NodePath]:
    """The paths to every ``key`` in nested mappings and lists, the shortest of each branch."""
    if isinstance(value, dict) and key in value:
        yield (key,)
        return
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, below in inner:
        yield from ((step, *way) for way in _ways_to(key, below))
