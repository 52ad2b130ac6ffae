"""The name that was probably meant."""

from collections.abc import Collection, Iterable
from difflib import SequenceMatcher
from itertools import islice

from framework.spec.node_path import printable, quoted

_LONGEST = 60
"""Comparing longer names takes long, and nobody mistypes them."""
_MOST_COMPARED = 1000
_MOST_LISTED = 20
_NEAR = 0.6
_STEPS_OF_A_RUN = 5_000_000
"""Pairs of characters, which take less than half a second. Who mistypes more has seen enough suggestions."""


class _Budget:
    """What is left for comparisons in this run."""

    steps = _STEPS_OF_A_RUN


def begin_run() -> None:
    """From here on there is time for suggestions again."""
    _Budget.steps = _STEPS_OF_A_RUN


def close_match(name: str, names: Iterable[str]) -> str:
    """The nearest of ``names``, or nothing."""
    if len(name) > _LONGEST:
        return ""
    nearest, best = "", _NEAR
    matcher = SequenceMatcher()
    matcher.set_seq2(name)
    for each in islice(names, _MOST_COMPARED):
        matcher.set_seq1(each)
        if matcher.real_quick_ratio() < best or _Budget.steps <= 0:
            continue
        _Budget.steps -= len(each) + len(name)
        if matcher.quick_ratio() < best:
            continue
        _Budget.steps -= len(each) * len(name)
        if (ratio := matcher.ratio(), each) >= (best, nearest):
            best, nearest = ratio, each
    return nearest


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest of ``names``, or nothing."""
    close = close_match(name, names)
    return f" (did you mean {quoted(close)}?)" if close else ""


def listed(names: Collection[str]) -> str:
    """``names`` with commas between them; of many, the first ones."""
    return ", ".join(map(printable, islice(names, _MOST_LISTED))) + (", …" if len(names) > _MOST_LISTED else "")
