"""Find the engine of a warehouse, or start it: exactly one, however many runs begin at once.

Who holds the lock on ``engine/lock`` starts the engine, and hands the lock on to it. The kernel takes the lock back
when the engine is gone, by whatever death, so files left behind mean nothing.
"""

import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from framework.core.errors import LocalEngineError
from framework.core.events import Listener, Note
from framework.local import jars, java
from framework.local.paths import LocalPaths

_POLL = 0.1
"""Seconds between two looks at an engine that is just starting or ending."""


def connection(paths: LocalPaths, listener: Listener, idle_seconds: float) -> tuple[socket.socket, bool]:
    """A connection to the engine of ``paths``, which may still be starting, and whether it was started here.

    Raises LocalEngineError when it cannot be started: no extra, no Java, no JARs, the disk refuses.
    """
    paths.create()
    try:
        return _find_or_start(paths, listener, idle_seconds)
    except OSError as error:
        raise LocalEngineError(
            f"cannot start the local engine: {error}", hint=f"is there space for, and may you write to, {paths.state}?"
        ) from error


def socket_path(paths: LocalPaths) -> Path:
    """Where the engine listens: not in the warehouse, as a Unix socket's path may have 104 bytes at most."""
    short = hashlib.sha256(os.fsencode(paths.state.resolve())).hexdigest()[:16]
    return _private_directory() / f"{short}.sock"


def _find_or_start(paths: LocalPaths, listener: Listener, idle_seconds: float) -> tuple[socket.socket, bool]:
    address = socket_path(paths)
    while True:
        with _lock(paths) as lock:
            if lock is not None:
                return _start(paths, address, lock, listener, idle_seconds), True
        with suppress(FileNotFoundError, ConnectionError):
            return _dial(address), False
        time.sleep(_POLL)


def _private_directory() -> Path:
    """A directory that only this user can enter; whoever reaches the socket can run code as this user."""
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    folder = Path(base) / f"framework-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if state.st_uid != os.getuid() or state.st_mode & 0o077 or folder.is_symlink():
        raise LocalEngineError(
            f"{folder} is not a directory of yours alone", hint=f"remove it, or set TMPDIR: ls -ld {folder}"
        )
    return folder


@contextmanager
def _lock(paths: LocalPaths) -> Iterator[int | None]:
    """The file descriptor of the warehouse's lock if nobody has it, else None. An engine given it keeps the lock."""
    file = os.open(paths.engine_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield file
    finally:
        os.close(file)


def _start(paths: LocalPaths, address: Path, lock: int, listener: Listener, idle_seconds: float) -> socket.socket:
    _require_extra()
    java_home = java.find(paths.java, listener)
    jar_files = jars.resolve(java_home, listener)
    listener(Note("starting local Spark"))
    # What a killed engine left there is of no use to this one.
    shutil.rmtree(paths.spark_scratch, ignore_errors=True)
    paths.spark_scratch.mkdir(parents=True, exist_ok=True)
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as entrance:
        entrance.bind(str(address))
        entrance.listen(64)
        # Connected before the engine exists: it can tell at any moment whether somebody still wants it.
        client = _dial(address)
        settings = {
            "root": str(paths.root),
            "lock": lock,
            "listener": entrance.fileno(),
            "java_home": str(java_home.home),
            "jars": [str(file) for file in jar_files],
            "idle_seconds": idle_seconds,
        }
        pid = _spawn(paths, settings, (lock, entrance.fileno()))
    os.ftruncate(lock, 0)
    os.write(lock, json.dumps({"pid": pid, "socket": str(address), "started": time.time()}).encode())
    return client


def _require_extra() -> None:
    missing = [name for name in ("pyspark", "delta", "mlflow", "pandas", "grpc") if find_spec(name) is None]
    if missing:
        raise LocalEngineError(
            f"local runs need packages that are not installed: {', '.join(missing)}",
            hint="run: pip install 'bundle-framework[local]'",
        )


def _dial(address: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(str(address))
    except OSError:
        client.close()
        raise
    return client


def _spawn(paths: LocalPaths, settings: dict[str, object], inherited: tuple[int, ...]) -> int:
    with paths.engine_log.open("wb") as log:
        engine = subprocess.Popen(
            [sys.executable, "-P", "-m", "framework.local.fork_server", json.dumps(settings)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=paths.spark_scratch,
            # macOS: Apple's frameworks abort a forked child that touches them unless told not to.
            env={**os.environ, "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"},
            start_new_session=True,
            pass_fds=inherited,
        )
    # It outlives us if others use it; it is not for us to wait for.
    engine.returncode = 0
    return engine.pid
