"""The engine's attempts: which process and Spark session belong to whom, and how a process ended."""

import os
import uuid
from dataclasses import dataclass, field
from typing import Any

from framework.local.children import wait_status
from framework.local.clients import Client
from framework.local.process import kill_family, kill_group


@dataclass(eq=False)
class RunningAttempt:
    """An attempt from its fork until its Spark session is closed. ``status`` is its wait status once it has ended."""

    client: Client
    attempt_id: str
    pid: int = 0
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    canceled: bool = False
    status: int | None = None

    def cancel(self) -> None:
        """Kill its process, if that is still there."""
        if self.status is None:
            self.canceled = True
            kill_family(self.pid)

    def has_ended(self) -> bool:
        """Whether its process has ended since the last question; what it left behind in its group is killed then."""
        if self.status is None and (status := wait_status(self.pid)) is not None:
            self.status = status
            kill_group(self.pid)
            return True
        return False

    def outcome(self) -> dict[str, Any]:
        """The fields of an AttemptEnded."""
        code = os.waitstatus_to_exitcode(self.status or 0)
        return {
            "attempt_id": self.attempt_id,
            "exit_code": code if code >= 0 else None,
            "signal": -code if code < 0 else None,
            "canceled": self.canceled,
        }


@dataclass(frozen=True)
class AttemptTable:
    """The attempts that are not reported yet, by their Spark session."""

    _by_session: dict[str, RunningAttempt] = field(default_factory=dict)

    def add(self, running: RunningAttempt) -> None:
        """Take in an attempt whose process has been forked."""
        self._by_session[running.session_id] = running

    def remove(self, session_id: str) -> RunningAttempt:
        """Hand out an attempt that is over."""
        return self._by_session.pop(session_id)

    def __len__(self) -> int:
        return len(self._by_session)

    def of(self, client: Client) -> list[RunningAttempt]:
        """Everything that ``client`` started and that is not over."""
        return [running for running in self._by_session.values() if running.client is client]

    def pids(self) -> set[int]:
        """The processes that have not ended, as far as we know."""
        return {running.pid for running in self._by_session.values() if running.status is None}

    def newly_ended(self) -> list[RunningAttempt]:
        """The attempts whose process has ended since the last call."""
        return [running for running in self._by_session.values() if running.has_ended()]

    def kill(self) -> None:
        """Kill every process."""
        for running in self._by_session.values():
            running.cancel()
