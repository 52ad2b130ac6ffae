"""Values that several kinds take as options."""

from dataclasses import dataclass
from typing import ClassVar, Literal

STRICT = {"extra": "forbid"}
"""Makes pydantic refuse unknown fields of a dataclass (as ``__pydantic_config__``), without importing pydantic here."""


@dataclass(frozen=True, kw_only=True)
class ReplaceWhere:
    """Replace the rows whose columns have this run's values.

    ``logical_date`` is the run's logical date; any other column takes the parameter of the same name.
    """

    replace_where: list[str]
    __pydantic_config__: ClassVar = STRICT


WriteMode = Literal["overwrite", "append"] | ReplaceWhere


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Bounds that a metric must keep, both inclusive."""

    min: float | None = None
    max: float | None = None
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class Beats:
    """The live model that a candidate must not be worse than, on the same rows. Ties pass."""

    alias: str = "champion"
    metric: str = ""
    lower_is_better: bool = True
    __pydantic_config__: ClassVar = STRICT
