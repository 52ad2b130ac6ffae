"""The lock of a warehouse: who has it is the engine, or is about to start it.

The kernel takes the lock back when its holder is gone, by whatever death, so a file left behind means nothing. The file
says who has the lock and where the engine listens: the directory for sockets is not the same in a terminal, an IDE and
cron.
"""

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import framework
from framework.local.paths import LocalPaths


@dataclass(frozen=True)
class Owner:
    """Who has the lock since ``started`` (seconds of the epoch). Without ``socket`` it prepares the start of an engine.

    ``environment`` is the code that the engine runs; empty when the file was not written to the end yet.
    """

    pid: int = 0
    started: float = 0.0
    python: str = "an earlier version"
    environment: tuple[str, ...] = ()
    socket: str = ""

    @property
    def is_of_this_environment(self) -> bool:
        """Whether its engine runs the code that we would start."""
        return self.environment == this_environment()


@contextmanager
def lock(paths: LocalPaths) -> Iterator[int | None]:
    """The file descriptor of the lock if nobody has it, else None. An engine given it keeps the lock."""
    file = os.open(paths.engine_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield file if _take(file, fcntl.LOCK_EX) else None
    finally:
        os.close(file)


def is_held(paths: LocalPaths) -> bool:
    """Whether somebody has the lock; leaves no trace."""
    try:
        file = os.open(paths.engine_lock, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        return not _take(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def sign(held: int, pid: int, socket: str = "") -> None:
    """Write into the lock that is ``held`` who has it."""
    owner = Owner(pid, time.time(), sys.executable, this_environment(), socket)
    os.ftruncate(held, 0)
    os.pwrite(held, json.dumps(asdict(owner)).encode(), 0)


def owner(paths: LocalPaths) -> Owner:
    """What the file says, whether the lock is held or not."""
    try:
        written = json.loads(paths.engine_lock.read_bytes())
        known = {field.name: written[field.name] for field in fields(Owner) if field.name in written}
        return Owner(**{**known, "environment": tuple(known.get("environment", ()))})
    except (OSError, ValueError, TypeError):
        return Owner()


def this_environment() -> tuple[str, ...]:
    """Which code an engine that we start would run."""
    # Not sys.executable: bin/python and bin/python3 are the same environment.
    return (sys.prefix, framework.__version__, str(Path(framework.__file__).parent))


def _take(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
