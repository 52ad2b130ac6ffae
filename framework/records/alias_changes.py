"""The ledger of aliases: which version of a model an alias stood for, since when, and who moved it."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from framework.core.errors import FrameworkError
from framework.core.model_notes import AliasMove

CHANGE_SCHEMA = 1
MOVED, REFUSED, UNKNOWN = "moved", "refused", "unknown"
_PUNCTUATION = re.compile(r"[-:.]")


@dataclass(frozen=True, kw_only=True)
class AliasChange(AliasMove):
    """A move of an alias of ``model``, for a ``reason``; ``id`` tells apart what happened at the same moment.

    ``result`` is ``moved``; ``refused`` when the workspace said no; ``unknown`` when nobody saw how it ended.
    """

    model: str
    reason: str = ""
    id: str = ""
    result: str = MOVED

    @property
    def name(self) -> str:
        """How its file is called: files sort by time."""
        return f"{_PUNCTUATION.sub('', self.moved_at.replace('+00:00', 'Z'))}-{self.id}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; fields may be added, never renamed."""
        return {"schema": CHANGE_SCHEMA, **asdict(self)}

    @classmethod
    def from_dict(cls, value: object) -> Self:
        """The inverse of ``as_dict``; fields that a newer version added are ignored. Raises FrameworkError."""
        if not isinstance(value, dict) or value.get("schema") != CHANGE_SCHEMA:
            raise FrameworkError("this is not the record of a moved alias")
        known = {each.name for each in fields(cls)}
        try:
            return cls(**{name: str(item) for name, item in value.items() if name in known})
        except TypeError as error:
            raise FrameworkError(f"the record of a moved alias is incomplete: {error}") from None


def of_description(model: str, description: str) -> list[AliasChange]:
    """The moves that runs made to a version, as its description tells of them."""
    return [AliasChange(model=model, **vars(move)) for move in AliasMove.lines_in(description)]


def in_order(changes: Iterable[AliasChange]) -> list[AliasChange]:
    """The oldest first."""
    return sorted(changes, key=lambda each: (each.moved_at, each.name))
