"""Find the engine of a warehouse, or start it: exactly one, however many runs begin at once.

Who holds the warehouse's lock starts the engine, and hands the lock on to it.
"""

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from framework.core.errors import LocalEngineError
from framework.core.events import Listener, Note
from framework.local import engine_lock, jars, java
from framework.local.engine_socket import Unreachable, address_of, dial, listen
from framework.local.paths import LocalPaths

START_LIMIT = 240.0
"""Seconds for an engine to become ready on a very busy machine."""
QUIET = 5.0
"""Seconds of waiting for an engine before it is said."""
_POLL = 0.1
"""Seconds between two looks at an engine that is just starting or ending."""


def connection(paths: LocalPaths, listener: Listener) -> tuple[socket.socket, bool]:
    """A connection to the engine of ``paths``, which may still be starting, and whether it was started here.

    Raises LocalEngineError when it cannot be started: no extra, no Java, no JARs, the disk refuses; and when another
    run's engine lets nobody in within START_LIMIT, or is of another Python environment.
    """
    paths.create()
    try:
        return _find_or_start(paths, listener)
    except OSError as error:
        raise LocalEngineError(
            f"cannot start the local engine: {error}", hint=f"is there space for, and may you write to, {paths.state}?"
        ) from error


def stop_command(paths: LocalPaths, how: str = "") -> str:
    """What ends the engine of ``paths``, as it works from the working directory."""
    there = "" if Path.cwd().is_relative_to(paths.root) else f"cd {shlex.quote(str(paths.root))} && "
    return f"{there}framework local stop{how}"


def _find_or_start(paths: LocalPaths, listener: Listener) -> tuple[socket.socket, bool]:
    began, told = time.monotonic(), False
    while True:
        with engine_lock.lock(paths) as lock:
            if lock is not None:
                return _start(paths, lock, listener), True
        if client := _join(paths):
            return client, False
        waited = time.monotonic() - began
        if waited > START_LIMIT:
            raise _nobody_let_in(paths)
        if waited > QUIET and not told:
            listener(Note("waiting for the engine that another run is starting"))
            told = True
        time.sleep(_POLL)


def _join(paths: LocalPaths) -> socket.socket | None:
    """A connection to the engine that has the lock; None while it does not listen."""
    try:
        client = dial(engine_lock.owner(paths).socket)
    except Unreachable:
        return None
    # What we read before may have been left by an engine long gone; what stands there now is of the one that listens.
    owner = engine_lock.owner(paths)
    if owner.is_of_this_environment:
        return client
    client.close()
    if not owner.pid:
        return None
    raise LocalEngineError(
        f"the local engine of this checkout was started by {owner.python}",
        hint=f"wait for its run to end, end it with: {stop_command(paths)}, or use the same environment",
    )


def _nobody_let_in(paths: LocalPaths) -> LocalEngineError:
    pid = engine_lock.owner(paths).pid or "unknown"
    return LocalEngineError(
        f"the local engine of another run (process {pid}) let nobody in within {START_LIMIT:.0f} s",
        hint=f"see what that process does, end it if it hangs, then run again; its lock is {paths.engine_lock}",
    )


def _start(paths: LocalPaths, lock: int, listener: Listener) -> socket.socket:
    # Java may have to be downloaded yet; others can already read who keeps them waiting.
    engine_lock.sign(lock, os.getpid())
    _require_extra()
    java_home = java.find(paths.java, listener)
    jar_files = jars.resolve(java_home, listener)
    listener(Note("starting local Spark"))
    # What a killed engine left there is of no use to this one.
    shutil.rmtree(paths.spark_scratch, ignore_errors=True)
    paths.spark_scratch.mkdir(parents=True, exist_ok=True)
    address = address_of(paths)
    with listen(address) as entrance:
        # Connected before the engine exists: it can tell at any moment whether somebody still wants it.
        client = dial(str(address))
        settings = {
            "root": str(paths.root),
            "lock": lock,
            "listener": entrance.fileno(),
            "java_home": str(java_home.home),
            "jars": [str(file) for file in jar_files],
        }
        pid = _spawn(paths, settings, (lock, entrance.fileno()))
    engine_lock.sign(lock, pid, str(address))
    return client


def _require_extra() -> None:
    needed = ("pyspark", "delta", "deltalake", "mlflow", "pandas", "grpc")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise LocalEngineError(
            f"local runs need packages that are not installed: {', '.join(missing)}",
            hint="run: pip install 'bundle-framework[local]'",
        )


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
