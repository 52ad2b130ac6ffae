"""The outline of a node, by its shape."""

from collections.abc import Callable

Outline = Callable[[float, float, float, float], str]


def outline(shape: str, x: float, y: float, width: float, height: float) -> str:
    """SVG elements around a node whose upper left corner is at ``x``, ``y``; sizes in pixels."""
    return _OUTLINES.get(shape, _rectangle)(x, y, width, height)


def _rectangle(x: float, y: float, width: float, height: float, radius: float = 6) -> str:
    return f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}"/>'


def _task(x: float, y: float, width: float, height: float) -> str:
    bar = f'<rect class="accent" x="{x + 5:.1f}" y="{y + 8:.1f}" width="3.5" height="{height - 16:.1f}" rx="1.7"/>'
    return _rectangle(x, y, width, height) + bar


def _condition(x: float, y: float, width: float, height: float) -> str:
    """A hexagon."""
    right, bottom, middle, tip = x + width, y + height, y + height / 2, 12.0
    corners = [
        *((x + tip, y), (right - tip, y), (right, middle)),
        *((right - tip, bottom), (x + tip, bottom), (x, middle)),
    ]
    return '<polygon class="box" points="{}"/>'.format(" ".join(f"{a:.1f},{b:.1f}" for a, b in corners))


def _loop(x: float, y: float, width: float, height: float) -> str:
    """A stack."""
    return "".join(_rectangle(x + d, y + d, width - 6, height - 6) for d in (6.0, 3.0, 0.0))


def _job(x: float, y: float, width: float, height: float) -> str:
    """A box with double sides, as flowcharts have it for what is defined elsewhere."""
    sides = (x + 6, x + width - 6)
    rules = "".join(
        f'<line class="rule" x1="{side:.1f}" y1="{y:.1f}" x2="{side:.1f}" y2="{y + height:.1f}"/>' for side in sides
    )
    return _rectangle(x, y, width, height, 2) + rules


def _table(x: float, y: float, width: float, height: float) -> str:
    """A cylinder."""
    across, tip = width / 2, 4.0
    body = (
        f"M{x:.1f} {y + tip:.1f}v{height - 2 * tip:.1f}a{across:.1f} {tip:g} 0 0 0 {width:.1f} 0"
        f"v{2 * tip - height:.1f}a{across:.1f} {tip:g} 0 0 0 {-width:.1f} 0z"
    )
    rim = f"M{x:.1f} {y + tip:.1f}a{across:.1f} {tip:g} 0 0 0 {width:.1f} 0"
    return f'<path class="box" d="{body}"/><path class="rule" d="{rim}"/>'


def _model(x: float, y: float, width: float, height: float) -> str:
    return _rectangle(x, y, width, height, height / 2)


_OUTLINES: dict[str, Outline] = {
    "task": _task,
    "condition": _condition,
    "loop": _loop,
    "job": _job,
    "table": _table,
    "model": _model,
}
