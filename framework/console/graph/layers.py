"""Sorts the nodes of a directed graph into layers, also of one with cycles."""

from collections.abc import Mapping, Sequence

Edge = tuple[str, str]


def steps(nodes: Sequence[str], edges: Sequence[Edge]) -> tuple[tuple[str, ...], ...]:
    """The nodes in layers, each right after the last one that it follows. An edge that closes a cycle counts turned."""
    edges = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]]
    ranks = ranks_of(nodes, list(dict.fromkeys(flowing(nodes, edges)[1])))
    count = max(ranks.values(), default=-1) + 1
    return tuple(tuple(node for node in nodes if ranks[node] == rank) for rank in range(count))


def flowing(nodes: Sequence[str], edges: Sequence[Edge]) -> tuple[set[Edge], list[Edge]]:
    """The edges that close a cycle, and all of them with these turned round."""
    back = _against_the_flow(nodes, edges)
    return back, [(b, a) if (a, b) in back else (a, b) for a, b in edges]


def components(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, str]:
    """For each node one that stands for it and for all that lie in cycles with it (Kosaraju's method)."""
    before, found = _grouped([(b, a) for a, b in edges]), dict[str, str]()
    for start in reversed(_as_they_end(nodes, _grouped(edges))):
        left = [start]
        while left:
            if (node := left.pop()) not in found:
                found[node] = start
                left += before.get(node, ())
    return found


def stretch(nodes: Sequence[str], edges: Sequence[Edge]) -> int:
    """How many layers the edges of all nodes cross; those of one node go the same way."""
    flow = list(dict.fromkeys(flowing(nodes, [edge for edge in edges if edge[0] != edge[1]])[1]))
    ranks = moved_up(ranks_of(nodes, flow), flow)
    return sum(max(ranks[each] for each in targets) - ranks[node] - 1 for node, targets in _grouped(flow).items())


def ranks_of(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The layer of each node: the length of the longest path to it."""
    before, after = _grouped([(b, a) for a, b in edges]), _grouped(edges)
    ranks: dict[str, int] = {}
    waiting = {node: len(before.get(node, ())) for node in nodes}
    ready = [node for node in nodes if not waiting[node]]
    for node in ready:
        ranks[node] = 1 + max((ranks[each] for each in before.get(node, ())), default=-1)
        for each in after.get(node, ()):
            waiting[each] -= 1
            if not waiting[each]:
                ready.append(each)
    return {node: ranks[node] for node in nodes}


def moved_up(ranks: Mapping[str, int], edges: Sequence[Edge]) -> dict[str, int]:
    """A node that follows nothing stands beside what follows it: its edges get short."""
    follows, after = {b for _, b in edges}, _grouped(edges)
    free = {node: after[node] for node in after if node not in follows}
    return {node: min(ranks[each] for each in free[node]) - 1 if node in free else rank for node, rank in ranks.items()}


def _against_the_flow(nodes: Sequence[str], edges: Sequence[Edge]) -> set[Edge]:
    """The edges that close a cycle when the graph is walked in depth, in the order of the nodes."""
    after = _grouped(edges)
    incoming = {target for _, target in edges}
    back: set[Edge] = set()
    state: dict[str, str] = {}
    for start in sorted(nodes, key=lambda node: node in incoming):
        walk = [] if start in state else [(start, iter(after.get(start, ())))]
        if walk:
            state[start] = "open"
        while walk:
            node, rest = walk[-1]
            following = next(rest, None)
            if following is None:
                state[node] = "done"
                walk.pop()
            elif state.get(following) == "open":
                back.add((node, following))
            elif following not in state:
                state[following] = "open"
                walk.append((following, iter(after.get(following, ()))))
    return back


def _as_they_end(nodes: Sequence[str], after: Mapping[str, Sequence[str]]) -> list[str]:
    """The nodes in the order in which a walk in depth leaves them."""
    seen: set[str] = set()
    done: list[str] = []
    for start in nodes:
        walk = [] if start in seen else [(start, iter(after.get(start, ())))]
        seen.add(start)
        while walk:
            node, rest = walk[-1]
            following = next((each for each in rest if each not in seen), None)
            if following is None:
                done.append(node)
                walk.pop()
            else:
                seen.add(following)
                walk.append((following, iter(after.get(following, ()))))
    return done


def _grouped(edges: Sequence[Edge]) -> dict[str, list[str]]:
    """The targets of each source."""
    found: dict[str, list[str]] = {}
    for a, b in edges:
        found.setdefault(a, []).append(b)
    return found
