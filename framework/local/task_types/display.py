"""What a notebook shows, as text for a log."""

from typing import Any

ROWS = 20
"""Rows of a table that are printed."""


def display(value: Any = None, *_: Any, **__: Any) -> None:
    """Print a DataFrame of Spark or pandas as a table, and anything else as Python shows it."""
    if callable(getattr(value, "show", None)) and hasattr(value, "schema"):
        _show(value)
    elif hasattr(value, "to_string") and hasattr(value, "head"):
        print(value.to_string(max_rows=ROWS))
    elif value is not None:
        print(repr(value))


def display_html(html: str) -> None:
    """Say that there is a page: a log cannot show it."""
    print(f"(HTML of {len(str(html)):,} characters, which a log cannot show)")


def shown(value: object) -> None:
    """Print the value that a cell ends with, as a notebook does."""
    if value is not None:
        print(repr(value))


def _show(frame: Any) -> None:
    if getattr(frame, "isStreaming", False):
        print(f"(a stream, which a log cannot show: {frame!r})")
    else:
        frame.show(ROWS, truncate=60)
