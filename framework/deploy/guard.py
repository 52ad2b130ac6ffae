"""A file that is locked on this machine for as long as its process, or a child of it, lives."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LONG_AGO = 24 * 60 * 60.0
"""Seconds after which a file proves nothing any more."""


@dataclass(frozen=True)
class Guard:
    """The file, and its descriptor: children that are given it keep the lock, too."""

    path: Path
    descriptor: int

    @classmethod
    @contextmanager
    def made(cls, path: Path, content: str) -> Iterator["Guard"]:
        """Make and lock the file. It stays when nobody removes it; those of long ago go."""
        path.parent.mkdir(parents=True, exist_ok=True)
        for other in path.parent.glob(f"*{path.suffix}"):
            with suppress(OSError):
                if time.time() - other.stat().st_mtime > _LONG_AGO:
                    other.unlink()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(descriptor, content.encode())
            yield cls(path, descriptor)
        finally:
            os.close(descriptor)

    def remove(self) -> None:
        """Take the file away: nobody needs it as a proof any more."""
        with suppress(OSError):
            self.path.unlink()


def is_free(path: Path, content: str) -> bool:
    """Whether that very file is there and nobody holds it: then whoever made it has ended, and so have its children."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return os.read(descriptor, len(content) + 1) == content.encode()
    except OSError:
        return False
    finally:
        os.close(descriptor)
