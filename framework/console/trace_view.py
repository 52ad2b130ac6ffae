"""The graph of causes or effects as a tree."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from framework.console.results import seconds
from framework.core.printable import printable
from framework.trace.graph import Graph, Node

_IN_TITLE = ("table", "version", "model", "job_run_id", "task_run_id", "commit", "dirty", "release")
_ON_ONE_LINE = ("kind", "pipeline", "project", "target", "attempt", "started_at", "duration_s")


def show_trace(console: Console, graph: Graph) -> None:
    """The tree from its root; what was shown above is named only."""
    root = graph.nodes[graph.root]
    tree = Tree(_label("", root), guide_style="dim")
    _grow(tree, root, graph, {root.id})
    console.print(tree, soft_wrap=False)  # a line that is cut off would hide what somebody looks for


def _grow(tree: Tree, node: Node, graph: Graph, seen: set[str]) -> None:
    for role, after in graph.after(node.id):
        if after.id in seen:
            tree.add(_title(role, after).append(" (see above)", "dim"))
            continue
        seen.add(after.id)
        _grow(tree.add(_label(role, after)), after, graph, seen)


def _label(role: str, node: Node) -> Text:
    text = _title(role, node)
    if node.problem:
        text.append(f"\n{printable(node.problem)}", "red")
    for line in _lines(node):
        text.append(f"\n{printable(line)}", "dim" if node.kind != "row" else "")
    return text


def _title(role: str, node: Node) -> Text:
    return Text(f"{role} " if role else "", style="cyan").append(
        printable(node.title), "bold red" if node.problem else "bold"
    )


def _lines(node: Node) -> Iterator[str]:
    first = [_short(name, node.facts[name]) for name in _ON_ONE_LINE if name in node.facts]
    if first:
        yield " · ".join(first)
    for name, value in node.facts.items():
        if name not in (*_ON_ONE_LINE, *_IN_TITLE) and value != node.problem:
            yield f"{name.replace('_', ' ')}: {_value(value)}"
    for name, target in node.links.items():
        yield f"{name.replace('_', ' ')}: {target}"


def _short(name: str, value: Any) -> str:
    if name == "duration_s":
        return seconds(value)
    return f"attempt {value}" if name == "attempt" else str(value)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_value(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(_value, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
