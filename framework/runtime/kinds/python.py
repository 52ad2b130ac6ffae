"""``python``: any function of the project."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from framework.core.identifiers import Entrypoint, TableRead, TableWritten
from framework.runtime.kinds.options import STRICT, WriteMode


@dataclass(frozen=True, kw_only=True)
class Python:
    """Calls the project's function and writes what it returns.

    One DataFrame for one table in ``writes``; ``{name: DataFrame}`` for several, under the names given there; nothing
    when ``writes`` is left out.
    """

    entrypoint: Entrypoint
    reads: dict[str, TableRead] = field(default_factory=dict)
    writes: TableWritten | dict[str, TableWritten] | None = None
    params: dict[str, Any] = field(default_factory=dict)
    write_mode: WriteMode = "overwrite"
    __pydantic_config__: ClassVar = STRICT
