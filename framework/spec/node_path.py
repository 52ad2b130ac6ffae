"""The way to a node in a document, and how names from a file are shown in a message."""

import re

from framework.core.printable import printable

__all__ = ["NodePath", "format_path", "printable", "quoted"]

NodePath = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST = 60
_LONGEST_PATH = 160


def format_path(path: NodePath) -> str:
    """``("tasks", 3, "model")`` as ``tasks[3].model``; a key with other characters is quoted in brackets."""
    text = "".join(_step(step) for step in path).removeprefix(".")
    return text if len(text) <= _LONGEST_PATH else f"{text[: _LONGEST_PATH // 2]}…{text[-_LONGEST_PATH // 2 :]}"


def quoted(text: str) -> str:
    """``text`` in single quotes on one line, cut when it is long, with unprintable characters escaped."""
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f"'{printable(short)}'"


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) and len(step) <= _LONGEST else f"[{quoted(step)}]"
