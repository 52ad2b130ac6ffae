"""``batch_inference``: scores a table with a registered model."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from framework.core.identifiers import Entrypoint, ModelRead, TableRead, TableWritten
from framework.runtime.kinds.options import STRICT, ReplaceWhere, WriteMode


def _by_logical_date() -> WriteMode:
    return ReplaceWhere(replace_where=["logical_date"])


@dataclass(frozen=True, kw_only=True)
class BatchInference:
    """Scores rows with ``model`` and writes them with the predictions, the model's version and the logical date.

    ``reads`` names one table, or ``entrypoint`` makes the rows out of several. ``where`` is a SQL predicate over the
    rows' columns and ``logical_date``: the rows to score. ``columns`` are the ones to keep beside the predictions
    (left out: all of them).
    """

    model: ModelRead
    reads: dict[str, TableRead]
    writes: TableWritten
    entrypoint: Entrypoint | None = None
    params: dict[str, Any] = field(default_factory=dict)
    where: str | None = None
    columns: list[str] | None = None
    write_mode: WriteMode = field(default_factory=_by_logical_date)
    __pydantic_config__: ClassVar = STRICT
