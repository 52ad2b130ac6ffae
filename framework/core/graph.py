"""Directed graphs given as ``{node: upstream nodes}``."""

from collections.abc import Iterable, Iterator, Mapping
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
    return next(find_cycles(upstream), ())


def find_cycles(upstream: Upstream) -> Iterator[tuple[str, ...]]:
    """Cycles as (a, b, …, a) that share no node, until none is left among the other nodes; in one walk in depth."""
    after: dict[str, list[str]] = {}
    for node, before in upstream.items():
        after.setdefault(node, [])
        for each in before:
            after.setdefault(each, []).append(node)
    seen: set[str] = set()
    for start, first in after.items():
        walk = {} if start in seen else {start: iter(first)}
        seen.add(start)
        while walk:
            node = next(reversed(walk))
            following = next((each for each in walk[node] if each in walk or each not in seen), None)
            if following is None:
                del walk[node]
            elif following in walk:
                nodes = list(walk)
                cycle = nodes[nodes.index(following) :]
                yield (*cycle, following)
                for each in cycle:
                    del walk[each]
            else:
                seen.add(following)
                walk[following] = iter(after[following])
