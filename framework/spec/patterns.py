"""The two ways in which a policy says which texts it allows.

A pattern is a regular expression that has to match a name as a whole. It is matched in linear time, so that no pattern
makes a check hang. In a list of values, ``*`` stands for any characters.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Self

from pydantic import StringConstraints, TypeAdapter

_HEAVIEST = 40_000
_SMALLEST = 20
_WEIGHTS = {r"\w": 50, r"\W": 50, r"\p": 50, r"\P": 50, r"\d": 5, r"\D": 5}
"""What a match needs for it, against one character of ASCII: letters of all languages are many."""
_TOKEN = re.compile(r"\\[pP](?:\{[^{}]*\}|.)|\\.|\{\s*(\d*)\s*(?:,\s*(\d*)\s*)?\}|\[\^?\]?|[^\s]", re.DOTALL)
_FREE_SPACING = re.compile(r"\(\?[a-zA-Z]*x")

_LONG_LIST = 20


def matches(pattern: str, text: str) -> bool:
    """Whether ``pattern`` matches all of ``text``."""
    return bool(_validator(_whole(pattern)).isinstance_python(text))


def problem_with_pattern(pattern: str) -> str:
    """Why ``pattern`` is no regular expression; nothing when it is one."""
    try:
        if ")" in pattern:  # In the group that makes it match as a whole, 'a)(b' would look sound.
            _compiled(pattern)
        _validator(_whole(pattern))
    except Exception as error:  # its class is of the package below pydantic
        return str(error).rstrip().rpartition("\n")[2].strip().removeprefix("error: ").removeprefix("SchemaError: ")
    return ""


def too_many(patterns: Iterable[str]) -> bool:
    """Whether to compile these would take seconds, or much memory."""
    left = _HEAVIEST
    return any((left := left - _SMALLEST - _weight(each)) < 0 for each in patterns)


def is_among(text: str, allowed: Iterable[str]) -> bool:
    """Whether ``text`` is one of the values ``allowed``, in which ``*`` stands for any characters."""
    if isinstance(allowed, Sequence) and len(allowed) > _LONG_LIST:
        return _index(allowed).holds(text)
    return any(_fits(text, each) for each in allowed)


@dataclass(frozen=True)
class _Index:
    """A long list of values: those without ``*``, and the others by what stands before it."""

    values: Sequence[str]
    whole: frozenset[str]
    by_start: dict[str, list[str]]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, values: Sequence[str]) -> Self:
        by_start: dict[str, list[str]] = {}
        for each in values:
            start, star, _ = each.partition("*")
            if star:
                by_start.setdefault(start, []).append(each)
        whole = frozenset(each for each in values if "*" not in each)
        return cls(values, whole, by_start, tuple(sorted({len(start) for start in by_start})))

    def holds(self, text: str) -> bool:
        near = (each for length in self.lengths for each in self.by_start.get(text[:length], ()))
        return text in self.whole or any(_fits(text, each) for each in near)


_INDEXES: dict[int, _Index] = {}
"""By the identity of the list. Each keeps its list, so that no other one gets that identity."""


def _index(values: Sequence[str]) -> _Index:
    found = _INDEXES.get(id(values))
    if found is None or found.values is not values:
        if len(_INDEXES) >= _LONG_LIST:
            _INDEXES.clear()
        found = _INDEXES[id(values)] = _Index.of(values)
    return found


def _fits(text: str, allowed: str) -> bool:
    first, *others = allowed.split("*")
    if not others:
        return text == allowed
    at, last = len(first), others.pop()
    if not text.startswith(first) or not text[at:].endswith(last):
        return False
    for part in others:
        if (found := text.find(part, at, len(text) - len(last))) < 0:
            return False
        at = found + len(part)
    return True


def _weight(pattern: str) -> int:
    """How large ``pattern`` gets when its repetitions are spelled out; rather too much than too little."""
    groups, last, most = [("", 0)], 0, 1
    for token in _TOKEN.finditer(pattern):
        written, (opening, weight) = token[0], groups[-1]
        if written[0] == "{" and written[-1] == "}":
            times = max(int((each or "")[:6] or 0) for each in token.groups())
            more = last * max(times - 1, 0)
            groups[-1], last, most = (opening, weight + more), last + more, max(most, times)
        elif written[0] == "[" or (written == "(" and opening != "["):
            groups.append((written[0], 0))
        elif (opening == "[" and written == "]") or (opening == "(" and written == ")"):
            groups.pop()
            last = weight
            groups[-1] = (groups[-1][0], groups[-1][1] + weight)
        else:
            last = _WEIGHTS.get(written[:2], 1)
            groups[-1] = (opening, weight + last)
    total = sum(weight for _, weight in groups)
    return total * most if _FREE_SPACING.search(pattern) else total


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


@cache
def _validator(whole: str) -> Any:
    return _compiled(whole)


def _compiled(pattern: str) -> Any:
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)]).validator
