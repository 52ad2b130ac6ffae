"""The names of tables, models, tasks and functions inside a kind's options."""

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass, replace
from typing import Annotated, Any, TypeVar, get_args, get_origin

from framework.core.identifiers import Reference
from framework.spec.declared_types import field_types, members, plain, shape
from framework.spec.node_path import NodePath

Options = TypeVar("Options")
_Visit = Callable[[NodePath, Reference, str], str]


def references(options: object) -> Iterator[tuple[NodePath, Reference, str]]:
    """Each name that ``options`` refers to: its path in them, what it refers to, and the name as written."""
    found: list[tuple[NodePath, Reference, str]] = []

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
    """``value`` with every name in it replaced by what ``visit`` makes of it."""
    member = next((m for m in members(declared) if _fits(m, value)), None)
    if isinstance(value, str) and (reference := _reference(member)):
        return visit(path, reference, value)
    if is_dataclass(value) and not isinstance(value, type):
        inner = {n: (t, getattr(value, n)) for n, t in field_types(type(value)).items()}
        return replace(value, **{n: _visit(t, v, (*path, n), visit) for n, (t, v) in inner.items()})
    arguments = get_args(plain(member))
    if isinstance(value, dict) and arguments:
        return {key: _visit(arguments[1], item, (*path, key), visit) for key, item in value.items()}
    if isinstance(value, list | tuple) and arguments:
        return type(value)(_visit(arguments[0], item, (*path, i), visit) for i, item in enumerate(value))
    return value


def _fits(member: Any, value: Any) -> bool:
    if isinstance(value, str):
        return plain(member) is str
    if isinstance(value, dict):
        return get_origin(plain(member)) is dict
    return isinstance(value, list | tuple) and shape(member) is list


def _reference(member: Any) -> Reference | None:
    if get_origin(member) is not Annotated:
        return None
    return next((note for note in get_args(member)[1:] if isinstance(note, Reference)), None)
