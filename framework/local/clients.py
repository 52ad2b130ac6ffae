"""The engine's end of a connection to a run, or to somebody who only looks in."""

import socket
from dataclasses import dataclass, field
from typing import Any

from framework.local.protocol import LineBuffer, encode


@dataclass(eq=False)
class Client:
    """A connection. ``leaving`` once its other side is closed, whether by ``close`` or by dying.

    A ``visitor`` asks about the engine or says how long it stays; the engine stays for runs only.
    """

    connection: socket.socket
    leaving: bool = False
    visitor: bool = False
    _greeted: bool = False
    _buffer: LineBuffer = field(default_factory=LineBuffer)

    def __post_init__(self) -> None:
        # A run that was stopped in its terminal reads nothing: it may not hold up the others.
        self.connection.setblocking(False)

    def hear(self) -> list[dict[str, Any]] | None:
        """What it said since; None when it has left, or says what no client of ours would."""
        try:
            piece = self.connection.recv(1 << 20)
            return self._buffer.feed(piece) if piece else None
        except BlockingIOError:
            return []
        except (OSError, ValueError):
            return None

    def say(self, message: dict[str, Any]) -> None:
        """Tell it something; a run that died or stopped listening is noticed by ``hear``, not here."""
        try:
            self.connection.sendall(encode(message))
        except OSError:
            self._hang_up()

    def greet(self, info: dict[str, Any]) -> None:
        """Tell it once that the engine is ready."""
        if not (self._greeted or self.leaving or self.visitor):
            self._greeted = True
            self.say({"ready": info})

    def _hang_up(self) -> None:
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
