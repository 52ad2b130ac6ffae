"""The graph of causes, or of effects: things, and what led from one to another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from framework.trace.plain_values import jsonable

Direction = Literal["up", "down"]
"""``up`` leads to causes, ``down`` to effects."""
TRACE_SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Node:
    """A thing: ``kind`` in one word, ``title`` in one line, ``facts`` and ``links`` by their labels.

    ``problem`` says what is wrong with it, such as that it cannot be read any more.
    """

    id: str
    kind: str
    title: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; fields may be added, never renamed."""
        value: dict[str, Any] = jsonable(vars(self))
        return value


@dataclass(frozen=True)
class Edge:
    """From a thing to one of its causes (or of its effects, in a graph of those), and what that one is to it."""

    source: str
    target: str
    role: str


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Everything reached from ``root``, in the order in which a reader should see it."""

    root: str
    direction: Direction
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]

    def after(self, node: str) -> list[tuple[str, Node]]:
        """What ``node`` leads to, each with its role."""
        return [(edge.role, self.nodes[edge.target]) for edge in self.edges if edge.source == node]

    def as_dict(self) -> dict[str, Any]:
        """The object of ``-o json``; fields may be added, never renamed."""
        return {
            "schema": TRACE_SCHEMA,
            "root": self.root,
            "direction": self.direction,
            "nodes": [node.as_dict() for node in self.nodes.values()],
            "edges": [vars(edge) for edge in self.edges],
        }
