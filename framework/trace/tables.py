"""What is known of tables: their commits, and their rows as they were at a version."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from framework.core import table_operations
from framework.trace.conditions import Row

LOADED_FROM, LOADED_AS = "framework.source.file", "framework.source.sha256"
"""Properties of a table that was loaded from a file."""
NO_TABLE = "there is no such table: it was dropped, or you are not allowed to see it"
CUT = "the history does not reach back to it any more"


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One version of a table. ``said`` is what the writer said about itself: nothing, unless it was a task of ours.

    ``rows`` were written, as far as it is known; ``properties`` of the table came with it.
    """

    version: int
    at: datetime | None
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)
    rows: int | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    who: str = ""

    @property
    def task_run_id(self) -> str:
        """The attempt that wrote it, or nothing."""
        return str(self.said.get("task_run_id") or "")

    @property
    def slice(self) -> Mapping[str, Any] | None:
        """The values whose rows it replaced, when it says so."""
        found = self.said.get("slice")
        return found if isinstance(found, dict) else None

    @property
    def is_data(self) -> bool:
        """Whether rows may have come with it."""
        return table_operations.is_data(self.operation)

    @property
    def is_whole(self) -> bool:
        """Whether all rows of the table came with it."""
        if table_operations.is_whole(self.operation):
            return True
        overwrites = str(self.parameters.get("mode")) == "Overwrite"
        return overwrites and not self.parameters.get("predicate") and self.slice is None


class Tables(Protocol):
    """Tables by their names in three parts. Every method raises FrameworkError when it cannot answer."""

    def latest(self, table: str) -> int | None:
        """Its version now; None when there is no such table."""

    def commit(self, table: str, version: int) -> Commit | None:
        """What made that version; None when its history does not reach back so far."""

    def commits(self, table: str, version: int) -> Iterator[Commit]:
        """From ``version`` back, as far as its history goes."""

    def beside(self, table: str) -> Sequence[str]:
        """The tables that there are, one of which may be meant when there is no ``table``."""

    def unreadable(self, table: str, version: int) -> str:
        """Why that version cannot be read any more, in one line; nothing when it can."""

    def types(self, table: str, version: int) -> Mapping[str, str]:
        """Its columns then, with their types in Delta's words."""

    def rows(self, table: str, version: int, conditions: Sequence[str], limit: int) -> list[Row]:
        """The rows then for which the conditions, in SQL, hold."""


def data_commit(tables: Tables, table: str, version: int) -> Commit | None:
    """What made the rows of that version: tagging or compacting a table makes a version, too, and no rows."""
    made = (commit for commit in tables.commits(table, version) if commit.is_data)
    return next(made, None) or tables.commit(table, version)


def same_data(tables: Tables, table: str, version: int) -> Iterator[int]:
    """The versions that have the rows of ``version``: from the one that made them on."""
    made = data_commit(tables, table, version)
    version = made.version if made else version
    yield version
    while (following := tables.commit(table, version + 1)) and not following.is_data:
        version += 1
        yield version


def commit_of(version: int, info: Mapping[str, Any]) -> Commit:
    """The commit that ``info`` tells of, as it stands in a table's log, or in the answer of DESCRIBE HISTORY."""
    parameters = {name: _json(value) for name, value in _mapping(info.get("operationParameters")).items()}
    metrics = _mapping(info.get("operationMetrics"))
    properties = parameters.get("properties")
    return Commit(
        version=version,
        at=info.get("timestamp"),
        operation=str(info.get("operation") or table_operations.UNKNOWN),
        parameters=parameters,
        said=_said(info.get("userMetadata")),
        rows=_rows(metrics),
        properties={k: str(v) for k, v in properties.items()} if isinstance(properties, dict) else {},
        engine=str(info.get("engineInfo") or ""),
        who=str(info.get("userName") or ""),
    )


def _mapping(value: Any) -> dict[str, Any]:
    found = _json(value)
    return found if isinstance(found, dict) else {}


def _said(text: Any) -> dict[str, Any]:
    found = _json(text)
    return found if isinstance(found, dict) else {}


def _json(text: Any) -> Any:
    """What ``text`` is as JSON; itself when it is none: writers differ in what they quote."""
    if not isinstance(text, str) or text[:1] not in "{[":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _rows(metrics: Mapping[str, Any]) -> int | None:
    """The new rows: replacing a slice also copies rows of other slices out of the files that it rewrites."""
    try:
        return int(metrics["numOutputRows"]) - int(metrics.get("numCopiedRows", 0))
    except (KeyError, TypeError, ValueError):
        return None
