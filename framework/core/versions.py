"""Version numbers, and the oldest Databricks CLI that deploys."""

import re

Version = tuple[int, ...]
MINIMUM_CLI: Version = (1, 14)
"""The Databricks CLI that deployments are tried with."""


def version_in(text: str) -> Version:
    """The first number with a dot in ``text``, or nothing."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return version(match[0]) if match else ()


def version(text: str) -> Version:
    """``4.2.0.dev1`` as (4, 2, 0)."""
    match = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def dotted(number: Version) -> str:
    """(1, 14) as ``1.14``."""
    return ".".join(map(str, number))
