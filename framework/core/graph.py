"""Directed graphs given as ``{node: upstream nodes}``."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

Upstream = Mapping[str, Iterable[str]]


def topological_order(upstream: Upstream) -> tuple[str, ...]:
    """Nodes with every node after its upstream ones. Raises ValueError on a cycle, naming it."""
    try:
        return tuple(TopologicalSorter(dict(upstream)).static_order())
    except CycleError as error:
        raise ValueError(" → ".join(error.args[1])) from None


def find_cycle(upstream: Upstream) -> tuple[str, ...]:
    """One cycle as (a, b, …, a), or nothing."""
    try:
        TopologicalSorter(dict(upstream)).prepare()
    except CycleError as error:
        return tuple(error.args[1])
    return ()
