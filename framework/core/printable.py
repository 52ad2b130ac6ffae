"""Other people's text, made fit for a terminal."""

import re

_ACTED_ON = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, but for those between lines and columns, and what turns the direction of writing."""


def printable(text: str) -> str:
    """``text`` with every character escaped that a terminal would act on or could not show."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def printable_lines(text: str) -> str:
    """``text`` with its lines, tabs and returns as they are, and what else a terminal would act on escaped."""
    return _ACTED_ON.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
