"""What a trace begins with, as it is written on the command line."""

import re
from dataclasses import dataclass
from typing import Literal

from framework.core.errors import UsageError

Kind = Literal["run", "release", "mlflow_run", "table", "alias", "model"]
_PART = r"[A-Za-z_][A-Za-z0-9_-]*"
_NAME = rf"(?:{_PART}\.)?{_PART}\.{_PART}"
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_SHAPES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("run", re.compile(r"(?P<name>last|[0-9]{1,30})")),
    ("release", re.compile(r"(?P<name>[0-9a-f]{16}|local-[0-9a-f]+)")),
    ("mlflow_run", re.compile(r"(?P<name>[0-9a-f]{32})")),
    ("table", re.compile(rf"(?P<name>{_NAME})(?:@v?(?P<version>[0-9]{{1,18}}))?")),
    ("alias", re.compile(rf"(?P<name>{_NAME})@(?P<version>{_PART})")),
    ("model", re.compile(rf"(?P<name>{_NAME})/v?(?P<version>[1-9][0-9]{{0,17}})")),
)


@dataclass(frozen=True)
class Subject:
    """A thing by its name; ``version`` is that of a table or model, or a model's alias. Empty: none was named."""

    kind: Kind
    name: str
    version: str = ""


def parse(text: str) -> Subject:
    """The thing that ``text`` names. Raises UsageError when it can be none."""
    for kind, shape in _SHAPES:
        if match := shape.fullmatch(text):
            return Subject(kind, match["name"], match.groupdict().get("version") or "")
    if _COMMIT.fullmatch(text):
        raise UsageError(f"'{text}' is a commit, of which there may be many runs", f"framework runs --commit {text}")
    raise UsageError(
        f"'{text}' is nothing that can be traced",
        "A run (its number, or last), a release, schema.model@alias, schema.model/3, schema.table or schema.table@12.",
    )


def completed(name: str, catalog: str, prefix: str = "") -> str:
    """``name`` in three parts: ``schema.table`` lies in ``catalog``, in development in a schema of one's own."""
    return name if name.count(".") == 2 else f"{catalog}.{prefix}{name}"
