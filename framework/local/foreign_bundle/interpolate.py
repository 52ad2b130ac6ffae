"""Replaces references such as ``${var.schema}`` by what they name."""

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal

from framework.core.diagnostics import Diagnostic
from framework.local.foreign_bundle.tree import Placed, finding
from framework.local.foreign_bundle.unknown_references import Unknown
from framework.spec.node_path import NodePath

MAX_VALUES = 100_000
MAX_DEPTH = 100
MAX_ROUNDS = 11
"""References may be put together from others, ``${var.${bundle.target}_schema}``, so often in one text."""

_CHARACTERS_PER_VALUE = 40
# Each character can match in one way only: otherwise a long text that is no reference would take forever.
_SEGMENT = r"_*[^\W\d_][^\W_]*(?:[-_]+[^\W_]+)*"
_REFERENCE = re.compile(rf"\$\{{({_SEGMENT}(?:\.{_SEGMENT}(?:\[[0-9]+\])*)*(?:\[[0-9]+\])*)\}}")
_STEP = re.compile(r"\[([0-9]+)\]|([^.\[\]]+)")
# The place of the bundle's files in a workspace, however it is written, is the bundle's own directory here.
_UPLOADED = re.compile(r"(?:/Workspace/?)?\$\{workspace\.(?:root_path\}/files(?![^/])|file_path\})")


def mentions(node: Placed, prefix: str) -> bool:
    """Whether a text below ``node`` refers to something that begins with ``prefix``."""
    inner = (*node.fields.values(), *node.items)
    return f"${{{prefix}" in node.text or any(mentions(below, prefix) for below in inner)


def is_reference(text: str) -> bool:
    """Whether ``text`` as a whole is one reference."""
    return _REFERENCE.fullmatch(text) is not None


def as_text(value: str | int | float | bool | None) -> str:
    """A scalar as the CLI writes it into a text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    return "" if value is None else str(value)


def steps(reference: str) -> NodePath:
    """``a.b[0]`` as a path; ``var.x`` is short for ``variables.x.value``."""
    path = tuple(int(match[1]) if match[1] else match[2] for match in _STEP.finditer(reference))
    return ("variables", path[1], "value", *path[2:]) if path[0] == "var" and len(path) > 1 else path


class _TooLarge(Exception):
    """The resolved values are more than anybody writes."""


@dataclass
class Resolver:
    """Resolves references into ``tree``. What is wrong with one goes to ``findings``, and it stays as it is."""

    tree: Placed
    findings: list[Diagnostic]
    _values: dict[str, tuple[Placed, int]] = field(default_factory=dict)
    _circular: set[str] = field(default_factory=set)
    _size: int = 0
    _depth: int = 0

    def resolve(self, node: Placed, path: NodePath) -> Placed:
        """``node``, which stands at ``path``, with every reference in it replaced.

        A text that is one reference as a whole becomes the value of whatever type, but stays where it is written.
        """
        try:
            return self._resolved(node, path, ())
        except _TooLarge as error:
            self._depth = 0
            self.findings.append(finding(str(error), node.place, path, "References repeat or nest too much here."))
            return node

    def _resolved(self, node: Placed, path: NodePath, chain: tuple[str, ...]) -> Placed:
        self._count(1 + len(node.text) // _CHARACTERS_PER_VALUE)
        if isinstance(node.value, str):
            return self._text(node, path, chain) if "${" in node.value else node
        if not isinstance(node.value, dict | tuple):
            return node
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooLarge(f"nested deeper than {MAX_DEPTH} levels")
        value: dict[str, Placed] | tuple[Placed, ...] = (
            {key: self._resolved(inner, (*path, key), chain) for key, inner in node.fields.items()}
            or tuple(self._resolved(inner, (*path, index), chain) for index, inner in enumerate(node.items))
            or node.value
        )
        self._depth -= 1
        return replace(node, value=value)

    def _text(self, node: Placed, path: NodePath, chain: tuple[str, ...]) -> Placed:
        text = _UPLOADED.sub("${workspace.file_path}", node.text)
        for _ in range(MAX_ROUNDS):
            before = text
            if whole := _REFERENCE.fullmatch(text):
                value = self._value(whole[1], node, path, chain)
                return replace(value or node, place=node.place, within=node.within)
            text = _REFERENCE.sub(lambda match: self._in_text(match, node, path, chain), text)
            self._count(len(text) // _CHARACTERS_PER_VALUE)
            if text == before:
                break
        return replace(node, value=text)

    def _in_text(self, match: re.Match[str], node: Placed, path: NodePath, chain: tuple[str, ...]) -> str:
        value = self._value(match[1], node, path, chain)
        if value is None:
            return match[0]
        if isinstance(value.value, dict | tuple):
            summary = f"{match[0]} is a mapping or a list and cannot be part of a text"
            self.findings.append(finding(summary, node.place, path, "It can only be a value as a whole."))
            return match[0]
        return as_text(value.value)

    def _value(self, reference: str, node: Placed, path: NodePath, chain: tuple[str, ...]) -> Placed | None:
        """What ``reference``, which stands in ``node``, names; None when it has to stay as it is."""
        if reference in chain:
            self._add_circle(chain[chain.index(reference) :], node, path)
            return None
        try:
            return self._looked_up(reference, (*chain, reference))
        except Unknown as unknown:
            if found := unknown.diagnostic(reference, node.place, path):
                self.findings.append(found)
            return Placed(reference, node.place) if unknown.of_deployed_resource else None

    def _add_circle(self, circle: tuple[str, ...], node: Placed, path: NodePath) -> None:
        """One finding for each circle, though a text is looked through again after its first replacements."""
        if self._circular.isdisjoint(circle):
            way = " → ".join((*circle, circle[0]))
            self.findings.append(finding(f"references go in a circle: {way}", node.place, path))
        self._circular.update(circle)

    def _looked_up(self, reference: str, chain: tuple[str, ...]) -> Placed:
        if reference in self._values:
            value, size = self._values[reference]
            self._count(size)
            return value
        before = self._size
        target = steps(reference)
        value = self._resolved(self._walk(target, chain), target, chain)
        self._values[reference] = value, self._size - before
        return value

    def _walk(self, path: NodePath, chain: tuple[str, ...]) -> Placed:
        node = self.tree
        for index, step in enumerate(path):
            if "${" in node.text:
                node = self._text(node, path[:index], chain)
            inside = node.fields if isinstance(step, str) else dict(enumerate(node.items))
            if step not in inside:
                raise Unknown(path, index, tuple(node.fields))
            node = inside[step]  # type: ignore[index]
        return node

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > MAX_VALUES:
            raise _TooLarge(f"more than {MAX_VALUES:,} values")
