"""What a person does with the engine of a checkout: start it ahead of the runs, look at it, end it."""

import os
import select
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from framework.core.errors import LocalEngineError
from framework.core.events import Listener, Note
from framework.local import engine_lock
from framework.local.engine import Engine
from framework.local.engine_socket import Unreachable, dial
from framework.local.launch import stop_command
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptSpec, EngineStatus, LineBuffer, encode

IDLE = 3600.0
"""Seconds that an engine stays after its last run, unless somebody says otherwise."""
_ANSWER_LIMIT = 20.0
"""Seconds for an answer: an engine that starts is deaf while it imports."""
_END_LIMIT = 10.0
"""Seconds for an engine to end when it was told to, before it is made to."""
_WARM_UP_LIMIT = 120.0
_POLL = 0.05

State = Literal["stopped", "starting", "ready", "ending", "silent"]


@dataclass(frozen=True, kw_only=True)
class EngineState:
    """The engine as others see it; ``status`` is what it says itself, None when it says nothing (yet).

    ``since`` is in seconds of the epoch, ``memory_mb`` the resident memory of the engine, its Spark server and the JVM.
    """

    state: State
    pid: int | None = None
    since: float | None = None
    python: str = ""
    memory_mb: int | None = None
    status: EngineStatus | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, flat; null is what is not known or does not apply."""
        said = asdict(self.status) if self.status else {}
        names = ("spark_version", "python_version", "runs", "attempts", "idle_seconds", "ends_in")
        return {
            "state": self.state,
            "pid": self.pid,
            "since": self.since and datetime.fromtimestamp(self.since, UTC).isoformat(timespec="seconds"),
            "python": self.python or None,
            "memory_mb": self.memory_mb,
            **{name: said.get(name) for name in names},
        }


def start(paths: LocalPaths, idle_seconds: float | None, listener: Listener) -> tuple[EngineState, bool]:
    """Have an engine that stays for ``idle_seconds`` after its last run; says too whether there was none before.

    Without ``idle_seconds`` an engine that stays anyhow does so as long as before, any other for IDLE. One that is
    started here has done a first piece of work when this returns. Raises LocalEngineError.
    """
    before = look(paths)
    if before.state == "silent":
        raise _silent(paths)
    with Engine.connect(paths, listener) as engine:
        if engine.started_here:
            listener(Note("warming up"))
            _warm_up(engine, paths)
        # Last: whoever interrupts the start has no engine left behind.
        kept = before.status.idle_seconds if before.status else 0
        state = _visit(paths, {"keep": idle_seconds or kept or IDLE})
    return state, engine.started_here


def look(paths: LocalPaths) -> EngineState:
    """How the engine is; changes nothing, and does not keep it."""
    return _visit(paths, {"status": True})


def stop(paths: LocalPaths) -> EngineState:
    """Have the engine end as soon as its last run is done; returns when it has, or at once while it has runs.

    Raises LocalEngineError when it does not answer.
    """
    state = _visit(paths, {"keep": 0})
    if state.state == "silent":
        raise _silent(paths)
    if state.status and not state.status.runs and _gone_within(paths, _END_LIMIT):
        return EngineState(state="stopped", pid=state.pid)
    return state


def end(paths: LocalPaths) -> EngineState:
    """End the engine now; its runs fail. Says what has ended. Raises LocalEngineError when it cannot be ended."""
    owner = engine_lock.owner(paths)
    if not engine_lock.is_held(paths):
        return EngineState(state="stopped")
    if not owner.socket:
        raise LocalEngineError(
            f"the local engine is just being started by process {owner.pid}", hint="interrupt that process, or wait"
        )
    for how in (signal.SIGTERM, signal.SIGKILL):
        _send(how, owner.pid)
        if _gone_within(paths, _END_LIMIT):
            return EngineState(state="stopped", pid=owner.pid)
    raise LocalEngineError(
        f"the local engine (process {owner.pid}) cannot be ended", hint=f"its lock is {paths.engine_lock}"
    )


def _visit(paths: LocalPaths, message: dict[str, Any]) -> EngineState:
    if not engine_lock.is_held(paths):
        return EngineState(state="stopped")
    owner = engine_lock.owner(paths)
    known: dict[str, Any] = {"pid": owner.pid or None, "since": owner.started or None, "python": owner.python}
    try:
        with dial(owner.socket) as connection:
            status = _answer(connection, message)
    except Unreachable:
        return EngineState(state="ending" if owner.socket else "starting", **known)
    if status is None:
        return EngineState(state="silent", **known)
    known["since"] = status.since
    state: State = "ready" if status.ready else "starting"
    return EngineState(state=state, status=status, memory_mb=_resident_mb(status.pids), **known)


def _answer(connection: socket.socket, message: dict[str, Any]) -> EngineStatus | None:
    """What the engine says to ``message``; None when it says nothing. Raises Unreachable when it is gone meanwhile."""
    buffer, deadline = LineBuffer(), time.monotonic() + _ANSWER_LIMIT
    try:
        connection.sendall(encode(message))
        while select.select([connection], [], [], max(0.0, deadline - time.monotonic()))[0]:
            piece = connection.recv(1 << 16)
            if not piece:
                raise Unreachable
            for said in buffer.feed(piece):
                # Who connects may be greeted as a run before we have said what we are.
                if "status" in said:
                    return EngineStatus(**{**said["status"], "pids": tuple(said["status"]["pids"])})
    except ConnectionError as error:
        raise Unreachable from error
    return None


def _resident_mb(pids: tuple[int, ...]) -> int | None:
    command = ["ps", "-o", "rss=", "-p", ",".join(map(str, pids))]
    try:
        listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return None
    return sum(map(int, listing.split())) // 1024


def _warm_up(engine: Engine, paths: LocalPaths) -> None:
    """Let an attempt do what the first task would wait for; when that fails, the first task finds out why."""
    directory = paths.engine_dir / "warm_up"
    shutil.rmtree(directory, ignore_errors=True)
    engine.start(
        AttemptSpec(
            attempt_id="warm up",
            argv=(str(paths.spark_scratch / "warm_up"),),
            call="framework.local.warm_up:main",
            directory=directory,
            cwd=paths.spark_scratch,
        )
    )
    engine.wait(_WARM_UP_LIMIT)


def _gone_within(paths: LocalPaths, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while engine_lock.is_held(paths):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def _send(how: signal.Signals, pid: int) -> None:
    # Gone already: then what it left is being cleared away.
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, how)


def _silent(paths: LocalPaths) -> LocalEngineError:
    pid = engine_lock.owner(paths).pid
    return LocalEngineError(
        f"the local engine (process {pid}) does not answer", hint=f"to end it: {stop_command(paths, ' --force')}"
    )
