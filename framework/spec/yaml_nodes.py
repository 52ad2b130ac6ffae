"""YAML events → a tree of nodes with their places, in one pass and within bounds.

PyYAML's constructors are never used: no tag can make an object. Aliases share the node they name, so that a bomb of
them costs nothing; what they would expand to still counts.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

import yaml

from framework.core.diagnostics import Diagnostic, Location
from framework.spec.node_path import NodePath, format_path, quoted
from framework.spec.yaml_scalars import SWITCHES, plain_value
from framework.spec.yaml_syntax_errors import syntax_error

MAX_DEPTH = 100
MAX_NODES = 100_000
MAX_ENTRIES = 10_000
"""In one mapping or list."""

MAX_FINDINGS = 20
CHARACTERS_PER_NODE = 40
"""A long text counts as several nodes, or an alias could repeat it for gigabytes."""

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_NONE: Mapping[Any, Any] = MappingProxyType({})


class Node(NamedTuple):
    """A value and where it begins, counted from 1.

    ``text`` is how a scalar was written that is no text, or that other readers of YAML take for none. ``size`` counts
    this node and all below it. ``keys`` are the places of a mapping's keys.
    """

    value: Any
    line: int = 1
    column: int = 1
    text: str | None = None
    size: int = 1
    children: Mapping[str | int, "Node"] = _NONE
    keys: Mapping[str | int, tuple[int, int]] = _NONE


def build(text: str, file: str, merge_keys: bool = False) -> tuple[Node, list[Diagnostic]]:
    """The tree of the one document in ``text``, and what is wrong with it. Never raises on bad input.

    With ``merge_keys`` a ``<<`` is left in the tree as a key; who asked for it lays its mappings below the others.
    """
    builder = _Builder(text, file, merge_keys)
    try:
        return builder.document(), builder.findings
    except _Stop:
        pass
    # The pure parser lets the errors of ``chr`` through for escapes beyond Unicode.
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        builder.findings.append(syntax_error(error, file, text))
    return Node(None), builder.findings


class _Stop(Exception):
    """Reading on makes no sense; the finding is already noted."""


class _Builder:
    """Reads events one by one. Each method leaves the stream after the node that it was called for."""

    def __init__(self, text: str, file: str, merge_keys: bool) -> None:
        self.findings: list[Diagnostic] = []
        self._merge_keys = merge_keys
        self._file = file
        self._events = yaml.parse(text, Loader=_LOADER)
        self._anchors: dict[str, Node | None] = {}
        self._path: list[str | int] = []
        self._size = 0

    def document(self) -> Node:
        next(self._events)
        if not isinstance(next(self._events), yaml.DocumentStartEvent):
            return Node(None)
        root = self._node(next(self._events))
        next(self._events)
        if not isinstance(event := next(self._events), yaml.StreamEndEvent):
            self._stop(event, "a second document begins here", "One file holds one document; remove the '---'.")
        return root

    def _node(self, event: Any) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if getattr(event, "tag", None):
            self._add(event, f"tag {quoted(event.tag)} is refused", "Remove it: a value's type follows from its form.")
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(self._opened(event))
        else:
            node = self._sequence(self._opened(event))
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = node
        return node

    def _opened(self, event: Any) -> Any:
        if len(self._path) >= MAX_DEPTH:
            self._stop(event, f"nested deeper than {MAX_DEPTH} levels", "Make the structure flatter.")
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = None
        return event

    def _alias(self, event: Any) -> Node:
        if event.anchor not in self._anchors:
            self._stop(event, f"alias *{event.anchor} names no anchor above it", "Quote a text that begins with *.")
        if (node := self._anchors[event.anchor]) is None:
            self._stop(event, f"alias *{event.anchor} stands inside of what it names", "Write the value out.")
        self._count(event, node.size)
        line, column = _place(event)
        return node._replace(line=line, column=column)

    def _scalar(self, event: Any) -> Node:
        text: str = event.value
        value: Any = text
        self._check_characters(event)
        if event.implicit[0]:
            try:
                value = plain_value(text)
            except ValueError as error:
                self._add(event, f"{quoted(text)} {error}", "Put it in quotes if it is meant as text.")
        size = self._count(event, 1 + len(text) // CHARACTERS_PER_NODE)
        is_text = value is text and not (text in SWITCHES and event.implicit[0])
        return Node(value, *_place(event), None if is_text else text, size)

    def _mapping(self, start: Any) -> Node:
        before = self._size
        children: dict[str | int, Node] = {}
        keys: dict[str | int, tuple[int, int]] = {}
        self._count(start, 1)
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in keys:
                first = Location(self._file, *keys[key])
                self._add(event, f"duplicate key {quoted(key)}", f"It stands at {first} already.", key)
            keys[key] = _place(event)
            children[key] = self._child(key, next(self._events), len(children))
        value = {key: child.value for key, child in children.items()}
        return self._collection(start, value, before, children, keys)

    def _sequence(self, start: Any) -> Node:
        before = self._size
        children: dict[str | int, Node] = {}
        self._count(start, 1)
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            children[len(children)] = self._child(len(children), event, len(children))
        return self._collection(start, [child.value for child in children.values()], before, children, {})

    def _child(self, step: str | int, event: Any, siblings: int) -> Node:
        if siblings >= MAX_ENTRIES:
            self._stop(event, f"more than {MAX_ENTRIES:,} entries", "Keep so much data in a file of its own.")
        self._path.append(step)
        node = self._node(event)
        self._path.pop()
        return node

    def _collection(self, start: Any, value: Any, before: int, children: Any, keys: Any) -> Node:
        return Node(value, *_place(start), None, self._size - before, children, keys)

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            hint = 'Quote a reference such as "{{job.run_id}}", and a key that begins with *, [, { or ?.'
            self._stop(event, "a key must be text", hint)
        key: str = event.value
        if event.tag:
            self._add(event, f"tag {quoted(event.tag)} is refused", "Remove it.")
        elif event.implicit[0] and key == "<<" and not self._merge_keys:
            self._add(event, "merge key '<<' is refused", "Write the fields out, or put defaults into conf/base.yml.")
        elif event.implicit[0] and not _is_text(key):
            self._add(event, f"key {quoted(key)} is not text", "Put it in quotes.")
        self._check_characters(event)
        self._count(event, len(key) // CHARACTERS_PER_NODE)
        return key

    def _check_characters(self, event: Any) -> None:
        if match := _CONTROL.search(event.value):
            self._add(event, f"control character U+{ord(match[0]):04X} in a text", "Remove the escape.")

    def _count(self, event: Any, size: int) -> int:
        self._size += size
        if self._size > MAX_NODES:
            hint = "Aliases count as what they stand for; so does a text of many lines. Split the file."
            self._stop(event, f"more than {MAX_NODES:,} values", hint)
        return size

    def _stop(self, event: Any, summary: str, hint: str) -> NoReturn:
        self._add(event, summary, hint)
        raise _Stop

    def _add(self, event: Any, summary: str, hint: str, *below: str) -> None:
        place = Location(self._file, *_place(event))
        path: NodePath = (*self._path, *below)
        self.findings.append(Diagnostic(summary, place, format_path(path), hint))
        if len(self.findings) >= MAX_FINDINGS:
            raise _Stop


def _is_text(text: str) -> bool:
    try:
        return isinstance(plain_value(text), str)
    except ValueError:
        return False


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1
