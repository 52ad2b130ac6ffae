"""Where an engine listens: a Unix socket that only this user can reach."""

import hashlib
import os
import socket
import tempfile
from pathlib import Path

from framework.core.errors import LocalEngineError
from framework.local.paths import LocalPaths


def address_of(paths: LocalPaths) -> Path:
    """Where to listen: not in the warehouse, as a Unix socket's path may have 104 bytes at most."""
    short = hashlib.sha256(os.fsencode(paths.state.resolve())).hexdigest()[:16]
    return private_directory() / f"{short}.sock"


def private_directory() -> Path:
    """A directory that only this user can enter; whoever reaches the socket can run code as this user."""
    try:
        folder = _runtime_directory() / f"framework-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
    except OSError as error:
        raise LocalEngineError(
            f"cannot make the directory of the local engine's socket: {error}",
            hint="set TMPDIR to a directory that you may write to",
        ) from error
    if state.st_uid != os.getuid() or state.st_mode & 0o077 or folder.is_symlink():
        raise LocalEngineError(
            f"{folder} is not a directory of yours alone", hint=f"remove it, or set TMPDIR: ls -ld {folder}"
        )
    return folder


def listen(address: Path) -> socket.socket:
    """A socket that takes connections at ``address``. Raises LocalEngineError when the system refuses."""
    entrance = socket.socket(socket.AF_UNIX)
    try:
        address.unlink(missing_ok=True)
        entrance.bind(str(address))
        entrance.listen(64)
    except OSError as error:
        entrance.close()
        raise LocalEngineError(
            f"cannot listen at {address}: {error}", hint="set TMPDIR to a directory with a short path and free space"
        ) from error
    return entrance


class Unreachable(Exception):
    """Nobody listens there (yet, or any more)."""


def dial(address: str) -> socket.socket:
    """A connection to whoever listens at ``address``, which may be empty. Raises Unreachable when nobody does."""
    if not address:
        raise Unreachable
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(address)
    except (FileNotFoundError, ConnectionError) as error:
        client.close()
        raise Unreachable from error
    except OSError:
        client.close()
        raise
    return client


def _runtime_directory() -> Path:
    given = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    # After su or in a container it often names what is not there, or not ours.
    usable = given.is_absolute() and os.access(given, os.R_OK | os.W_OK | os.X_OK) and given.is_dir()
    return given if usable else Path(tempfile.gettempdir())
