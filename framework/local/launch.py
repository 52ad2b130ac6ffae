"""Find the engine of a warehouse, or start it: exactly one, however many runs begin at once.

Who holds the lock on ``engine/lock`` starts the engine, and hands the lock on to it. The kernel takes the lock back
when the engine is gone, by whatever death, so files left behind mean nothing. The lock file says where the engine
listens: the directory for sockets is not the same in a terminal, an IDE and cron.
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
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import framework
from framework.core.errors import LocalEngineError
from framework.core.events import Listener, Note
from framework.local import jars, java
from framework.local.paths import LocalPaths

START_LIMIT = 240.0
"""Seconds for an engine to become ready on a very busy machine."""
_QUIET = 5.0
"""Seconds of waiting for the engine of another run before it is said."""
_POLL = 0.1
"""Seconds between two looks at an engine that is just starting or ending."""


def connection(paths: LocalPaths, listener: Listener, idle_seconds: float) -> tuple[socket.socket, bool]:
    """A connection to the engine of ``paths``, which may still be starting, and whether it was started here.

    Raises LocalEngineError when it cannot be started: no extra, no Java, no JARs, the disk refuses; and when another
    run's engine lets nobody in within START_LIMIT, or is of another Python environment.
    """
    paths.create()
    try:
        return _find_or_start(paths, listener, idle_seconds)
    except OSError as error:
        raise LocalEngineError(
            f"cannot start the local engine: {error}", hint=f"is there space for, and may you write to, {paths.state}?"
        ) from error


def _find_or_start(paths: LocalPaths, listener: Listener, idle_seconds: float) -> tuple[socket.socket, bool]:
    began, told = time.monotonic(), False
    while True:
        with _lock(paths) as lock:
            if lock is not None:
                return _start(paths, lock, listener, idle_seconds), True
        if client := _join(paths):
            return client, False
        waited = time.monotonic() - began
        if waited > START_LIMIT:
            raise _nobody_let_in(paths)
        if waited > _QUIET and not told:
            listener(Note("waiting for the engine that another run is starting"))
            told = True
        time.sleep(_POLL)


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


def _join(paths: LocalPaths) -> socket.socket | None:
    """A connection to the engine that has the lock; None while it does not listen."""
    try:
        client = _dial(_owner(paths)["socket"])
    except (KeyError, FileNotFoundError, ConnectionError):
        return None
    # What we read before may have been left by an engine long gone; what stands there now is of the one that listens.
    owner = _owner(paths)
    if owner.get("environment") == _environment():
        return client
    client.close()
    if not owner:
        return None
    raise LocalEngineError(
        f"the local engine of this checkout was started by {owner.get('python', 'an earlier version')}",
        hint="wait for its run to end, or use the same environment",
    )


def _owner(paths: LocalPaths) -> dict[str, Any]:
    """What the lock file says; empty when it was not written to the end yet."""
    try:
        owner = json.loads(paths.engine_lock.read_bytes())
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _environment() -> list[str]:
    """Which code an engine that we start would run."""
    # Not sys.executable: bin/python and bin/python3 are the same environment.
    return [sys.prefix, framework.__version__, str(Path(framework.__file__).parent)]


def _nobody_let_in(paths: LocalPaths) -> LocalEngineError:
    pid = _owner(paths).get("pid", "unknown")
    return LocalEngineError(
        f"the local engine of another run (process {pid}) let nobody in within {START_LIMIT:.0f} s",
        hint=f"see what that process does, end it if it hangs, then run again; its lock is {paths.engine_lock}",
    )


def _start(paths: LocalPaths, lock: int, listener: Listener, idle_seconds: float) -> socket.socket:
    # Java may have to be downloaded yet; others can already read who keeps them waiting.
    _sign(lock, os.getpid())
    _require_extra()
    java_home = java.find(paths.java, listener)
    jar_files = jars.resolve(java_home, listener)
    listener(Note("starting local Spark"))
    # What a killed engine left there is of no use to this one.
    shutil.rmtree(paths.spark_scratch, ignore_errors=True)
    paths.spark_scratch.mkdir(parents=True, exist_ok=True)
    address = _socket_path(paths)
    with _listen(address) as entrance:
        # Connected before the engine exists: it can tell at any moment whether somebody still wants it.
        client = _dial(str(address))
        settings = {
            "root": str(paths.root),
            "lock": lock,
            "listener": entrance.fileno(),
            "java_home": str(java_home.home),
            "jars": [str(file) for file in jar_files],
            "idle_seconds": idle_seconds,
        }
        pid = _spawn(paths, settings, (lock, entrance.fileno()))
    _sign(lock, pid, socket=str(address))
    return client


def _sign(lock: int, pid: int, **more: str) -> None:
    signature = {"pid": pid, "started": time.time(), "python": sys.executable, "environment": _environment(), **more}
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps(signature).encode(), 0)


def _require_extra() -> None:
    missing = [name for name in ("pyspark", "delta", "mlflow", "pandas", "grpc") if find_spec(name) is None]
    if missing:
        raise LocalEngineError(
            f"local runs need packages that are not installed: {', '.join(missing)}",
            hint="run: pip install 'bundle-framework[local]'",
        )


def _socket_path(paths: LocalPaths) -> Path:
    """Where to listen: not in the warehouse, as a Unix socket's path may have 104 bytes at most."""
    short = hashlib.sha256(os.fsencode(paths.state.resolve())).hexdigest()[:16]
    return _private_directory() / f"{short}.sock"


def _private_directory() -> Path:
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


def _runtime_directory() -> Path:
    given = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    # After su or in a container it often names what is not there, or not ours.
    usable = given.is_absolute() and os.access(given, os.R_OK | os.W_OK | os.X_OK) and given.is_dir()
    return given if usable else Path(tempfile.gettempdir())


def _listen(address: Path) -> socket.socket:
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


def _dial(address: str) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(address)
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
