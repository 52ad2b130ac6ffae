"""Takes what is told of an attempt to an endpoint, beside the task: neither failure nor slowness reaches it."""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from framework.core.task_run import TaskRun

_MOST_NEWS = 10_000
"""Further lines of a log push out the oldest ones, while the endpoint takes none."""
_INTERVAL = 5.0
"""Seconds between two deliveries of what is not urgent."""

_logger = logging.getLogger("framework.telemetry")


@dataclass(frozen=True)
class Started:
    """An attempt that has begun, at a time in ISO 8601. ``version`` is the release, or else the commit."""

    task: TaskRun
    job_run_id: str
    task_run_id: str
    attempt: int
    started_at: str
    version: str


class Endpoint(Protocol):
    """A receiver, and the language that it speaks. All but ``line`` is called by the courier's thread only."""

    name: str
    """As a person calls it."""
    files: str
    """The files of the outbox for what it does not take, as a pattern."""
    package: str
    """What has to be installed."""

    @property
    def address(self) -> str:
        """Where it is."""

    def open(self) -> None:
        """Make ready; raises whatever is wrong."""

    def parcels(self, news: Sequence[Any]) -> list[Any]:
        """What is to be sent for ``news``: Started, Event and AttemptRecord; those that it does not tell are left."""

    def send(self, parcel: Any) -> str:
        """Why ``parcel`` did not arrive; empty when it did."""

    def line(self, parcel: Any) -> tuple[str, str]:
        """The file for ``parcel``, and the line of JSON."""


class Courier:
    """One endpoint's thread. What does not arrive is kept in the outbox, if there is one."""

    def __init__(self, endpoint: Endpoint, outbox: Path | None) -> None:
        self._endpoint, self._outbox = endpoint, outbox
        self._news: deque[Any] = deque(maxlen=_MOST_NEWS)
        self._waiting: deque[Any] = deque()
        self._lock, self._wake, self._done = threading.Lock(), threading.Event(), threading.Event()
        self._is_open = self._last = self._tired = self._given_up = False
        self._undelivered, self._reason = 0, ""
        threading.Thread(target=self._work, name=f"telemetry {endpoint.name}", daemon=True).start()

    def tell(self, news: Any, *, urgent: bool = False) -> None:
        """Have ``news`` delivered, soon or at once."""
        self._news.append(news)
        if urgent:
            self._wake.set()

    def last_call(self) -> None:
        """Nothing more is told: what is left is delivered now."""
        self._last = True
        self._wake.set()

    def close(self, seconds: float) -> None:
        """Wait for what is under way, so long at most; then keep what did not arrive, and say so once."""
        self._done.wait(seconds)
        with self._lock:
            self._given_up = True
            if not self._done.is_set():
                self._reason = self._reason or f"no answer within {seconds:.0f} s"
            if self._is_open:
                for parcel in (*self._waiting, *self._endpoint.parcels([*self._news])):
                    self._keep(parcel)
        self._say()

    def _work(self) -> None:
        try:
            self._endpoint.open()
            self._is_open = True
            while not self._is_finished():
                self._wake.wait(_INTERVAL)
                self._wake.clear()
                self._gather()
                while self._waiting and not self._given_up:
                    self._deliver()
        except ImportError as error:
            self._reason = f"{error}; add {self._endpoint.package} to the project's dependencies"
        except Exception as error:
            self._reason = f"{type(error).__name__}: {error}"
        finally:
            self._done.set()

    def _is_finished(self) -> bool:
        return self._given_up or (self._last and not self._news and not self._wake.is_set())

    def _gather(self) -> None:
        with self._lock:
            if not self._given_up:
                news = [self._news.popleft() for _ in range(len(self._news))]
                self._waiting.extend(self._endpoint.parcels(news))

    def _deliver(self) -> None:
        # At the end nobody waits for an endpoint that has just failed.
        reason = self._reason if self._tired else self._endpoint.send(self._waiting[0])
        with self._lock:
            if self._given_up:
                return
            parcel = self._waiting.popleft()
            if reason:
                self._reason, self._tired = reason, self._last
                self._keep(parcel)

    def _keep(self, parcel: Any) -> None:
        self._undelivered += 1
        if not self._outbox:
            return
        try:
            file, line = self._endpoint.line(parcel)
            with (self._outbox / file).open("a", encoding="utf-8") as lines:
                lines.write(line + "\n")
        except Exception as error:
            self._reason = f"{self._reason}, and it cannot be kept: {error}"

    def _say(self) -> None:
        name, address = self._endpoint.name, self._endpoint.address
        if not self._is_open:
            _logger.warning("nothing of this attempt was told to %s at %s: %s", name, address, self._reason)
        elif self._undelivered:
            where = f"it is in {self._endpoint.files} beside its log" if self._outbox else "it is lost"
            _logger.warning("%s at %s did not take all: %s; %s", name, address, self._reason, where)
