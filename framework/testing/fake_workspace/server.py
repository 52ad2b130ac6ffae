"""The workspace behind a socket: HTTP in, HTTP out."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from framework.testing.fake_workspace.exchange import Response


@dataclass(frozen=True)
class Received:
    """A request as it came in; ``path`` is still quoted."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str:
        """The bearer token, or nothing."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


class Answer(Protocol):
    """Answers a request, or None to cut the connection."""

    def __call__(self, received: Received) -> Response | None: ...


class Server(ThreadingHTTPServer):
    """Listens on this machine only. Raises OSError when the port is taken."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answer: Answer) -> None:
        self.answer = answer
        super().__init__(("127.0.0.1", port), _Connection)

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is nothing to print a traceback for; our own mistakes are answered with 500."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one packet
    server: Server

    def _respond(self) -> None:
        address = urlsplit(self.path)
        headers = {key.lower(): value for key, value in self.headers.items()}
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        response = self.server.answer(Received(self.command, address.path, query, headers, self._body(headers)))
        if response is None:
            self._cut()
        else:
            self._send(response)

    # The names that http.server looks for.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _respond  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """The workspace keeps its own log of requests."""

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline() not in {b"\r\n", b""}:
            pass
        return b"".join(pieces)

    def _send(self, response: Response) -> None:
        body = response.encoded()
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


Listener = Callable[["LoggedRequest"], None]


@dataclass(frozen=True)
class LoggedRequest:
    """One line of the request log; without query values, bodies and tokens, so that no secret gets in.

    ``status`` is 0 when the connection was cut.
    """

    number: int
    method: str
    path: str
    principal: str
    status: int

    def __str__(self) -> str:
        return f"{self.number} {self.method} {self.path} {self.principal or '-'} {self.status or 'cut'}"
