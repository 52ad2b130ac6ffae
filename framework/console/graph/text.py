"""The task graph as lines: the tasks step by step, each with what goes before it."""

from collections import defaultdict
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
    around = _Around(picture, tasks)
    lines = [Text(f"{picture.title}: {picture.description}", "bold"), Text()]
    for number, layer in enumerate(filter(None, layers_of_tasks), 1):
        for index, key in enumerate(layer):
            lines += _head(tasks[key], f"{number:>2}" if not index else "", column, width)
            lines += around.lines(key, width)
        lines.append(Text())
    return Text("\n").join([*lines, *([Text(_LEGEND, "dim")] if picture.edges else [])])


def _head(node: Node, number: str, column: int, width: int) -> list[Text]:
    """The task and what it does, in a second line where one is too short."""
    name = Text(f"{number:<2}  ", "dim") + Text(f"{node.name:<{column}}", "bold red" if node.broken else "bold")
    words = Text("  " + " · ".join((shortened(node.headline), *node.remarks)))
    if node.broken and node.shape != "missing":
        words += Text("  ✗ in a cycle", "red")
    return [name + words] if len(name) + len(words) <= width else [name, Text(_INDENT) + words[2:]]


class _Around:
    """What goes before a task, and the data that it reads and writes."""

    def __init__(self, picture: Picture, tasks: dict[str, Node]) -> None:
        self._tasks, self._names = tasks, {node.key: node.name for node in picture.nodes}
        self._into, self._writes = defaultdict[str, list[Edge]](list), defaultdict[str, list[str]](list)
        for edge in picture.edges:
            self._into[edge.target].append(edge)
            if edge.target not in tasks:
                self._writes[edge.source].append(self._names[edge.target])

    def lines(self, key: str, width: int) -> Iterator[Text]:
        into, names = self._into[key], self._names
        before = [edge for edge in into if edge.source in self._tasks]
        for mark, written in ((_IMPLIED, False), (_WRITTEN, True)):
            shown = [names[edge.source] + _outcome(edge) for edge in before if edge.written is written]
            yield from _wrapped(mark, shown, width)
        yield from _wrapped("reads", [names[e.source] + e.label for e in into if e.source not in self._tasks], width)
        yield from _wrapped("writes", self._writes[key], width)


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
