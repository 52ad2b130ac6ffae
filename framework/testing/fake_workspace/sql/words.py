"""Names, texts and lists in a statement."""

import re

from framework.core.ops_tables import Column

_PART = r"(?:`[^`]+`|[A-Za-z_]\w*)"
NAME = rf"{_PART}(?:\.{_PART}){{0,2}}"
"""A name of up to three parts."""
TEXT = r"'(?:[^'\\]|\\.|'')*'"
"""A literal."""
_COLUMN = re.compile(r"\s*`?(?P<name>\w+)`?\s*[: ]\s*(?P<type>[A-Za-z]+)")
"""Up to the brackets of the type: those are counted."""
_COMMENT = re.compile(rf"\s*COMMENT\s+({TEXT})", re.IGNORECASE)
_PAIR = re.compile(rf"({TEXT})\s*=\s*({TEXT})")


def plain_name(name: str) -> str:
    """``prod.ops.task_runs`` of a name in backquotes: Unity Catalog does not tell capital letters from small ones."""
    return name.replace("`", "").lower()


def plain_text(literal: str | None) -> str:
    """What a literal says; nothing without one."""
    return re.sub(r"\\(.)|'(')", r"\1\2", (literal or "''")[1:-1])


def pairs_in(text: str) -> dict[str, str]:
    """``'name' = 'value', …``."""
    return {plain_text(name): plain_text(value) for name, value in _PAIR.findall(text)}


def columns_in(text: str) -> tuple[Column, ...]:
    """``name TYPE COMMENT 'text', …``: of a table, or of a struct."""
    columns, place = [], 0
    while found := _COLUMN.match(text, place):
        place = _end_of_type(text, found.start("type"))
        kind = text[found.start("type") : place].strip()
        comment = _COMMENT.match(text, place)
        place = comment.end() if comment else place
        columns.append(Column(found["name"], kind, plain_text(comment[1]) if comment else ""))
        place += len(text[place:]) - len(text[place:].lstrip().removeprefix(","))
    return tuple(columns)


def _end_of_type(text: str, begun: int) -> int:
    """Where a type ends that begins there: at a space, a comma or the end, outside of brackets."""
    depth = 0
    for place in range(begun, len(text)):
        depth += (text[place] == "<") - (text[place] == ">")
        if not depth and text[place] in " ,\n":
            return place
    return len(text)
