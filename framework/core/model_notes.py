"""What the description of a model version says for machines: the columns of the model, and moves of aliases to it.

A registry shows descriptions to people, and every client of it can read them, where tags are out of reach of some.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

_SIGNATURE = "Signature: "
_MOVE = re.compile(r"Alias (?P<alias>\S+): from (?P<before>\S+) to (?P<after>\S+) at (?P<moved_at>\S+) by (?P<by>.+)")
_NONE = "none"
_KEPT = "kept "


@dataclass(frozen=True)
class Signature:
    """The columns that a model takes and gives, each as ``name type``; one that may be left out ends with ``?``."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def as_line(self) -> str:
        """A line of a description."""
        return _SIGNATURE + json.dumps({"inputs": self.inputs, "outputs": self.outputs}, ensure_ascii=False)

    @classmethod
    def of(cls, description: str) -> Self | None:
        """The one in a description, if it has one that can be read."""
        for line in description.splitlines():
            if line.startswith(_SIGNATURE):
                try:
                    said = json.loads(line.removeprefix(_SIGNATURE))
                    return cls(tuple(map(str, said["inputs"])), tuple(map(str, said["outputs"])))
                except (ValueError, TypeError, KeyError):
                    return None
        return None

    def misfits(self, live: Self) -> tuple[str, ...]:
        """Why a model with this signature cannot take the place of a ``live`` one; nothing when it can.

        It is given the columns that the live one takes, and whoever reads its predictions expects those of that.
        """
        given = {column.removesuffix("?") for column in live.inputs}
        lacks = [column for column in self.inputs if not column.endswith("?") and column not in given]
        gone = [column for column in live.outputs if column not in self.outputs]
        return (*(f"it takes '{column}'" for column in lacks), *(f"it does not give '{column}'" for column in gone))


@dataclass(frozen=True, kw_only=True)
class AliasMove:
    """One move of ``alias`` between versions (``before`` may be empty), by whom; ``moved_at`` is ISO 8601 in UTC."""

    alias: str
    before: str
    after: str
    moved_at: str
    by: str

    def as_line(self) -> str:
        """A line of the description of the version that it moved to."""
        return f"Alias {self.alias}: from {self.before or _NONE} to {self.after} at {self.moved_at} by {self.by}"

    @classmethod
    def lines_in(cls, description: str) -> Iterator[Self]:
        """The moves that a description tells of, in their order."""
        for line in description.splitlines():
            if match := _MOVE.fullmatch(line):
                before = match["before"]
                yield cls(**{**match.groupdict(), "before": "" if before == _NONE else before})


def kept(alias: str, version: str, why: str) -> str:
    """What a task notes that registered nothing: the version that is live stays."""
    return f"{_KEPT}{alias} v{version}: {why}"


def says_kept(kind: str, notes: Iterable[str] | None) -> bool:
    """Whether a task with these notes kept the model that its record names, and did not register it."""
    return kind == "register_model" and any(note.startswith(_KEPT) for note in notes or ())


def with_moves_of(description: str, earlier: str) -> str:
    """``description`` with the moves that ``earlier``, which it replaces, tells of: they are history."""
    moves = [move.as_line() for move in AliasMove.lines_in(earlier)]
    return "\n".join(filter(None, (description, *moves)))
