"""Several documents laid over each other: maps merge, everything else replaces."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from framework.core.diagnostics import Location
from framework.spec.node_path import NodePath
from framework.spec.yaml_source import Document


@dataclass(frozen=True)
class Layers:
    """Documents, the one that wins last. Knows the place of every value that won."""

    documents: tuple[Document, ...]

    def location(self, path: NodePath) -> Location | None:
        """The place of the value that won, or of its nearest ancestor; None without documents."""
        winner = self._winner(path)
        return winner.location(path) if winner else None

    def key_location(self, path: NodePath) -> Location | None:
        """The place of the key that ``path`` ends with, in the document that won."""
        winner = self._winner(path)
        return winner.key_location(path) if winner else None

    def written(self, path: NodePath) -> str | None:
        """How a scalar that is no text was written."""
        winner = self._winner(path)
        return winner.written(path) if winner else None

    def _winner(self, path: NodePath) -> Document | None:
        """The last document of those that know most of ``path``."""
        return max(reversed(self.documents), key=lambda document: document.depth(path), default=None)


def merged(values: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One mapping out of several, a later one over the earlier ones."""
    result: dict[str, Any] = {}
    for value in values:
        result = {**result, **{key: _over(result.get(key), new) for key, new in value.items()}}
    return result


def _over(old: Any, new: Any) -> Any:
    return merged([old, new]) if isinstance(old, dict) and isinstance(new, dict) else new
