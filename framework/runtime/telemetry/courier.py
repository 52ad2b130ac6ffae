"""Takes what is told of an attempt to an endpoint, beside the task: neither failure nor slowness reaches it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from framework.core.task_run import TaskRun

_MOST_LINES = 10_000
"""Further lines of a log push out the oldest ones, while they come faster than the endpoint takes them."""
_AT_A_TIME = 500
"""Lines of one request: receivers refuse what is too large."""
_INTERVAL = 5.0
"""Seconds between two deliveries of what is not urgent."""
_KEEPING = 0.5
"""Of the seconds at the end, those in which lines are kept that did not arrive."""

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
    """A receiver, and the language that it speaks. The courier's thread calls it, until that is given up."""

    name: str
    """As a person calls it."""
    files: str
    """The files of the outbox for what it does not take, as a pattern."""
    package: str
    """What has to be installed."""

    @property
    def address(self) -> str:
        """Where it is."""

    @property
    def takes_lines(self) -> bool:
        """Whether it is told what the log says."""

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
        self._news: deque[Any] = deque()
        self._lines: deque[Any] = deque(maxlen=_MOST_LINES)
        self._taken: list[Any] = []
        self._waiting: deque[Any] = deque()
        self._lock, self._of_lines = threading.Lock(), threading.Lock()
        self._wake, self._done = threading.Event(), threading.Event()
        self._is_open = self._last = self._tired = self._given_up = False
        self._undelivered, self._untold, self._reason = 0, 0, ""
        threading.Thread(target=self._work, name=f"telemetry {endpoint.name}", daemon=True).start()

    def tell(self, news: Any, *, urgent: bool = False) -> None:
        """Have ``news`` delivered, soon or at once."""
        self._news.append(news)
        if urgent:
            self._wake.set()

    def hear(self, line: Any) -> None:
        """Have a line of the log delivered soon, if the endpoint takes any."""
        if not self._endpoint.takes_lines:
            return
        with self._of_lines:
            self._untold += len(self._lines) == _MOST_LINES
            self._lines.append(line)
            if len(self._lines) >= _MOST_LINES // 2:
                self._wake.set()

    def last_call(self) -> None:
        """Nothing more is told: what is left is delivered now."""
        self._last = True
        self._wake.set()

    def close(self, seconds: float) -> None:
        """Wait for what is under way, keep what did not arrive, so long at most, and say so once."""
        until = time.monotonic() + seconds
        self._done.wait(max(seconds - _KEEPING, 0))
        with self._lock:
            self._given_up = True
            if not self._done.is_set():
                self._reason = self._reason or "no answer in time"
            if self._is_open:
                self._keep_left(until)
            self._untold += len(self._lines)
        self._say()

    def _work(self) -> None:
        try:
            self._endpoint.open()
            self._is_open = True
            while not self._is_finished():
                self._wake.wait(0 if self._last else _INTERVAL)
                self._wake.clear()
                # Once in each round an endpoint that fails is tried.
                self._tired = False
                for _ in range(len(self._lines) // _AT_A_TIME + 1):
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
        return self._given_up or (self._last and not self._news and not self._lines)

    def _gather(self) -> None:
        with self._lock:
            self._taken = [] if self._given_up else self._next()
        parcels = self._endpoint.parcels(self._taken)
        with self._lock:
            if not self._given_up:
                self._waiting.extend(parcels)
                self._taken = []

    def _next(self) -> list[Any]:
        with self._of_lines:
            some = [self._lines.popleft() for _ in range(min(len(self._lines), _AT_A_TIME))]
        return [self._news.popleft() for _ in range(len(self._news))] + some

    def _deliver(self) -> None:
        reason = self._reason if self._tired else self._endpoint.send(self._waiting[0])
        with self._lock:
            if self._given_up:
                return
            parcel = self._waiting.popleft()
            if reason:
                self._reason, self._tired = reason, True
                self._keep(parcel)

    def _keep_left(self, until: float) -> None:
        """All but lines of the log for which there is no time: that has them itself."""
        parcels = [*self._waiting, *self._endpoint.parcels([*self._taken, *self._news])]
        self._news.clear()
        while parcels:
            for parcel in parcels:
                self._keep(parcel)
            parcels = self._endpoint.parcels(self._next()) if time.monotonic() < until else []

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
            return
        said = []
        if self._undelivered:
            where = f"it is in {self._endpoint.files} beside its log" if self._outbox else "it is lost"
            said.append(f"{self._reason}; {where}")
        if self._untold:
            said.append(f"{self._untold} lines of the log came too fast to be told")
        if said:
            _logger.warning("%s at %s did not take all: %s", name, address, "; ".join(said))
