"""What one look before a deployment found."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from framework.core.errors import DatabricksError, FrameworkError
from framework.deploy.workspace import asking


class CheckState(StrEnum):
    """Only what is MISSING stops a deployment. UNKNOWN is what nobody would tell us: never the same as OK."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """``found`` says in one line what is there, without any secret; ``advice`` what to do, a command a line."""

    name: str
    state: CheckState
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The entry of ``-o json``; fields may be added, never renamed."""
        return {"name": self.name, "state": str(self.state), "found": self.found, "advice": self.advice}


def answered(name: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    """The checks of ``look``, or UNKNOWN when the workspace does not answer it."""
    try:
        with asking(f"look at the {name}"):
            return list(look())
    except DatabricksError as error:
        return [Check(name, CheckState.UNKNOWN, error.message, error.hint)]


def missing(checks: Iterable[Check]) -> tuple[str, ...]:
    """The names of what is missing, each once: without it nothing should be deployed."""
    return tuple(dict.fromkeys(check.name for check in checks if check.state is CheckState.MISSING))


def require_ready(checks: Sequence[Check], refusal: str, hint: str) -> None:
    """Raises FrameworkError, with the checks as details, when something is missing; it begins with ``refusal``."""
    if names := missing(checks):
        error = FrameworkError(f"{refusal}: something is missing ({', '.join(names)})", hint)
        with telling(checks):
            raise error


@contextmanager
def telling(checks: Iterable[Check]) -> Iterator[None]:
    """An error that the block ends with has the checks as details, for a machine."""
    try:
        yield
    except FrameworkError as error:
        error.details["preflight"] = [check.as_dict() for check in checks]
        raise
