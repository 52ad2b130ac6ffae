"""What a plain scalar means: YAML 1.2's core schema, with fewer surprises.

Only ``true``, ``false``, ``null`` and ``~`` (with their capitals) and decimal numbers are more than text. ``no``,
``on``, dates, ``12:30:45``, and whatever begins with a needless 0 (``007``, ``0x1F``) stay the text they look like.
"""

import math
import re

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
SWITCHES = frozenset(
    word for plain in ("yes", "no", "on", "off") for word in (plain, plain.capitalize(), plain.upper())
)
"""Unquoted, YAML 1.1 reads these as true and false; here they are text."""
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_FIRST_CHARACTERS = frozenset("~nNtTfF+-.0123456789")
_LARGEST_INT = 2**63
_MAX_DIGITS = 400


def plain_value(text: str) -> str | int | float | bool | None:
    """The value of an unquoted ``text``. Raises ValueError for a number that no JSON reader would keep."""
    if text and text[0] not in _FIRST_CHARACTERS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("is not a finite number")
    if _FLOAT.fullmatch(text):
        return _number(text)
    return text


def _number(text: str) -> int | float:
    too_large = ValueError("is too large for a number")
    if len(text) > _MAX_DIGITS:
        raise too_large
    value = int(text) if _INT.fullmatch(text) else float(text)
    if not (abs(value) < _LARGEST_INT if isinstance(value, int) else math.isfinite(value)):
        raise too_large
    return value
