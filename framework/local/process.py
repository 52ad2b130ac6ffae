"""How a process makes sure that it does not outlive the one that started it."""

import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


def die_with(parent: int, lifeline: int) -> None:
    """Kill this process and its group when ``parent`` dies.

    ``lifeline`` is the reading end of a pipe whose other end only ``parent`` holds. The kernel's own way (Linux) is as
    fast, and works even when no thread of ours gets to run; it does not reach the children of this process.
    """
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def _watch(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def kill_group(pid: int) -> None:
    """Kill the process ``pid`` and everything in the group that it leads; nothing happens when they are gone."""
    # A child just forked may not lead its group yet.
    for kill in (os.kill, os.killpg):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
