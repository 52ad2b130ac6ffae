"""Databricks' source format of notebooks: which files are notebooks, and how these begin."""

from pathlib import Path

COMMENTS = {".py": "#", ".r": "#", ".sql": "--", ".scala": "//"}
"""How a comment begins, by suffix."""
SUFFIXES = (*COMMENTS, ".ipynb")


def header(suffix: str) -> str:
    """The first line of a notebook with that suffix; of one that no notebook has, Python's."""
    return f"{COMMENTS.get(suffix.lower(), '#')} Databricks notebook source"


def is_notebook(file: Path) -> bool:
    """Whether the file says of itself that it is one; not of a file that cannot be read."""
    if (suffix := file.suffix.lower()) not in COMMENTS:
        return suffix == ".ipynb"
    try:
        with file.open("rb") as stream:
            first = stream.readline(100)
    except (OSError, ValueError):
        return False
    return first.decode("utf-8-sig", "replace").rstrip() == header(suffix)
