"""The name that was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 60
"""Comparing longer names takes long, and nobody mistypes them."""


def close_match(name: str, names: Iterable[str]) -> str:
    """The nearest of ``names``, or nothing."""
    return next(iter(get_close_matches(name, list(names), n=1)), "") if len(name) <= _LONGEST else ""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest of ``names``, or nothing."""
    close = close_match(name, names)
    return f" (did you mean '{close}'?)" if close else ""
