"""Databricks' source format of notebooks: which files are notebooks, and how these begin."""

from pathlib import Path

COMMENTS = {".py": "#", ".r": "#", ".sql": "--", ".scala": "//"}
"""How a comment begins, by suffix."""
SUFFIXES = (*COMMENTS, ".ipynb")
_LONGEST = 100


def header(suffix: str) -> str:
    """The first line of a notebook with that suffix; of one that no notebook has, Python's."""
    return f"{COMMENTS.get(suffix.lower(), '#')} Databricks notebook source"


def is_notebook(file: Path) -> bool:
    """Whether the file says of itself that it is one; not of a file that cannot be read."""
    try:
        with file.open("rb") as stream:
            first = stream.readline(_LONGEST)
    except (OSError, ValueError):
        first = b""
    return begins_as_notebook(file.suffix, first)


def begins_as_notebook(suffix: str, content: bytes) -> bool:
    """The same of a file with that suffix, and with content that begins so."""
    if (suffix := suffix.lower()) not in COMMENTS:
        return suffix == ".ipynb"
    first = content[:_LONGEST].decode("utf-8-sig", "replace").partition("\n")[0]
    return first.rstrip() == header(suffix)
