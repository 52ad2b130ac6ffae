"""How long somebody waits for a workspace that does not answer, and what they are told meanwhile."""

import socket
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from framework.core.moments import shown

_SECOND_WAIT = 2.0
"""The client waits one second, then two: where nobody listens, another try is enough."""
_NEW = 30.0
"""Seconds after which a workspace has probably been there, and comes back."""


@dataclass
class Patience:
    """The clock of a client of databricks-sdk, which waits with it between two tries of a request.

    ``seconds`` is how long a request is tried again; with 0, nothing is said.
    """

    seconds: float = 0.0
    _began: float = field(default_factory=time.time)
    _told_until: float = 0.0

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait, and say so. Raises the error that the client handles, when nobody listens there or knows the host."""
        error = sys.exception()
        if error is not None and self.seconds:
            if not is_unreachable(error) or time.time() - self._began > _NEW:
                self._tell(error)
            elif seconds >= _SECOND_WAIT:
                raise error
        time.sleep(seconds)

    def _tell(self, error: BaseException) -> None:
        """Once for each time of waiting, whatever the number of requests."""
        if (now := time.time()) < self._told_until:
            return
        self._told_until = now + self.seconds
        busy = getattr(error, "retry_after_secs", None) is not None
        until = shown(datetime.fromtimestamp(self._told_until, UTC).isoformat())
        sys.stderr.write(f"{'the workspace is busy' if busy else 'no answer'}, trying again (until {until})\n")


def is_unreachable(error: BaseException) -> bool:
    """Whether nobody listens there, or nobody knows the host's name: waiting rarely helps."""
    return isinstance(_cause(error), ConnectionRefusedError | socket.gaierror)


def is_unknown_host(error: BaseException) -> bool:
    """Whether nobody knows the host's name."""
    return isinstance(_cause(error), socket.gaierror)


def _cause(error: BaseException) -> object:
    """The socket's own error, which requests and what it stands on wrap three times."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return getattr(reason, "__cause__", None)
