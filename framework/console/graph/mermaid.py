"""The task graph in Mermaid's language, which GitHub and many editors draw (mermaid.js.org/syntax/flowchart)."""

from framework.console.graph.picture import Edge, Node, Picture, refuse_tangled
from framework.console.graph.text_width import shortened

_BRACKETS = {
    "task": ("[", "]"),
    "condition": ("{{", "}}"),
    "loop": ("[/", "/]"),
    "job": ("[[", "]]"),
    "table": ("[(", ")]"),
    "model": ("([", "])"),
    "missing": ("[", "]"),
}
_PLAIN = frozenset(" _.,:/@=()+-·…≠≥≤'")


def as_mermaid(picture: Picture) -> str:
    """A flowchart from left to right; a dotted edge is written in ``depends_on``, a red one cannot be.

    Raises UsageError for a tangle.
    """
    refuse_tangled(picture)
    # Names of our own: Mermaid takes some words, such as "end", for its grammar.
    keys = {node.key: f"n{number}" for number, node in enumerate(picture.nodes)}
    lines = ["flowchart LR", f"    accTitle: {escaped(picture.title)}", f"    accDescr: {picture.description}"]
    lines += [f"    {keys[node.key]}{_node(node)}" for node in picture.nodes]
    lines += [f"    {keys[edge.source]} {_arrow(edge)} {keys[edge.target]}" for edge in picture.edges]
    if broken := [keys[node.key] for node in picture.nodes if node.broken]:
        lines += ["    classDef broken stroke:#cf222e,stroke-width:3px", f"    class {','.join(broken)} broken"]
    if red := [str(number) for number, edge in enumerate(picture.edges) if edge.broken]:
        lines.append(f"    linkStyle {','.join(red)} stroke:#cf222e")
    return "\n".join(lines) + "\n"


def _node(node: Node) -> str:
    start, end = _BRACKETS[node.shape]
    words = [f"<b>{escaped(node.name)}</b>", *map(escaped, (shortened(node.headline), *node.remarks))]
    return f'{start}"{"<br>".join(words)}"{end}'


def _arrow(edge: Edge) -> str:
    arrow = "-.->" if edge.written else "-->"
    return f'{arrow}|"{escaped(edge.label)}"|' if edge.label else arrow


def escaped(text: str) -> str:
    """``text`` with all but letters, digits and harmless marks as Mermaid's numeric entities."""
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)
