"""Files, notebooks and directories of the workspace."""

import base64
import email.parser
import email.policy
import posixpath
from typing import Any

from framework.testing.fake_workspace.access import may_reach
from framework.testing.fake_workspace.exchange import Json, Refused, Request, Response
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State, now

_NOTEBOOK_HEADERS = {
    ".py": (b"# Databricks notebook source", "PYTHON"),
    ".sql": (b"-- Databricks notebook source", "SQL"),
    ".r": (b"# Databricks notebook source", "R"),
    ".scala": (b"// Databricks notebook source", "SCALA"),
}


def stored_path(path: str) -> str:
    """A path as the state keeps it: /Workspace/Shared/x and /Shared/x are one object."""
    clean = posixpath.normpath("/" + path.lstrip("/"))
    return clean.removeprefix("/Workspace") or "/" if clean.split("/")[1] == "Workspace" else clean


def make_directories(state: State, path: str) -> None:
    """Make a directory and what is above it. Raises Refused (400) where a file is in the way."""
    for length in range(1, len(path.strip("/").split("/")) + 1):
        way = "/" + "/".join(path.strip("/").split("/")[:length])
        found = state.objects.setdefault(way, _new(state, "DIRECTORY")) if way != "/" else {}
        if found and found["object_type"] != "DIRECTORY":
            raise Refused(400, "RESOURCE_ALREADY_EXISTS", f"{way} already exists and is not a directory.")


def put_file(state: State, path: str, content: bytes, *, overwrite: bool, **fields: Any) -> None:
    """Store a file (or notebook, by ``object_type``). Raises Refused: 404 without parent, 409 when it is there."""
    parent = posixpath.dirname(path)
    if parent != "/" and state.objects.get(parent, {}).get("object_type") != "DIRECTORY":
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"The parent folder ({parent}) does not exist.")
    before = state.objects.get(path)
    if before and (not overwrite or before["object_type"] == "DIRECTORY"):
        raise Refused(409, "RESOURCE_ALREADY_EXISTS", f"{path} already exists.")
    kept = before or _new(state, "FILE")
    state.objects[path] = {
        **kept,
        "object_type": "FILE",
        **fields,
        "modified_at": now(),
        "size": len(content),
        "sha256": state.keep(content),
    }


def content_of(state: State, path: str) -> bytes:
    """The bytes of a file. Raises Refused (404) when there is none."""
    found = state.objects.get(path)
    if not found or "sha256" not in found:
        raise _missing(path)
    return state.contents[found["sha256"]]


def below(state: State, path: str) -> list[str]:
    """Every path under a directory, at any depth, in order."""
    return sorted(each for each in state.objects if each.startswith(path.rstrip("/") + "/"))


def _get_status(state: State, request: Request) -> Json:
    asked = request.required("path")
    path = _readable(state, request, asked)
    return _as_listed(path, state.objects.get(path, {"object_type": "DIRECTORY", "object_id": 1}), asked)


def _list(state: State, request: Request) -> Json:
    asked = request.required("path")
    path = _readable(state, request, asked)
    inside = [each for each in below(state, path) if posixpath.dirname(each) == path]
    if state.objects.get(path, {}).get("object_type", "DIRECTORY") != "DIRECTORY":
        inside = [path]
    seen = [each for each in inside if may_reach(state, request.principal, each, "CAN_READ")]
    prefix = "/Workspace" if stored_path(asked) != posixpath.normpath(asked) else ""
    return {"objects": [_as_listed(each, state.objects[each], prefix + each) for each in seen]}


def _export(state: State, request: Request) -> Json | Response:
    path = _readable(state, request, request.required("path"))
    content = content_of(state, path)
    if request.query.get("direct_download") == "true":
        return Response(body=content)
    return {"content": base64.b64encode(content).decode()}


def _mkdirs(state: State, request: Request) -> Json:
    make_directories(state, _writable(state, request, request.required("path")))
    return {}


def _delete(state: State, request: Request) -> Json:
    body = request.json()
    path = _writable(state, request, request.required("path"))
    inside = below(state, path)
    if path not in state.objects:
        raise _missing(path)
    if inside and not body.get("recursive"):
        raise Refused(400, "DIRECTORY_NOT_EMPTY", f"Folder {path} is not empty")
    for each in (path, *inside):
        del state.objects[each]
    return {}


def _import_file(state: State, request: Request) -> Json:
    path = _writable(state, request, request.variables["path"])
    _put_detected(state, path, request.body, overwrite=request.query.get("overwrite") == "true")
    return {}


def _import(state: State, request: Request) -> Json:
    form = request.headers.get("content-type", "").startswith("multipart/form-data")
    fields = _form(request) if form else request.json()
    if not fields.get("path"):
        raise Refused(400, "INVALID_PARAMETER_VALUE", "Missing required field: path")
    path = _writable(state, request, str(fields["path"]))
    content = fields.get("content", b"") if form else base64.b64decode(fields.get("content", ""))
    overwrite = str(fields.get("overwrite", False)).lower() == "true"
    if fields.get("format", "SOURCE") in {"AUTO", "RAW"}:
        _put_detected(state, path, content, overwrite=overwrite)
    elif not fields.get("language"):
        raise Refused(400, "INVALID_PARAMETER_VALUE", "The language is required for the format SOURCE")
    else:
        put_file(state, path, content, overwrite=overwrite, object_type="NOTEBOOK", language=fields["language"])
    return {}


def _put_detected(state: State, path: str, content: bytes, *, overwrite: bool) -> None:
    stem, suffix = posixpath.splitext(path)
    header, language = _NOTEBOOK_HEADERS.get(suffix.lower(), (b"", ""))
    if header and content.startswith(header):
        put_file(state, stem, content, overwrite=overwrite, object_type="NOTEBOOK", language=language)
    else:
        put_file(state, path, content, overwrite=overwrite)


def _form(request: Request) -> Json:
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + request.body
    )
    fields: Json = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        fields[name] = content if name == "content" else bytes(content or b"").decode()
    return fields


def _readable(state: State, request: Request, asked: str) -> str:
    path = stored_path(asked)
    there = path == "/" or path in state.objects
    # What one may not read looks as if it were not there.
    if not there or not may_reach(state, request.principal, path, "CAN_READ"):
        raise _missing(asked)
    return path


def _writable(state: State, request: Request, asked: str) -> str:
    path = stored_path(asked)
    if not may_reach(state, request.principal, path, "CAN_EDIT"):
        raise Refused(
            403, "PERMISSION_DENIED", f"User {request.principal.name} does not have Edit permissions on {asked}"
        )
    return path


def _missing(path: str) -> Refused:
    return Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Path ({path}) doesn't exist.")


def _new(state: State, kind: str) -> Json:
    return {"object_type": kind, "object_id": state.new_id(), "created_at": now(), "modified_at": now()}


def _as_listed(path: str, found: Json, shown: str) -> Json:
    kept = {key: value for key, value in found.items() if key != "sha256"}
    return {**kept, "path": shown or path, "resource_id": str(found["object_id"])}


ROUTES: Routes = {
    "GET /api/2.0/workspace/get-status": _get_status,
    "GET /api/2.0/workspace/list": _list,
    "GET /api/2.0/workspace/export": _export,
    "POST /api/2.0/workspace/mkdirs": _mkdirs,
    "POST /api/2.0/workspace/delete": _delete,
    "POST /api/2.0/workspace/import": _import,
    "POST /api/2.0/workspace-files/import-file/{path...}": _import_file,
}
