"""The engine's own processes: how it forks them, and hears that they have ended."""

import os
import signal
import socket
import traceback
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import NoReturn

from framework.local.process import Guardian, adopt_orphans, kill_strays


class Children:
    """Forks for the engine, and kills what its children leave behind. ``wakeup`` is readable when one has ended."""

    def __init__(self, guardian: Guardian, let_go: Callable[[], None]) -> None:
        """``let_go`` closes, in a child, whatever tells others that the engine lives."""
        adopt_orphans()
        self._guardian = guardian
        self._let_go = let_go
        self.wakeup, self._wakeup_end = socket.socketpair()
        for end in (self.wakeup, self._wakeup_end):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wakeup_end.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def fork(self, work: Callable[[], None], guarded: bool = False) -> int:
        """Do ``work`` in a child and return its pid; a guarded one does not outlive us. Raises OSError."""
        pid = os.fork()
        return pid or self._become(work, guarded)

    def heard(self) -> None:
        """Be ready for the next wakeup. Called before one looks who has ended: who ends after the look wakes again."""
        with suppress(BlockingIOError):
            self.wakeup.recv(4096)

    def clear(self, running: Collection[int]) -> None:
        """Kill every child that is neither ``running`` nor the guardian."""
        kill_strays({*running, self._guardian.pid})

    def _become(self, work: Callable[[], None], guarded: bool) -> NoReturn:
        code = 1
        try:
            self._let_go()
            self.wakeup.close()
            self._wakeup_end.close()
            if guarded:
                self._guardian.take_in()
            else:
                # The migration of a database is better finished than killed.
                self._guardian.forget()
            work()
            code = 0
        except BaseException:
            with suppress(OSError):
                traceback.print_exc()
        finally:
            os._exit(code)


def wait_status(pid: int) -> int | None:
    """The wait status of the child ``pid``; None while it lives."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return status if ended else None
