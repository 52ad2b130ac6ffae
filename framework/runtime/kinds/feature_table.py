"""``feature_table``: a table of features with a primary key."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from framework.core.identifiers import Entrypoint, TableRead, TableWritten
from framework.runtime.kinds.options import STRICT, WriteMode


@dataclass(frozen=True, kw_only=True)
class FeatureTable:
    """Computes features with the project's function and writes them as a table.

    The function returns one DataFrame. ``primary_keys`` must be unique and not null; the write is refused as a whole
    when they are not.
    """

    entrypoint: Entrypoint
    reads: dict[str, TableRead] = field(default_factory=dict)
    writes: TableWritten
    primary_keys: list[str]
    params: dict[str, Any] = field(default_factory=dict)
    write_mode: WriteMode = "overwrite"
    __pydantic_config__: ClassVar = STRICT
