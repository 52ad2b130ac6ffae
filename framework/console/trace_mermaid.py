"""The graph of causes or effects in Mermaid's language, which GitHub and many editors draw."""

from framework.console.graph.mermaid import escaped
from framework.trace.graph import Graph

_SHAPES = {"table": ("[(", ")]"), "model": ("([", "])"), "alias": ("([", "])"), "source": ("[/", "/]")}


def as_mermaid(graph: Graph) -> str:
    """A flowchart in which each arrow leads to a cause, or to an effect."""
    keys = {node: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node in graph.nodes.values():
        start, end = _SHAPES.get(node.kind, ("[", "]"))
        words = [f"<b>{escaped(node.title)}</b>", *([escaped(node.problem)] if node.problem else [])]
        lines.append(f'    {keys[node.id]}{start}"{"<br>".join(words)}"{end}')
    lines += [f'    {keys[each.source]} -->|"{escaped(each.role)}"| {keys[each.target]}' for each in graph.edges]
    return "\n".join(lines) + "\n"
