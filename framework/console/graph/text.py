"""The task graph as lines: the tasks step by step, each with what goes before it."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from framework.console.graph.layers import steps
from framework.console.graph.picture import DATA, Edge, Node, Picture
from framework.console.graph.text_width import shortened

WIDTH = 80
_INDENT = " " * 6
_IMPLIED, _WRITTEN = "←", "⇠"
_LEGEND = f"{_IMPLIED} follows from what a task reads   {_WRITTEN} is written in depends_on"


def as_text(picture: Picture, width: int = WIDTH) -> Text:
    """The ``picture`` in lines of at most ``width`` columns where its names permit. A number is a step."""
    tasks = {node.key: node for node in picture.nodes if node.shape not in DATA}
    layers = steps([node.key for node in picture.nodes], [(edge.source, edge.target) for edge in picture.edges])
    layers_of_tasks = [[key for key in layer if key in tasks] for layer in layers]
    column = min(max((len(node.name) for node in tasks.values()), default=0), width // 2)
    lines = [Text(f"{picture.title}: {picture.description}", "bold"), Text()]
    for number, layer in enumerate(filter(None, layers_of_tasks), 1):
        for index, key in enumerate(layer):
            lines += _head(tasks[key], f"{number:>2}" if not index else "", column, width)
            lines += _around(key, picture, tasks, width)
        lines.append(Text())
    return Text("\n").join([*lines, *([Text(_LEGEND, "dim")] if picture.edges else [])])


def _head(node: Node, number: str, column: int, width: int) -> list[Text]:
    """The task and what it does, in a second line where one is too short."""
    name = Text(f"{number:<2}  ", "dim") + Text(f"{node.name:<{column}}", "bold red" if node.broken else "bold")
    words = Text("  " + " · ".join((shortened(node.headline), *node.remarks)))
    if node.broken and node.shape != "missing":
        words += Text("  ✗ in a cycle", "red")
    return [name + words] if len(name) + len(words) <= width else [name, Text(_INDENT) + words[2:]]


def _around(key: str, picture: Picture, tasks: dict[str, Node], width: int) -> Iterator[Text]:
    """What goes before the task, and the data that it reads and writes."""
    names = {node.key: node.name for node in picture.nodes}
    into = [edge for edge in picture.edges if edge.target == key]
    before = [edge for edge in into if edge.source in tasks]
    for mark, written in ((_IMPLIED, False), (_WRITTEN, True)):
        shown = [names[edge.source] + _outcome(edge) for edge in before if edge.written is written]
        yield from _wrapped(mark, shown, width)
    yield from _wrapped("reads", [names[e.source] + e.label for e in into if e.source not in tasks], width)
    out = [names[e.target] for e in picture.edges if e.source == key and e.target not in tasks]
    yield from _wrapped("writes", out, width)


def _outcome(edge: Edge) -> str:
    return f" [{edge.label}]" if edge.label else ""


def _wrapped(mark: str, items: Sequence[str], width: int) -> Iterator[Text]:
    """``mark a, b, c`` in as many lines as it takes; an item stays in one piece."""
    start, line = f"{_INDENT}{mark} ", ""
    for index, item in enumerate(items):
        piece = item + ("," if index < len(items) - 1 else "")
        if line and len(start) + len(line) + 1 + len(piece) > width:
            yield Text(start + line, "dim")
            start, line = " " * len(start), ""
        line += f" {piece}" if line else piece
    if line:
        yield Text(start + line, "dim")
