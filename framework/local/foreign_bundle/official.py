"""Fits a job into the official types, field by field, so that each finding has its own place."""

import types
import typing
from dataclasses import MISSING, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any

from framework.core.diagnostics import Diagnostic
from framework.local.foreign_bundle.interpolate import as_text
from framework.local.foreign_bundle.tree import Placed, finding, warning
from framework.spec.node_path import NodePath, quoted
from framework.spec.suggestions import did_you_mean

_BOOLEANS: dict[str | bool, bool] = {
    **dict.fromkeys((True, "true", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys((False, "false", "n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
}
_WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
_HINT = "This is a field of the Jobs API: see its reference for names and types."


def fitted(cls: Any, node: Placed, path: NodePath, findings: list[Diagnostic]) -> Placed:
    """``node`` with its scalars of the types that ``cls`` declares: numbers become text and the other way round.

    Nulls and unknown fields are left out. Missing fields and values that do not fit are findings; a text with a
    reference that could not be replaced fits everywhere.
    """
    if isinstance(node.value, str) and "${" in node.value:
        return node
    kind = typing.get_origin(cls) or cls
    if is_dataclass(kind):
        return _struct(kind, node, path, findings)
    if kind is dict:
        return _mapping(typing.get_args(cls), node, path, findings)
    if kind is list:
        return _list(typing.get_args(cls), node, path, findings)
    if kind is Any:
        return node
    return _scalar(kind, node, path, findings)


def _struct(cls: Any, node: Placed, path: NodePath, findings: list[Diagnostic]) -> Placed:
    if not _is(dict, node, "a mapping", path, findings):
        return node
    declared = _declared(cls)
    value = {}
    for name, inner in node.fields.items():
        if name.startswith("_"):
            continue  # Such fields hold anchors for others; the CLI leaves them out too.
        if name not in declared:
            summary = f"unknown field '{name}'{did_you_mean(name, declared)}"
            hint = f"It is left out, as by the CLI. {_HINT}"
            findings.append(warning(summary, node.key_place(name), (*path, name), hint))
        elif inner.value is not None:
            value[name] = fitted(declared[name], inner, (*path, name), findings)
    for name in _required(cls):
        if name not in value:
            findings.append(finding(f"field '{name}' is missing", node.place, path, _HINT))
    return replace(node, value=value)


def _mapping(arguments: tuple[Any, ...], node: Placed, path: NodePath, findings: list[Diagnostic]) -> Placed:
    if not _is(dict, node, "a mapping", path, findings):
        return node
    declared = _inner(arguments[1])
    empty = {
        key: replace(inner, value="") if inner.value is None and declared is str else inner
        for key, inner in node.fields.items()
    }
    return replace(node, value={key: fitted(declared, inner, (*path, key), findings) for key, inner in empty.items()})


def _list(arguments: tuple[Any, ...], node: Placed, path: NodePath, findings: list[Diagnostic]) -> Placed:
    if not _is(tuple, node, "a list", path, findings):
        return node
    declared = _inner(arguments[0])
    elements = [fitted(declared, inner, (*path, index), findings) for index, inner in enumerate(node.items)]
    return replace(node, value=tuple(elements))


def _scalar(kind: Any, node: Placed, path: NodePath, findings: list[Diagnostic]) -> Placed:
    value = node.value
    if isinstance(value, dict | tuple) or value is None:
        findings.append(finding(f"this has to be {_words(kind)}", node.place, path, _HINT))
        return node
    try:
        return replace(node, value=_converted(kind, value))
    except (ValueError, KeyError):
        allowed = [member.value for member in kind] if issubclass(kind, Enum) else []
        summary = f"{quoted(as_text(value))} is not {_words(kind)}{did_you_mean(as_text(value), allowed)}"
        findings.append(finding(summary, node.place, path, f"Allowed: {', '.join(allowed)}." if allowed else _HINT))
        return node


def _converted(kind: Any, value: str | int | float | bool) -> Any:
    """``value`` as ``kind``, by the CLI's rules. Raises ValueError or KeyError when it is none."""
    if kind is bool:
        return _BOOLEANS[value] if isinstance(value, str | bool) else _BOOLEANS[""]
    if kind in (int, float):
        if isinstance(value, bool) or float(value) != kind(value):
            raise ValueError
        return value if isinstance(value, kind) else kind(value)
    return kind(as_text(value)).value if issubclass(kind, Enum) else as_text(value)


def _is(kind: type, node: Placed, words: str, path: NodePath, findings: list[Diagnostic]) -> bool:
    if isinstance(node.value, kind):
        return True
    findings.append(finding(f"this has to be {words}", node.place, path, _HINT))
    return False


def _words(kind: Any) -> str:
    return _WORDS.get(kind, f"a {kind.__name__}")


@cache
def _declared(cls: Any) -> dict[str, Any]:
    """The plain types of the fields: without None, and without the variables that stand for any value."""
    hints = typing.get_type_hints(cls)
    return {field.name: _inner(hints[field.name]) for field in fields(cls)}


@cache
def _required(cls: Any) -> tuple[str, ...]:
    optional = {name for name, hint in typing.get_type_hints(cls).items() if types.NoneType in typing.get_args(hint)}
    return tuple(
        field.name
        for field in fields(cls)
        if field.default is field.default_factory is MISSING and field.name not in optional
    )


def _inner(declared: Any) -> Any:
    from databricks.bundles.core import Variable

    if typing.get_origin(declared) not in (typing.Union, types.UnionType):
        return declared
    members = [m for m in typing.get_args(declared) if m is not types.NoneType and typing.get_origin(m) is not Variable]
    return members[0] if members else Any
