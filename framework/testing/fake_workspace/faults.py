"""Faults on purpose: a status, a delay, a cut connection, or the death of the client at a request."""

import fnmatch
import os
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Fault:
    """What goes wrong, where and how often.

    Where: the ``number`` of a request, a ``pattern`` such as ``POST /api/*/jobs/create``, or both; the first ``skip``
    that fit go through. ``times`` is how often (0: for ever). What, in this order: wait ``delay`` seconds; kill a
    process (``kill``: its id, negative for a process group, or a function that is asked at that moment); call
    ``call``; cut the connection; answer ``status``. ``when`` says whether the request takes effect first; after it,
    ``fields`` are what its answer says otherwise.
    """

    pattern: str = "*"
    number: int = 0
    skip: int = 0
    times: int = 1
    when: Literal["before", "after"] = "before"
    delay: float = 0.0
    status: int = 0
    error_code: str = ""
    message: str = "a fault on purpose"
    retry_after: int = 0
    cut: bool = False
    kill: int | Callable[[], int] = 0
    call: Callable[[], None] | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def breaks_off(self) -> bool:
        """Whether the client gets no answer."""
        return self.cut or bool(self.kill)

    def strike(self) -> None:
        """Kill and call, as told."""
        pid = self.kill() if callable(self.kill) else self.kill
        if pid:
            _kill(pid)
        if self.call:
            self.call()


class Faults:
    """The faults that are still to come; the first that fits a request is taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[tuple[Fault, list[int]]] = []

    def add(self, *faults: Fault) -> None:
        """Plan faults."""
        with self._lock:
            self._pending += [(fault, [0]) for fault in faults]

    def clear(self) -> None:
        """Forget what has not happened yet."""
        with self._lock:
            self._pending.clear()

    def take(self, number: int, method: str, path: str) -> Fault | None:
        """The fault of this request, if there is one; what happened often enough is forgotten."""
        with self._lock:
            for fault, seen in self._pending:
                if not _fits(fault, number, f"{method} {path}"):
                    continue
                seen[0] += 1
                if seen[0] <= fault.skip or (fault.times and seen[0] > fault.skip + fault.times):
                    continue
                return fault
        return None


def _fits(fault: Fault, number: int, line: str) -> bool:
    return fault.number in {0, number} and fnmatch.fnmatchcase(line, fault.pattern)


def _kill(pid: int) -> None:
    try:
        if pid < 0:
            os.killpg(-pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it ended by itself meanwhile
