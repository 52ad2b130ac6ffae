"""A graph that grows."""

from framework.trace.graph import Direction, Edge, Graph, Node


class Draft:
    """A graph that grows. A thing is one node, however many ways lead to it."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._edges: dict[Edge, None] = {}

    def add(self, node: Node) -> bool:
        """Take ``node`` in; False when it is there already, and stays as it was."""
        new = node.id not in self._nodes
        self._nodes.setdefault(node.id, node)
        return new

    def link(self, source: str, target: str, role: str) -> None:
        """Lead from one to the other."""
        self._edges[Edge(source, target, role)] = None

    def __contains__(self, node: str) -> bool:
        return node in self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    def graph(self, root: str, direction: Direction) -> Graph:
        """What came together; an edge to something that is not there is left out."""
        edges = (edge for edge in self._edges if {edge.source, edge.target} <= self._nodes.keys())
        return Graph(root=root, direction=direction, nodes=dict(self._nodes), edges=tuple(edges))
