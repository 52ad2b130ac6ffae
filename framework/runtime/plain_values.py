"""Frozen dataclasses out of the plain values of a plan, by their type hints and without pydantic."""

import types
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from framework.core.errors import FrameworkError

T = TypeVar("T")


def load(kind: type[T], value: Any) -> T:
    """A ``kind`` made of the plain ``value``; unions take the dataclass that a mapping fits.

    Raises FrameworkError when a field is unknown or missing, which only a plan of another version can cause.
    """
    return kind(**_arguments(kind, value))


def _arguments(kind: type, value: Any) -> dict[str, Any]:
    hints = _hints(kind)
    required = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
    wrong = sorted((set(value) - set(hints)) | (required - set(value)))
    if wrong:
        raise FrameworkError(
            f"the plan does not fit this runtime: {kind.__name__} and its fields {', '.join(wrong)}",
            "the plan was compiled by another version of the framework: compile and deploy again",
        )
    return {name: _convert(hints[name], item) for name, item in value.items()}


def _convert(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if is_dataclass(hint) and isinstance(hint, type):
        return load(hint, value) if isinstance(value, dict) else value
    if get_origin(hint) in (Union, types.UnionType):
        return _convert(_member(get_args(hint), value), value)
    if get_origin(hint) is dict and isinstance(value, dict):
        return {key: _convert(get_args(hint)[1], item) for key, item in value.items()}
    return value


def _member(members: tuple[Any, ...], value: Any) -> Any:
    if not isinstance(value, dict):
        return Any
    return next((m for m in members if is_dataclass(m) or get_origin(m) is dict), Any)


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}
