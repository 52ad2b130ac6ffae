"""A value from a file together with where it stands: what a finding is made of."""

from dataclasses import dataclass
from typing import Any, Protocol

from framework.core.diagnostics import Diagnostic, Location
from framework.spec.node_path import NodePath, format_path


class Places(Protocol):
    """What knows the places of values: a document, or a target made of several."""

    def location(self, path: NodePath) -> Location | None:
        """The place of the value at ``path``, or of its nearest ancestor."""

    def key_location(self, path: NodePath) -> Location | None:
        """The place of the key that ``path`` ends with."""

    def written(self, path: NodePath) -> str | None:
        """How a scalar that is no text was written."""


@dataclass(frozen=True)
class Entry:
    """The ``value`` at ``path`` in ``places``."""

    places: Places
    path: NodePath
    value: Any

    def at(self, below: NodePath) -> "Entry":
        """The entry further down, at a path that exists."""
        value = self.value
        for step in below:
            value = value[step]
        return Entry(self.places, (*self.path, *below), value)

    def finding(self, summary: str, hint: str = "", below: NodePath = ()) -> Diagnostic:
        """A finding about this value, or about one further down."""
        path = (*self.path, *below)
        return Diagnostic(summary, self.places.location(path), format_path(path), hint)

    def key_finding(self, summary: str, hint: str, key: str) -> Diagnostic:
        """A finding about ``key`` of this mapping."""
        path = (*self.path, key)
        return Diagnostic(summary, self.places.key_location(path), format_path(path), hint)

    def written(self) -> str | None:
        """How the value was written, when it is a number or a word and no text."""
        return self.places.written(self.path)

    @property
    def fields(self) -> dict[str, Any]:
        """The value when it is a mapping, else nothing."""
        return self.value if isinstance(self.value, dict) else {}
