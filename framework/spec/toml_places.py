"""Where a key stands in a TOML file: the standard library's reader does not say."""

import re
from collections.abc import Iterator

_TABLE = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_STEP = re.compile(r"[\w-]+|\"[^\"]*\"|'[^']*'")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")

Place = tuple[int, int]
"""Line and column, from 1."""


def place_of(text: str, path: tuple[str, ...]) -> Place:
    """Where ``path`` is written in ``text``, or what holds it; the beginning when neither is found."""
    best, found = 0, (1, 1)
    for written, place in _keys(text):
        if written[: len(path)] == path:
            return place
        if path[: len(written)] == written and len(written) > best:
            best, found = len(written), place
    return found


def place_in(message: str) -> Place:
    """The place that the reader's ``message`` about broken TOML names."""
    match = _AT.search(message)
    return (int(match[1]), int(match[2])) if match else (1, 1)


def _keys(text: str) -> Iterator[tuple[tuple[str, ...], Place]]:
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.fullmatch(line):
            table = _steps(header[1])
            yield table, (number, line.index("[") + 1)
        elif key := _KEY.match(line):
            yield (*table, *_steps(key[1])), (number, key.start(1) + 1)


def _steps(text: str) -> tuple[str, ...]:
    return tuple(step.strip("\"'") for step in _STEP.findall(text))
