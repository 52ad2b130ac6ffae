"""A workspace that is not there: real HTTP, no account."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from framework.testing.fake_workspace.access import require_level
from framework.testing.fake_workspace.api import identity, model_versions, privileges, securables, workspace_files
from framework.testing.fake_workspace.exchange import Json, Principal, Refused, Request, Response
from framework.testing.fake_workspace.faults import Fault, Faults
from framework.testing.fake_workspace.job_runner import JobRunner, RunJob, succeed
from framework.testing.fake_workspace.routes import find
from framework.testing.fake_workspace.server import Listener, LoggedRequest, Received, Server
from framework.testing.fake_workspace.state import State

ADMIN = "admin@example.com"
CATALOGS = ("main", "dev", "staging", "prod")
_OPEN = ("/.well-known/", "/oidc/", "/telemetry-ext")


class FakeWorkspace:
    """A Databricks workspace on 127.0.0.1 for tests: point the Databricks CLI and databricks-sdk at ``url``.

    It begins with an administrator (whose ``token`` this is), the groups ``admins`` and ``users``, four catalogs and a
    SQL warehouse. With ``directory`` it goes on from the state there and keeps it there. ``tables`` is where its SQL
    finds the tables of its catalogs: the local warehouse of who executes the runs.
    """

    def __init__(
        self,
        *,
        directory: Path | None = None,
        state: State | None = None,
        port: int = 0,
        run_job: RunJob = succeed,
        listener: Listener | None = None,
        tables: Path | None = None,
    ) -> None:
        """Raises OSError when the port is taken, ValueError when the directory holds something else or is none."""
        self.state = state or (State.load(directory) if directory else State())
        self.faults = Faults()
        self.requests: list[LoggedRequest] = []
        self._directory = directory
        self._listener = listener
        self._lock = threading.RLock()
        self._count = 0
        if tables:
            self.state.storage = str(tables)
        self._furnish()
        self._runner = JobRunner(run_job, self.state, self._lock, read_file=self.read, keep=self._save)
        self._runner.end_interrupted()
        if directory:
            _require_writable(directory, self._save)
        self._server = Server(port, self._answer)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._save()
        with self._lock:
            self._directory = None  # a run that goes on writes no more: another workspace may have the directory now

    @property
    def url(self) -> str:
        """Where it is: the value of DATABRICKS_HOST."""
        return self._server.url

    @property
    def token(self) -> str:
        """The administrator's token: the value of DATABRICKS_TOKEN."""
        return self.token_of(ADMIN)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which clients find it as the administrator."""
        return self.environment_of(ADMIN)

    @property
    def jobs(self) -> dict[str, Json]:
        """The jobs by name; of several with the same name, which is allowed, the newest: count in ``state.jobs``."""
        with self._lock:
            return {job["settings"]["name"]: job for job in self.state.jobs.values()}

    @property
    def files(self) -> list[str]:
        """The paths of every file and notebook."""
        with self._lock:
            return sorted(path for path, each in self.state.objects.items() if "sha256" in each)

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises Refused when there is none."""
        with self._lock:
            return workspace_files.content_of(self.state, workspace_files.stored_path(path))

    def write(self, path: str, content: bytes) -> None:
        """Put a file there, with the directories above it."""
        with self._lock:
            stored = workspace_files.stored_path(path)
            workspace_files.make_directories(self.state, stored.rpartition("/")[0])
            workspace_files.put_file(self.state, stored, content, overwrite=True)

    def token_of(self, name: str) -> str:
        """The token of a user or service principal. Raises KeyError when it is unknown."""
        return next(token for token, owner in self.state.tokens.items() if owner == name)

    def environment_of(self, name: str) -> dict[str, str]:
        """The environment variables with which clients come as somebody."""
        # The CLI caches who it is by host, and another fake may have had the same port.
        return {
            "DATABRICKS_HOST": self.url,
            "DATABRICKS_TOKEN": self.token_of(name),
            "DATABRICKS_CACHE_ENABLED": "false",
        }

    def add_user(self, name: str, groups: Iterable[str] = ()) -> str:
        """A user (with a home folder) and its groups, which are made as needed. Answers the token."""
        with self._lock:
            workspace_files.make_directories(self.state, f"/Users/{name}")
            return identity.add_principal(self.state, name, "user", groups)

    def add_group(self, name: str) -> None:
        """A group, empty unless it is there already."""
        with self._lock:
            identity.add_group(self.state, name)

    def add_service_principal(self, application_id: str, groups: Iterable[str] = (), users: Iterable[str] = ()) -> str:
        """A service principal, its groups, and who may let jobs run as it. Answers the token."""
        with self._lock:
            token = identity.add_principal(self.state, application_id, "service_principal", groups)
            for each in users:
                identity.allow_use(self.state, application_id, each)
            return token

    def allow(self, key: str, principal: str, level: str) -> None:
        """Put somebody on an access control list: of a path (``/Shared/x``), of ``jobs/17``, of ``warehouses/fake``.

        Raises Refused for a level that the service does not have.
        """
        with self._lock:
            if key.startswith("/"):
                path = workspace_files.stored_path(key)
                workspace_files.make_directories(self.state, path)
                key = f"directories/{self.state.objects[path]['object_id']}"
            kinds = {"user": "user_name", "service_principal": "service_principal_name"}
            holder = kinds.get(self.state.principals.get(principal, {}).get("kind", ""), "group_name")
            entry = {holder: principal, "permission_level": level}
            require_level(entry)
            self.state.permissions.setdefault(key, []).append(entry)

    def grant(self, key: str, principal: str, *names: str) -> None:
        """Give privileges of Unity Catalog: ``grant("schema:dev.features", "data", "USE_SCHEMA", "SELECT")``."""
        with self._lock:
            privileges.grant(self.state, key, principal, names)

    def add_catalog(self, name: str) -> None:
        """A catalog of the administrator's, unless it is there already."""
        with self._lock:
            if f"catalog:{name.lower()}" not in self.state.securables:
                securables.add_securable(self.state, "catalog", name, ADMIN)

    def add_securable(self, kind: str, full_name: str, owner: str = ADMIN, **fields: object) -> Json:
        """A catalog, schema, volume, table or registered_model that somebody else made."""
        with self._lock:
            return securables.add_securable(self.state, kind, full_name, owner, **fields)

    def add_model_version(self, model: str, aliases: Iterable[str] = (), **fields: Any) -> int:
        """A version of a registered model, as a training run makes it. Answers its number."""
        with self._lock:
            version = int(model_versions.add_version(self.state, model, ADMIN, **fields)["version"])
            for each in aliases:
                model_versions.set_alias(self.state, model, each, version)
            return version

    def _furnish(self) -> None:
        if self._directory and not self.state.storage:
            self.state.storage = str(self._directory / "tables")
        if self.state.principals:
            return
        self.add_group("users")
        self.add_user(ADMIN, ["admins"])
        workspace_files.make_directories(self.state, "/Shared")
        for catalog in CATALOGS:
            self.add_catalog(catalog)
        self.state.warehouses["fake"] = {"id": "fake", "name": "fake", "state": "RUNNING", "cluster_size": "2X-Small"}

    def _answer(self, received: Received) -> Response | None:
        with self._lock:
            self._count += 1
            number = self._count
        path = unquote(received.path)
        fault = self.faults.take(number, received.method, path)
        early = fault and fault.when == "before"
        response = _struck(fault) if fault and early else None
        if not (fault and early and (fault.breaks_off or fault.status)):
            response = self._handled(received)
        if fault and not early:
            response = _struck(fault) or (None if fault.breaks_off else _otherwise(response, fault))
        name = self.state.tokens.get(received.token, "")
        logged = LoggedRequest(number, received.method, path, name, response.status if response else 0)
        with self._lock:
            self.requests.append(logged)
            if self._listener:
                self._listener(logged)
        return response

    def _handled(self, received: Received) -> Response:
        with self._lock:
            try:
                response = self._routed(received)
            except Refused as refusal:
                response = refusal.response()
            except Exception as error:  # a mistake of the fake must not look like a broken network
                response = Response(
                    500, {"error_code": "INTERNAL_ERROR", "message": f"{type(error).__name__}: {error}"}
                )
            if received.method not in {"GET", "HEAD"}:
                self._save()
            return response

    def _routed(self, received: Received) -> Response:
        nobody = Principal("", "nobody")
        known = received.path.startswith(_OPEN)
        principal = nobody if known else identity.principal_of(self.state, received.token)
        handler, variables = find(received.method, received.path)
        request = Request(
            received.method,
            received.path,
            received.query,
            received.headers,
            received.body,
            principal,
            variables,
            self.url,
        )
        answer = handler(self.state, request)
        self._runner.start_pending()
        return answer if isinstance(answer, Response) else Response(body=answer)

    def _save(self) -> None:
        with self._lock:
            if self._directory:
                self.state.save(self._directory)


def _require_writable(directory: Path, save: Callable[[], None]) -> None:
    """Raises ValueError now, and not at the first request."""
    try:
        save()
    except OSError as error:
        raise ValueError(f"{directory} cannot be written to: {error.strerror}") from None


def _struck(fault: Fault) -> Response | None:
    """The fault happens; what it answers, if it does."""
    if fault.delay:
        time.sleep(fault.delay)
    fault.strike()
    if fault.breaks_off or not fault.status:
        return None
    headers = {"Retry-After": str(fault.retry_after)} if fault.status in {429, 503} else {}
    code = fault.error_code or _ERROR_CODES.get(fault.status, "INTERNAL_ERROR")
    return Response(fault.status, {"error_code": code, "message": fault.message}, headers)


def _otherwise(response: Response | None, fault: Fault) -> Response | None:
    if response is None or not isinstance(response.body, dict):
        return response
    return replace(response, body={**response.body, **fault.fields})


_ERROR_CODES = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    409: "RESOURCE_CONFLICT",
    429: "RESOURCE_EXHAUSTED",
    503: "TEMPORARILY_UNAVAILABLE",
}
