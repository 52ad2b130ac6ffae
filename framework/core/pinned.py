"""What a task that is done once more is given as it was the first time, whatever has become current since."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """``tables`` are versions by name in three parts; a table that is not among them is read as it is now.

    Of a gate: ``candidate`` is the MLflow run of the model that it measured, ``rival`` the version that this had to
    beat; empty where there was none.
    """

    tables: Mapping[str, int] = field(default_factory=dict)
    candidate: str = ""
    rival: str = ""

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of ``to_json``. Raises ValueError or TypeError."""
        return cls(**json.loads(text))
