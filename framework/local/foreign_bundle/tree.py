"""Values that know where they were written, however many files and aliases they came through."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from framework.core.diagnostics import Diagnostic, Location, Severity
from framework.spec.node_path import NodePath, format_path
from framework.spec.yaml_nodes import Node

MERGE_KEY = "<<"


@dataclass(frozen=True, slots=True)
class Placed:
    """A scalar, a dict of Placed or a tuple of Placed, and its place.

    ``keys`` are the places of a mapping's keys. ``within`` is the place of the list that this was written in.
    """

    value: Any
    place: Location
    keys: Mapping[str, Location] = field(default_factory=dict)
    within: Location | None = None

    @property
    def fields(self) -> Mapping[str, "Placed"]:
        """The entries of a mapping; nothing for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> tuple["Placed", ...]:
        """The elements of a list; nothing for anything else."""
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def text(self) -> str:
        """The text that this is; an empty one for anything else."""
        return self.value if isinstance(self.value, str) else ""

    def at(self, *path: str) -> "Placed":
        """The value below; None, placed here, where there is none."""
        node = self
        for step in path:
            node = node.fields.get(step, Placed(None, node.place))
        return node

    def key_place(self, key: str) -> Location:
        """Where ``key`` is written."""
        return self.keys.get(key) or self.at(key).place

    def with_fields(self, **fields: "Placed") -> "Placed":
        """A copy with these entries set; a mapping even where this is none."""
        return replace(self, value={**self.fields, **fields})


def placed(node: Node, file: str, findings: list[Diagnostic]) -> Placed:
    """The tree below ``node`` of ``file``, with the mappings of its merge keys below its own entries."""
    place = Location(file, node.line, node.column)
    if isinstance(node.value, list):
        elements = (placed(child, file, findings) for child in node.children.values())
        return Placed(tuple(replace(element, within=place) for element in elements), place)
    if not isinstance(node.value, dict):
        return Placed(node.value, place)
    own = {str(key): placed(child, file, findings) for key, child in node.children.items()}
    keys = {str(key): Location(file, *position) for key, position in node.keys.items()}
    sources = _merge_sources(own.pop(MERGE_KEY), findings) if MERGE_KEY in own else ()
    # The CLI lets a later mapping win over an earlier one, unlike YAML's own rule for merge keys.
    for source in reversed(sources):
        own = {**source.fields, **own}
        keys = {**source.keys, **keys}
    return Placed(own, place, keys)


def given(value: Any, place: Location) -> Placed:
    """A plain value that no file says, with ``place`` for all of it."""
    if isinstance(value, Mapping):
        return Placed({key: given(inner, place) for key, inner in value.items()}, place)
    return (
        Placed(tuple(given(inner, place) for inner in value), place)
        if isinstance(value, list)
        else Placed(value, place)
    )


def plain(node: Placed) -> Any:
    """The value without its places: dicts, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(inner) for key, inner in node.value.items()}
    return [plain(inner) for inner in node.items] if isinstance(node.value, tuple) else node.value


def leaves(node: Placed, path: NodePath = ()) -> Iterator[tuple[NodePath, Placed]]:
    """Every scalar below ``node`` with the way to it."""
    for key, inner in node.fields.items():
        yield from leaves(inner, (*path, key))
    for index, inner in enumerate(node.items):
        yield from leaves(inner, (*path, index))
    if not isinstance(node.value, dict | tuple):
        yield path, node


def finding(summary: str, place: Location, path: NodePath = (), hint: str = "") -> Diagnostic:
    """An error at ``place``."""
    return Diagnostic(summary, place, format_path(path), hint)


def warning(summary: str, place: Location, path: NodePath = (), hint: str = "") -> Diagnostic:
    """What does not stop the reading."""
    return Diagnostic(summary, place, format_path(path), hint, Severity.WARNING)


def _merge_sources(merge: Placed, findings: list[Diagnostic]) -> tuple[Placed, ...]:
    sources = merge.items or (merge,)
    for source in sources:
        if not isinstance(source.value, dict):
            hint = "Write <<: *anchor, or <<: [*one, *other]."
            findings.append(finding("merge key '<<' needs a mapping, or a list of mappings", source.place, hint=hint))
    return sources
