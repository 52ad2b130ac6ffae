"""The name that was probably meant."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from itertools import islice

from framework.spec.node_path import printable, quoted

_LONGEST = 60
"""Comparing longer names takes long, and nobody mistypes them."""
_MOST_COMPARED = 1000
_MOST_LISTED = 20


def close_match(name: str, names: Iterable[str]) -> str:
    """The nearest of ``names``, or nothing."""
    if len(name) > _LONGEST:
        return ""
    return next(iter(get_close_matches(name, list(islice(names, _MOST_COMPARED)), n=1)), "")


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest of ``names``, or nothing."""
    close = close_match(name, names)
    return f" (did you mean {quoted(close)}?)" if close else ""


def listed(names: Collection[str]) -> str:
    """``names`` with commas between them; of many, the first ones."""
    return ", ".join(map(printable, islice(names, _MOST_LISTED))) + (", …" if len(names) > _MOST_LISTED else "")
