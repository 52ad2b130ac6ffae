"""The local engine as a run sees it: start or attach, start attempts, cancel them, wait for their ends."""

import os
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from framework.core.errors import LocalEngineError
from framework.core.events import Listener, Note
from framework.local import launch
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptEnded, AttemptSpec, EngineInfo, LineBuffer, encode
from framework.local.session_url import remote_url

_LEAVE_LIMIT = 15.0


class Engine:
    """A connection to the one engine of a warehouse; the engine lives as long as somebody is connected, or was told to.

    ``started_here`` says whether there was none before.

    When the connection closes, by whatever death of this process, the engine kills what was started through it.
    Not for use by several threads at once.
    """

    def __init__(self, connection: socket.socket, info: EngineInfo, log: Path, started: bool) -> None:
        self.info = info
        self.started_here = started
        self._connection = connection
        self._log = log
        self._buffer = LineBuffer()
        self._environment = dict(os.environ)

    @classmethod
    def connect(cls, paths: LocalPaths, listener: Listener) -> Self:
        """Attach to the engine of ``paths``, starting it if there is none, and wait until it is ready.

        Ready means too that nothing runs any more of what a run that died has started. Raises LocalEngineError: extra
        ``local`` not installed, no Java, no JARs, the disk refuses, the engine does not come up or is of another
        environment.
        """
        while True:
            connection, started = launch.connection(paths, listener)
            try:
                info = _greeting(connection, paths, None if started else listener)
                return cls(connection, info, paths.engine_log, started)
            except _Gone as gone:
                connection.close()
                # Not ours: it was just about to end, which is no error. The next look finds the lock free.
                if started or gone.reason:
                    raise _death(gone, "the local engine ended while it started", paths.engine_log) from None
            except BaseException:
                connection.close()
                raise

    def start(self, spec: AttemptSpec) -> None:
        """Start an attempt in a process of its own; returns at once."""
        self._say({"start": spec.as_dict(), "environment": self._environment})

    def cancel(self, attempt_id: str) -> None:
        """Kill an attempt and interrupt its Spark work; its AttemptEnded follows. Unknown or ended ids are ignored."""
        self._say({"cancel": attempt_id})

    def wait(self, timeout: float | None) -> list[AttemptEnded]:
        """The attempts that ended, as soon as there is one; empty after ``timeout`` seconds (None: no limit).

        Raises LocalEngineError, with the end of the engine's log, when the engine is gone.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while _readable(self._connection, deadline):
                messages = _receive(self._connection, self._buffer)
                if ended := [AttemptEnded(**m["ended"]) for m in messages if "ended" in m]:
                    return ended
        except _Gone as gone:
            raise _death(gone, "the local engine has ended", self._log) from None
        return []

    def remote_url(self, session_id: str) -> str:
        """The Spark Connect URL of a session of one's own (``session_id``: a UUID); ``spark.stop()`` releases it."""
        return remote_url(self.info.port, self.info.token, session_id)

    def close(self) -> None:
        """Leave; returns when our attempts are gone, and when nobody else is connected, the engine too."""
        deadline = time.monotonic() + _LEAVE_LIMIT
        try:
            self._connection.shutdown(socket.SHUT_WR)
            while _readable(self._connection, deadline):
                _receive(self._connection, self._buffer)
        except (OSError, _Gone):
            pass
        finally:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _say(self, message: dict[str, Any]) -> None:
        try:
            self._connection.sendall(encode(message))
        except OSError:
            raise _death(_Gone(), "the local engine has ended", self._log) from None


class _Gone(Exception):
    """The engine closed the connection; ``reason`` and ``hint`` are what it said about it, if anything."""

    def __init__(self, reason: str = "", hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def _greeting(connection: socket.socket, paths: LocalPaths, listener: Listener | None) -> EngineInfo:
    """Wait to be let in; ``listener`` hears of it when that takes long."""
    buffer, began = LineBuffer(), time.monotonic()
    for limit in (launch.QUIET, launch.START_LIMIT):
        while _readable(connection, began + limit):
            for message in _receive(connection, buffer):
                return EngineInfo(**message["ready"])
        if listener and limit < launch.START_LIMIT:
            listener(Note("waiting for the local engine: it starts, or ends what a run that died has left"))
    stop = launch.stop_command(paths, " --force")
    raise _Gone(f"the local engine let nobody in within {launch.START_LIMIT:.0f} s; to end it: {stop}")


def _readable(connection: socket.socket, deadline: float | None) -> bool:
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    return bool(select.select([connection], [], [], left)[0])


def _receive(connection: socket.socket, buffer: LineBuffer) -> list[dict[str, Any]]:
    """What the engine said. Raises _Gone when it is not there any more, or says that it cannot go on."""
    try:
        piece = connection.recv(1 << 20)
    except ConnectionError:
        piece = b""
    if not piece:
        raise _Gone
    messages = buffer.feed(piece)
    for message in messages:
        if "failed" in message:
            raise _Gone(message["failed"], message.get("hint", ""))
    return messages


def _death(gone: _Gone, otherwise: str, log: Path) -> LocalEngineError:
    """The engine's own word; where it has no advice, the end of its log may."""
    advice = (gone.hint,) if gone.hint else _tail(log)
    return LocalEngineError(gone.reason or otherwise, hint="\n".join((*advice, f"the whole log: {log}")))


def _tail(log: Path) -> Iterator[str]:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    # Where in the JVM it happened helps nobody here; the file has it.
    telling = [line for line in lines if line.strip() and not line.lstrip().startswith(("at ", "..."))]
    yield from (line[:300] for line in telling[-6:])
