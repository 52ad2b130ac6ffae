"""The columns of the tables that this process read and wrote, by the hash that stands for them in its record."""

from collections.abc import Sequence

from framework.core.task_run import schema_hash

_seen: dict[str, tuple[tuple[str, str], ...]] = {}


def seen(columns: Sequence[tuple[str, str]]) -> str:
    """The hash of ``columns``: each its name and its type."""
    digest = schema_hash(columns)
    _seen[digest] = tuple(columns)
    return digest


def columns_of(digest: str) -> tuple[tuple[str, str], ...]:
    """The columns with that hash; none where this process has not seen them."""
    return _seen.get(digest, ())
