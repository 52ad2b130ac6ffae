"""Files of volumes, through the Files API."""

import posixpath

from framework.testing.fake_workspace.access import require_privileges
from framework.testing.fake_workspace.api.workspace_files import (
    below,
    content_of,
    make_directories,
    put_file,
    stored_path,
)
from framework.testing.fake_workspace.exchange import Json, Refused, Request, Response
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State


def _put_file(state: State, request: Request) -> Response:
    path = _path(state, request, "WRITE_VOLUME")
    make_directories(state, posixpath.dirname(path))
    put_file(state, path, request.body, overwrite=request.query.get("overwrite") == "true")
    return Response(204, b"")


def _get_file(state: State, request: Request) -> Response:
    return Response(body=content_of(state, _path(state, request, "READ_VOLUME")))


def _head(state: State, request: Request) -> Response:
    path = _path(state, request, "READ_VOLUME")
    kind = "DIRECTORY" if request.path.startswith("/api/2.0/fs/directories") else "FILE"
    there = state.objects.get(path, {}).get("object_type") == kind or (kind == "DIRECTORY" and path.count("/") == 4)
    return Response(200 if there else 404, b"")


def _delete(state: State, request: Request) -> Response:
    path = _path(state, request, "WRITE_VOLUME")
    if path not in state.objects:
        raise Refused(404, "NOT_FOUND", f"The path {path} does not exist.")
    if below(state, path):
        raise Refused(400, "FAILED_PRECONDITION", f"The directory {path} is not empty.")
    del state.objects[path]
    return Response(204, b"")


def _put_directory(state: State, request: Request) -> Response:
    make_directories(state, _path(state, request, "WRITE_VOLUME"))
    return Response(204, b"")


def _list(state: State, request: Request) -> Json:
    path = _path(state, request, "READ_VOLUME")
    inside = [each for each in below(state, path) if posixpath.dirname(each) == path]
    return {"contents": [_as_listed(each, state.objects[each]) for each in inside]}


def _path(state: State, request: Request, privilege: str) -> str:
    path = stored_path(request.variables["path"])
    parts = path.split("/")
    if len(parts) < 5 or parts[1] != "Volumes":
        raise Refused(400, "INVALID_PARAMETER_VALUE", f"Not a path of a volume: {path}")
    volume = f"volume:{'.'.join(parts[2:5])}"
    if volume not in state.securables:
        raise Refused(404, "NOT_FOUND", f"Volume '{'.'.join(parts[2:5])}' does not exist.")
    require_privileges(state, request.principal, volume, privilege)
    return path


def _as_listed(path: str, found: Json) -> Json:
    known = {"path": path, "name": posixpath.basename(path), "last_modified": found["modified_at"]}
    if found["object_type"] == "DIRECTORY":
        return {**known, "is_directory": True}
    return {**known, "is_directory": False, "file_size": found["size"]}


ROUTES: Routes = {
    "PUT /api/2.0/fs/files/{path...}": _put_file,
    "GET /api/2.0/fs/files/{path...}": _get_file,
    "HEAD /api/2.0/fs/files/{path...}": _head,
    "DELETE /api/2.0/fs/files/{path...}": _delete,
    "PUT /api/2.0/fs/directories/{path...}": _put_directory,
    "GET /api/2.0/fs/directories/{path...}": _list,
    "HEAD /api/2.0/fs/directories/{path...}": _head,
    "DELETE /api/2.0/fs/directories/{path...}": _delete,
}
