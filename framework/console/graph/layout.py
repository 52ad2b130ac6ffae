"""Places the nodes of a directed graph in layers from left to right, after Sugiyama's method.

A node stands to the right of all that it follows (longest path). Inside a layer the order is that of the neighbours'
mean places (barycentres), swept to and fro while crossings get fewer. Heights follow the neighbours' too.
"""

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from framework.console.graph.layers import Edge, flowing, moved_up, ranks_of

_SWEEPS = 12
_STAND_IN = "\0"
"""What their names begin with."""

_Neighbours = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Layout:
    """``layers`` are the nodes from left to right; ``centres`` is the height of each one's middle, from 0 downward.

    ``bends`` are the heights at which an edge crosses the layers between its ends, left to right. An edge in
    ``reversed`` points to the left.
    """

    layers: tuple[tuple[str, ...], ...]
    centres: Mapping[str, float]
    bends: Mapping[Edge, tuple[float, ...]]
    reversed: frozenset[Edge]


@dataclass
class _Levels:
    """The nodes by layer, with stand-ins wherever an edge crosses one: every link joins two neighbouring layers."""

    layers: list[list[str]]
    before: dict[str, list[str]] = field(default_factory=dict)
    after: dict[str, list[str]] = field(default_factory=dict)
    bends: dict[Edge, list[str]] = field(default_factory=dict)


def layered(heights: Mapping[str, float], edges: Sequence[Edge], gap: float) -> Layout:
    """Lay out the nodes in ``heights``, ``gap`` apart. An edge of a node to itself has no place in the result."""
    edges = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]]
    back, forward = flowing(list(heights), edges)
    flow = list(dict.fromkeys(forward))
    levels = _levels(moved_up(ranks_of(list(heights), flow), flow), flow)
    _untangle(levels)
    centres = _centres(levels, heights, gap)
    bends = {
        edge: tuple(centres[name] for name in levels.bends[flown]) for edge, flown in zip(edges, forward, strict=True)
    }
    layers = tuple(tuple(name for name in layer if name in heights) for layer in levels.layers)
    return Layout(layers, {name: centres[name] for name in heights}, bends, frozenset(back))


def _levels(ranks: Mapping[str, int], edges: Sequence[Edge]) -> _Levels:
    levels = _Levels([[] for _ in range(max(ranks.values(), default=-1) + 1)])
    for node, rank in ranks.items():
        levels.layers[rank].append(node)
    for a, b in edges:
        # Edges of one source share their stand-ins: what goes the same way is drawn as one line.
        crossed = {f"{_STAND_IN}{rank}.{a}": rank for rank in range(ranks[a] + 1, ranks[b])}
        levels.bends[a, b] = list(crossed)
        for name, rank in crossed.items():
            if name not in levels.before:
                levels.layers[rank].append(name)
        for left, right in pairwise([a, *crossed, b]):
            if right not in levels.after.setdefault(left, []):
                levels.after[left].append(right)
                levels.before.setdefault(right, []).append(left)
    return levels


def _untangle(levels: _Levels) -> None:
    """Sort the layers, keeping the best order seen."""
    best, fewest = [list(layer) for layer in levels.layers], _crossings(levels)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        rightward = sweep % 2 == 0
        places = _places(levels.layers)
        for layer in levels.layers[1:] if rightward else levels.layers[-2::-1]:
            neighbours = levels.before if rightward else levels.after
            wanted = {name: _mean([places[each] for each in neighbours.get(name, ())], places[name]) for name in layer}
            layer.sort(key=wanted.__getitem__)
            places |= _places([layer])
        if (crossings := _crossings(levels)) < fewest:
            best, fewest = [list(layer) for layer in levels.layers], crossings
    levels.layers[:] = best


def _places(layers: Sequence[Sequence[str]]) -> dict[str, float]:
    """Where each node stands in its layer, from 0 to 1."""
    return {name: (index + 0.5) / len(layer) for layer in layers for index, name in enumerate(layer)}


def _crossings(levels: _Levels) -> int:
    places = _places(levels.layers)
    total = 0
    for layer in levels.layers[:-1]:
        links = sorted((places[a], places[b]) for a in layer for b in levels.after.get(a, ()))
        ends: list[float] = []
        for _, end in links:
            total += len(ends) - bisect_right(ends, end)
            insort(ends, end)
    return total


def _centres(levels: _Levels, heights: Mapping[str, float], gap: float) -> dict[str, float]:
    """Heights near those of the neighbours, in the order of the layers, the highest node beginning at 0."""
    centres: dict[str, float] = {}
    size = {name: heights.get(name, 0.0) for layer in levels.layers for name in layer}
    for layer in levels.layers:
        _spread(layer, size, gap, dict.fromkeys(layer, 0.0), centres)
    for sweep in range(_SWEEPS):
        sides = (levels.before, levels.after) if sweep % 2 == 0 else (levels.after, levels.before)
        for layer in levels.layers if sweep % 2 == 0 else levels.layers[::-1]:
            _spread(layer, size, gap, {name: _wanted(name, sides, centres) for name in layer}, centres)
    top = min((centres[name] - size[name] / 2 for name in size), default=0.0)
    return {name: centre - top for name, centre in centres.items()}


def _wanted(name: str, sides: tuple[_Neighbours, _Neighbours], centres: Mapping[str, float]) -> float:
    """The mean height of the neighbours on the side that is settled, else of those on the other one."""
    near = sides[0].get(name) or sides[1].get(name) or ()
    if name.startswith(_STAND_IN):
        near = [each for each in near if each.startswith(_STAND_IN)] or near  # so long lines are straight
    return _mean([centres[each] for each in near], centres[name])


def _spread(
    layer: Sequence[str],
    size: Mapping[str, float],
    gap: float,
    wanted: Mapping[str, float],
    centres: dict[str, float],
) -> None:
    """Set ``centres`` in ``layer`` as near to ``wanted`` as the order and the gaps permit (least squares).

    Without the gaps before it each node wants a place; where these are out of order, a block shares their mean.
    """
    offsets = [0.0]
    for above, below in pairwise(layer):
        between = gap if size[above] or size[below] else gap / 2  # lines alone stand closer than nodes
        offsets.append(offsets[-1] + (size[above] + size[below]) / 2 + between)
    blocks: list[tuple[float, int]] = []
    for name, offset in zip(layer, offsets, strict=False):
        mean, count = wanted[name] - offset, 1
        while blocks and blocks[-1][0] > mean:
            higher, many = blocks.pop()
            mean, count = (mean * count + higher * many) / (count + many), count + many
        blocks.append((mean, count))
    shared = [mean for mean, count in blocks for _ in range(count)]
    centres.update({name: place + offset for name, place, offset in zip(layer, shared, offsets, strict=False)})


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
