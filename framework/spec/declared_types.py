"""The types of fields: what stands inside of them, and how to say them in a message."""

import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from framework.spec.node_path import NodePath

_WORDS = {str: "text", int: "a whole number", float: "a number"}
_MOST_FIELDS = 4


@cache
def field_types(cls: type) -> dict[str, Any]:
    """The declared types of a dataclass's fields, annotations included."""
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in fields(cls)}


def members(declared: Any) -> tuple[Any, ...]:
    """What a union is made of, without None; the type itself when it is no union."""
    if get_origin(declared) is Annotated and get_origin(get_args(declared)[0]) in (Union, types.UnionType):
        declared = get_args(declared)[0]
    if get_origin(declared) in (Union, types.UnionType):
        return tuple(member for member in get_args(declared) if member is not types.NoneType)
    return (declared,)


def plain(declared: Any) -> Any:
    """``declared`` without its annotations."""
    return get_args(declared)[0] if get_origin(declared) is Annotated else declared


def shape(declared: Any) -> type | None:
    """``dict`` for what is written as a mapping, ``list`` for what is written as a list, None for scalars."""
    base = plain(declared)
    origin = get_origin(base) or base
    if origin is dict or is_dataclass(origin):
        return dict
    return list if origin in (list, tuple) else None


def down_to_union(declared: Any, path: NodePath) -> tuple[int, Any]:
    """Follow ``path`` into a type as far as it is clear. Returns how many steps were taken, and the type there."""
    for taken, step in enumerate(path):
        inside = members(declared)
        if len(inside) != 1 or shape(inside[0]) is None:
            return taken, declared
        declared = _inside(plain(inside[0]), step)
    return len(path), declared


def in_words(declared: Any) -> str:
    """``'overwrite', 'append' or {replace_where: […]}``."""
    words = list(dict.fromkeys(word for member in members(declared) for word in _words(plain(member))))
    if _WORDS[float] in words and _WORDS[int] in words:
        words.remove(_WORDS[int])
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def choices(member: Any) -> tuple[str, ...]:
    """The texts that a type names, if it names any."""
    return tuple(str(value) for value in get_args(member)) if get_origin(member) is Literal else ()


def _words(member: Any) -> Iterator[str]:
    if get_origin(member) is Literal:
        yield from (repr(value) for value in get_args(member))
    elif is_dataclass(member) and isinstance(member, type):
        yield _braces(field_types(member))
    elif shape(member):
        yield "a mapping" if shape(member) is dict else "a list"
    elif member is bool:
        yield from ("true", "false")
    else:
        yield _WORDS.get(member, "a value")


def _braces(declared: dict[str, Any]) -> str:
    if len(declared) > _MOST_FIELDS:
        return "a mapping"
    lists = {name for name, inner in declared.items() if shape(members(inner)[0]) is list}
    return "{" + ", ".join(f"{name}: […]" if name in lists else name for name in declared) + "}"


def _inside(container: Any, step: str | int) -> Any:
    if is_dataclass(container) and isinstance(container, type):
        return field_types(container).get(str(step), Any)
    arguments = get_args(container)
    return (arguments[1] if shape(container) is dict else arguments[0]) if arguments else Any
