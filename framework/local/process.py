"""How what a process starts is made sure not to outlive it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

_PR_SET_CHILD_SUBREAPER = 36
_STRAYS_LIMIT = 5.0
"""Seconds for processes that were killed to be gone."""


class Guardian:
    """A process that waits for this one to die, by whatever death, and then kills what is left of its children.

    A child of ours may be deep in foreign code when we die, and have children of its own: the kernel reaches only the
    one, a thread of the child perhaps neither. Hence a process apart, forked early, when that is cheap. It knows whom
    to kill from a pipe, which closes when we are gone. Files that it keeps open are closed when all is done.
    """

    def __init__(self, let_go: tuple[int, ...]) -> None:
        """Fork it. ``let_go`` are the file descriptors that it must not keep open."""
        orders, self._orders = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            _guard(orders, (self._orders, *let_go))
        os.close(orders)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._pid

    def take_in(self) -> None:
        """In a forked child: lead a process group, which dies with our parent, and so does whoever leaves the group."""
        os.setsid()
        adopt_orphans()
        self.watch(os.getpid())
        self.forget()

    def watch(self, pid: int) -> None:
        """Kill ``pid``, its group and its descendants when we are gone; the first of these first."""
        self._tell("+", pid)

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


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies. Only Linux offers that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_strays(known: Collection[int]) -> None:
    """Kill every child of this process that is not of the session of a ``known`` one, until there is none.

    An attempt adopts orphans itself, so what reaches us was left by one that has ended, whatever session or
    environment it made for itself. Elsewhere than on Linux this finds nothing.
    """
    deadline = time.monotonic() + _STRAYS_LIMIT
    while strays := [pid for pid in _children() if pid not in known and _session(pid) not in known]:
        for pid in strays:
            kill_group(pid)
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > deadline:
            return
        time.sleep(0.001)


def kill_group(pid: int) -> None:
    """Kill the process ``pid`` and everything in the group that it leads; nothing happens when they are gone."""
    # A child just forked may not lead its group yet.
    for kill in (os.kill, os.killpg):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def kill_family(pid: int) -> None:
    """Kill the process ``pid``, its group, and what it started in other groups."""
    if sys.platform == "linux":
        # The others come to us as orphans.
        kill_group(pid)
    else:
        kill_trees([pid])


def kill_trees(pids: Iterable[int]) -> None:
    """Kill the processes ``pids``, their groups, and their descendants in other groups."""
    for pid in _with_descendants(pids):
        kill_group(pid)


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
    left: dict[int, None] = {}
    with os.fdopen(orders) as lines:
        for line in lines:
            pid = int(line[1:])
            if line[0] == "+":
                left[pid] = None
            else:
                left.pop(pid, None)
    kill_trees(left)


def _children() -> list[int]:
    return [
        int(pid)
        for listing in Path("/proc/self/task").glob("*/children")
        for pid in listing.read_text(encoding="ascii").split()
    ]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def _with_descendants(pids: Iterable[int]) -> list[int]:
    found = list(pids)
    try:
        listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
    except OSError:
        return found
    family = [(int(child), int(parent)) for child, parent in map(str.split, listing.splitlines())]
    # The list grows while it is gone through: children of children follow.
    for each in found:
        found += [child for child, parent in family if parent == each]
    return found
