"""The names of tables, models, tasks and functions inside a kind's options."""

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass, replace
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin

from framework.core.identifiers import Reference
from framework.spec.declared_types import field_types, members, plain, shape
from framework.spec.node_path import NodePath

Options = TypeVar("Options")
Named = tuple[NodePath, Reference, str]
"""The path in the options, what is named there, and the name."""
_Visit = Callable[[NodePath, Reference, str], str]


def references(options: object) -> Iterator[Named]:
    """Each name that ``options`` refers to: its path in them, what it refers to, and the name as written."""
    found: list[Named] = []

    def note(path: NodePath, reference: Reference, name: str) -> str:
        found.append((path, reference, name))
        return name

    _visit(type(options), options, (), note)
    yield from found


def replace_references(options: Options, function: Callable[[Reference, str], str]) -> Options:
    """A copy of ``options`` with ``function`` applied to each name that it refers to."""
    replaced: Options = _visit(type(options), options, (), lambda _, reference, name: function(reference, name))
    return replaced


def _visit(declared: Any, value: Any, path: NodePath, visit: _Visit) -> Any:
    """``value`` with every name in it replaced by what ``visit`` makes of it; itself when nothing changes."""
    if is_dataclass(value) and not isinstance(value, type):
        inner = {n: _visit(t, getattr(value, n), (*path, n), visit) for n, t in _referring_fields(type(value)).items()}
        changed = {n: new for n, new in inner.items() if new is not getattr(value, n)}
        return replace(value, **changed) if changed else value
    reference, inside = _meaning(declared, value.__class__)
    if reference:
        return visit(path, reference, value)
    if inside is None:
        return value
    if isinstance(value, dict):
        made = {key: _visit(inside, item, (*path, key), visit) for key, item in value.items()}
        return made if any(made[key] is not item for key, item in value.items()) else value
    return type(value)(_visit(inside, item, (*path, i), visit) for i, item in enumerate(value))


# Asked for every task, again and again: what follows from types alone is worked out once.
@cache
def _referring_fields(cls: type) -> dict[str, Any]:
    return {name: declared for name, declared in field_types(cls).items() if _may_refer(declared)}


@cache
def _may_refer(declared: Any) -> bool:
    """Whether a value of that type can hold a name."""
    for member in members(declared):
        inner = plain(member)
        if _reference(member) or any(map(_may_refer, get_args(inner) if shape(member) else ())):
            return True
        if isinstance(inner, type) and is_dataclass(inner) and _referring_fields(inner):
            return True
    return False


@cache
def _meaning(declared: Any, kind: type) -> tuple[Reference | None, Any]:
    """What a value of class ``kind`` is: a name, or else something whose entries are of the type returned."""
    member = next((m for m in members(declared) if _fits(m, kind)), None)
    if issubclass(kind, str):
        return _reference(member), None
    arguments = get_args(plain(member))
    inside = arguments[1 if issubclass(kind, dict) else 0] if arguments else None
    return None, inside if inside is not None and _may_refer(inside) else None


def _fits(member: Any, kind: type) -> bool:
    if issubclass(kind, str):
        return plain(member) is str
    if issubclass(kind, dict):
        return get_origin(plain(member)) is dict
    return issubclass(kind, list | tuple) and shape(member) is list


def _reference(member: Any) -> Reference | None:
    if get_origin(member) is not Annotated:
        return None
    return next((note for note in get_args(member)[1:] if isinstance(note, Reference)), None)
