"""Which process drives a run: the one that has its owner file locked, as long as it lives."""

import fcntl
import os
import time
from pathlib import Path

from framework.core.errors import UsageError

_LOOKS = 10


class Ownership:
    """A hold on a run, which the kernel ends with this process, by whatever death."""

    def __init__(self, file: Path, job_run_id: int) -> None:
        """Raises UsageError when another process drives the run."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not self._lock():
            os.close(self._descriptor)
            raise UsageError(f"run {job_run_id} is under way in another process", "framework runs shows it.")

    def release(self) -> None:
        """Let go."""
        os.close(self._descriptor)

    def _lock(self) -> bool:
        # Whoever asks whether the run is owned shares the lock for a moment.
        for _ in range(_LOOKS):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.05)
            else:
                return True
        return False


def is_owned(file: Path) -> bool:
    """Whether a living process holds the run with that owner file."""
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared: those who ask at the same time must not take each other for the owner.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
