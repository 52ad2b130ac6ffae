"""The task graph as one page: the picture to move and zoom, and what each task says. It needs no network."""

import base64
import hashlib
from html import escape
from pathlib import Path

from framework.console.graph.picture import DATA, Node, Picture
from framework.console.graph.svg import as_svg

_STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
_SCRIPT = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
# Whatever a pipeline's names hold: the browser runs this script and no other, and loads nothing.
_POLICY = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_HASH}'"


def as_html(picture: Picture) -> str:
    """The page of ``picture``. Without scripts it lists every task below the graph."""
    title = escape(picture.title)
    lines = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n<main>",
        f'<div id="graph">\n{as_svg(picture, tooltips=False)}</div>',
        f'<div class="tasks">\n<h1>{title}: {escape(picture.description)}</h1>',
        '<p class="hint">Point at a task to read about it. Drag to move, scroll to zoom, double-click to see all.</p>',
        *(_section(number, node, picture) for number, node in enumerate(picture.nodes)),
        f"</div>\n</main>\n<script>{_SCRIPT}</script>\n</body>\n</html>",
    ]
    return "\n".join(lines) + "\n"


def _section(number: int, node: Node, picture: Picture) -> str:
    rows = [*_around(node, picture), *node.details]
    words = " · ".join((node.headline, *node.remarks))
    terms = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>\n" for name, text in rows)
    heading = f"<h2>{escape(node.name)}</h2>\n<p>{escape(words)}</p>"
    return f'<section id="node-{number}">\n{heading}\n<dl>\n{terms}</dl>\n</section>'


def _around(node: Node, picture: Picture) -> list[tuple[str, str]]:
    """What comes before the node and after it."""
    names = {each.key: each.name for each in picture.nodes}
    before = [names[e.source] + (f" [{e.label}]" if e.label else "") for e in picture.edges if e.target == node.key]
    after = [names[e.target] for e in picture.edges if e.source == node.key]
    words = ("written by", "read by") if node.shape in DATA else ("after", "before")
    return [(word, ", ".join(found)) for word, found in zip(words, (before, after), strict=True) if found]
