"""The task graph as one SVG file that needs nothing else, light or dark as its reader prefers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

from framework.console.graph.layout import Layout, layered
from framework.console.graph.picture import Edge, Node, Picture, refuse_tangled
from framework.console.graph.shapes import outline
from framework.console.graph.text_width import shortened, width_of

STYLE = (Path(__file__).with_name("picture.css")).read_text(encoding="utf-8")
_MARGIN, _HEADING = 24.0, 50.0
_ROW_GAP, _COLUMN_GAP = 22.0, 64.0
_NARROWEST = 120.0
_PADDING = 18.0
_NAME, _WORDS = 13.0, 11.0
"""Sizes are in pixels."""


@dataclass(frozen=True)
class Box:
    """Where a node stands: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True)
class _Drawing:
    """``columns`` are the left and right ends of the layers."""

    boxes: Mapping[str, Box]
    columns: tuple[tuple[float, float], ...]
    layer_of: Mapping[str, int]
    layout: Layout


def as_svg(picture: Picture, *, tooltips: bool = True) -> str:
    """The ``picture`` from left to right; a dashed edge is written in ``depends_on``, a red one cannot be.

    Without ``tooltips`` it is for a page that tells about a node in its own way. Raises UsageError for a tangle.
    """
    refuse_tangled(picture)
    drawing = _drawing(picture)
    width = max((end for _, end in drawing.columns), default=0.0) + _MARGIN
    width = max(width, *(width_of(*line) + 2 * _MARGIN for line in ((picture.title, 15.0), (_legend(picture), _WORDS))))
    bottoms = [box.y + box.height for box in drawing.boxes.values()]
    bottoms += [_down(bend) for bends in drawing.layout.bends.values() for bend in bends]
    height = max(bottoms, default=_HEADING) + _MARGIN
    size = f'class="dag" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    title, role = escape(picture.title), "img" if tooltips else "group"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="{role}" aria-labelledby="dag-title dag-desc">',
        f'<title id="dag-title">{title}</title>',
        f'<desc id="dag-desc">{escape(_description(picture))}</desc>',
        f"<style>\n{STYLE}</style>",
        _HEADS,
        '<rect class="canvas" width="100%" height="100%"/>',
        f'<text class="heading" x="{_MARGIN:g}" y="{_MARGIN + 6:g}">{title}</text>',
        f'<text class="words" x="{_MARGIN:g}" y="{_MARGIN + 24:g}">{escape(_legend(picture))}</text>',
        *(_edge(edge, drawing) for edge in picture.edges),
        *(_label(edge, drawing) for edge in picture.edges if edge.label and edge.source != edge.target),
        *(_node(number, node, drawing.boxes[node.key], tooltips) for number, node in enumerate(picture.nodes)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


_HEADS = "\n".join(
    f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9"'
    f' markerUnits="userSpaceOnUse" orient="auto"><path class="{style}" d="M0 1 10 5 0 9z"/></marker>'
    for name, style in (("dag-head", "head"), ("dag-broken", "head broken"))
)


def _legend(picture: Picture) -> str:
    dashed = "dashed: written in depends_on" if any(edge.written for edge in picture.edges) else ""
    red = "red: a cycle, or a task that does not exist" if any(edge.broken for edge in picture.edges) else ""
    solid = "solid: follows from what is read" if dashed else ""
    return " · ".join(filter(None, (picture.description, solid, dashed, red)))


def _description(picture: Picture) -> str:
    names = {node.key: node.name for node in picture.nodes}
    edges = "; ".join(f"{names[edge.source]} to {names[edge.target]}" for edge in picture.edges)
    return f"{picture.description}: {edges}." if edges else f"{picture.description}."


def _drawing(picture: Picture) -> _Drawing:
    heights = {node.key: 46.0 + 15.0 * len(node.remarks) + 6.0 * (node.shape == "loop") for node in picture.nodes}
    layout = layered(heights, [(edge.source, edge.target) for edge in picture.edges], _ROW_GAP)
    nodes = {node.key: node for node in picture.nodes}
    layer_of = {key: number for number, layer in enumerate(layout.layers) for key in layer}
    columns: list[tuple[float, float]] = []
    boxes: dict[str, Box] = {}
    x = _MARGIN
    for number, layer in enumerate(layout.layers):
        width = max([_NARROWEST, *(_width(nodes[key]) for key in layer)])
        for key in layer:
            boxes[key] = Box(x, _down(layout.centres[key]) - heights[key] / 2, width, heights[key])
        columns.append((x, x + width))
        x += width + _gap_after(number, picture, layer_of)
    return _Drawing(boxes, tuple(columns), layer_of, layout)


def _down(y: float) -> float:
    """A height of the layout in the picture."""
    return _MARGIN + _HEADING + y


def _width(node: Node) -> float:
    name = width_of(shortened(node.name), _NAME) * 1.06  # it is bold
    words = max(width_of(shortened(text), _WORDS) for text in (node.headline, *node.remarks))
    return max(name, words) + 2 * _PADDING


def _gap_after(layer: int, picture: Picture, layer_of: Mapping[str, int]) -> float:
    """Room for the edges, and for the longest label that stands there."""
    labels = [
        width_of(edge.label, _WORDS)
        for edge in picture.edges
        if layer in (layer_of[edge.source], layer_of[edge.target] - 1)
    ]
    return max([_COLUMN_GAP, *(width + 36.0 for width in labels)])


def _points(edge: Edge, drawing: _Drawing) -> list[tuple[float, float]]:
    """Where the edge leaves, enters and leaves each layer between, and arrives."""
    source, target = drawing.boxes[edge.source], drawing.boxes[edge.target]
    turned = (edge.source, edge.target) in drawing.layout.reversed
    left, right = (target, source) if turned else (source, target)
    first = drawing.layer_of[edge.target if turned else edge.source]
    points = [(left.x + left.width, left.middle)]
    for number, y in enumerate(drawing.layout.bends[edge.source, edge.target], first + 1):
        points += [(end, _down(y)) for end in drawing.columns[number]]
    points.append((right.x, right.middle))
    return points[::-1] if turned else points


def _edge(edge: Edge, drawing: _Drawing) -> str:
    style = " ".join(["edge", *(["written"] if edge.written else []), *(["broken"] if edge.broken else [])])
    head = "dag-broken" if edge.broken else "dag-head"
    says = "written in depends_on" if edge.written else "follows from what is read"
    title = f"{edge.source} → {edge.target}: " + "; ".join(filter(None, (says, ", ".join(edge.carries))))
    path = _loop(drawing.boxes[edge.source]) if edge.source == edge.target else _curve(_points(edge, drawing))
    return f'<path class="{style}" marker-end="url(#{head})" d="{path}"><title>{escape(title)}</title></path>'


def _curve(points: list[tuple[float, float]]) -> str:
    """Curves in the gaps between the layers, straight lines across them."""
    path = ["M{:.1f} {:.1f}".format(*points[0])]
    for number, ((ax, ay), (bx, by)) in enumerate(pairwise(points)):
        middle = (ax + bx) / 2
        if number % 2 == 0 and abs(ay - by) >= 0.5:
            path.append(f"C{middle:.1f} {ay:.1f} {middle:.1f} {by:.1f} {bx:.1f} {by:.1f}")
        else:
            if path[-1].startswith("L"):
                path.pop()
            path.append(f"L{bx:.1f} {by:.1f}")
    return "".join(path)


def _loop(box: Box) -> str:
    """An edge to where it came from, above the node."""
    end = box.x + box.width
    return f"M{end - 48:.1f} {box.y:.1f}c0 -22 28 -22 28 -1"


def _label(edge: Edge, drawing: _Drawing) -> str:
    """In the middle of the last curve: edges of one source may share the ones before."""
    (ax, ay), (bx, by) = _points(edge, drawing)[-2:]
    x, y = (ax + bx) / 2, (ay + by) / 2 + 4
    return f'<text class="label" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(edge.label)}</text>'


def _node(number: int, node: Node, box: Box, tooltip: bool) -> str:
    style = " ".join(["node", node.shape, *(["broken"] if node.broken else [])])
    return "\n".join(
        [
            f'<g class="{style}" data-node="{number}">',
            *([f"<title>{escape(_says(node))}</title>"] if tooltip else []),
            outline(node.shape, box.x, box.y, box.width, box.height),
            *_texts(node, box),
            "</g>",
        ]
    )


def _texts(node: Node, box: Box) -> Iterator[str]:
    x, y = box.x + _PADDING, box.y + (23 if node.shape == "table" else 20)
    yield f'<text class="name" x="{x:.1f}" y="{y:.1f}">{escape(shortened(node.name))}</text>'
    for number, (style, text) in enumerate([("words", node.headline), *(("remark", each) for each in node.remarks)], 1):
        yield f'<text class="{style}" x="{x:.1f}" y="{y + 2 + 15 * number:.1f}">{escape(shortened(text))}</text>'


def _says(node: Node) -> str:
    head = ", ".join((node.headline, *node.remarks))
    return "\n".join([f"{node.name}: {head}", *(f"{name}: {text}" for name, text in node.details)])
