"""One request and its answer, apart from the socket they came through."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class Refused(Exception):
    """The API says no: an HTTP status, an ``error_code`` of the Databricks APIs and a message."""

    def __init__(self, status: int, error_code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code
        self.message = message

    def response(self) -> "Response":
        """The refusal in the shape that every Databricks client reads."""
        return Response(self.status, {"error_code": self.error_code, "message": self.message})


@dataclass(frozen=True)
class Principal:
    """Who asks: the name that permissions and grants use (user name or application id), and the groups."""

    name: str
    kind: str = "user"
    groups: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        """Workspace administrators may do everything here."""
        return "admins" in self.groups

    @property
    def names(self) -> frozenset[str]:
        """Every name under which something may be permitted to this principal."""
        return self.groups | {self.name, "users", "account users"}


@dataclass(frozen=True)
class Request:
    """A request whose token is known. ``variables`` are the parts of the path that its route names."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    principal: Principal
    variables: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""

    def json(self) -> Json:
        """The body as an object; an empty body is an empty object. Raises Refused (400) for anything else."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            raise Refused(400, "MALFORMED_REQUEST", "Could not parse request object: invalid JSON") from None
        if not isinstance(value, dict):
            raise Refused(400, "MALFORMED_REQUEST", "Could not parse request object: expected an object")
        return value

    def required(self, name: str) -> Any:
        """A field of the body or, for a GET, of the query. Raises Refused (400) when it is missing."""
        value = self.query.get(name) if self.method == "GET" else self.json().get(name)
        if value is None or value == "":
            raise Refused(400, "INVALID_PARAMETER_VALUE", f"Missing required field: {name}")
        return value

    def integer(self, name: str) -> int:
        """A required field that is a whole number. Raises Refused (400) when it is not."""
        value = self.required(name)
        try:
            return int(value)
        except (TypeError, ValueError):
            raise Refused(400, "INVALID_PARAMETER_VALUE", f"{name} is not a number: {value}") from None


@dataclass(frozen=True)
class Response:
    """What goes back: JSON, or bytes as they are."""

    status: int = 200
    body: Json | bytes = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The body as it goes through the socket."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()

    @property
    def content_type(self) -> str:
        """The media type of the body."""
        return "application/octet-stream" if isinstance(self.body, bytes) else "application/json"
