"""What one look at the machine found."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """A problem keeps something from working; a warning may."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Purpose(StrEnum):
    """What somebody wants to do."""

    RUN = "run"
    DEPLOY = "deploy"


@dataclass(frozen=True)
class Checkup:
    """``found`` is there in one line, without any secret; ``advice`` says what to do where something is missing.

    ``purpose`` is what needs it.
    """

    name: str
    purpose: Purpose
    state: State
    found: str
    advice: str = ""


def ready_for(purpose: Purpose, checkups: tuple[Checkup, ...]) -> bool:
    """Whether nothing keeps ``purpose`` from working. A deployment needs only what a run does not."""
    return not any(each.state is State.PROBLEM and each.purpose is purpose for each in checkups)
