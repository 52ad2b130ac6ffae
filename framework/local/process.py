"""How what a process starts is made sure not to outlive it."""

import os
import signal
from contextlib import suppress
from typing import NoReturn


class Guardian:
    """A process that waits for this one to die, by whatever death, and then kills what is left of its children.

    A child of ours may be deep in foreign code when we die, and have children of its own: the kernel reaches only the
    one, a thread of the child perhaps neither. Hence a process apart, forked early, when that is cheap. It knows whom
    to kill from a pipe, which closes when we are gone.
    """

    def __init__(self, let_go: tuple[int, ...]) -> None:
        """Fork it. ``let_go`` are the file descriptors that it must not keep open."""
        orders, self._orders = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            _guard(orders, (self._orders, *let_go))
        os.close(orders)

    def take_in(self) -> None:
        """In a forked child: lead a process group, which dies with our parent."""
        os.setsid()
        self._tell("+", os.getpid())
        self.forget()

    def forget(self) -> None:
        """In a forked child: let go of the pipe, which would keep the guardian waiting."""
        os.close(self._orders)

    def release(self, pid: int) -> None:
        """The child ``pid`` and its group are gone."""
        self._tell("-", pid)

    def has_ended(self) -> bool:
        """Whether somebody killed it."""
        return os.waitpid(self._pid, os.WNOHANG)[0] != 0

    def dismiss(self) -> None:
        """Let it do its work now, and end; returns when it has."""
        os.close(self._orders)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def _tell(self, sign: str, pid: int) -> None:
        with suppress(BrokenPipeError):
            os.write(self._orders, f"{sign}{pid}\n".encode())


def kill_group(pid: int) -> None:
    """Kill the process ``pid`` and everything in the group that it leads; nothing happens when they are gone."""
    # A child just forked may not lead its group yet.
    for kill in (os.kill, os.killpg):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _guard(orders: int, let_go: tuple[int, ...]) -> NoReturn:
    try:
        # Nobody who ends the engine politely may end its guardian first.
        os.setsid()
        for ending in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(ending, signal.SIG_IGN)
        for file in let_go:
            os.close(file)
        _kill_those_left(orders)
    finally:
        os._exit(0)


def _kill_those_left(orders: int) -> None:
    left: set[int] = set()
    with os.fdopen(orders) as lines:
        for line in lines:
            (left.add if line[0] == "+" else left.discard)(int(line[1:]))
    for pid in left:
        kill_group(pid)
