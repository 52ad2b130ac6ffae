"""Access control lists of jobs, directories, experiments, warehouses and what else has one."""

from typing import Any

from framework.testing.fake_workspace.access import principal_name, require, require_level
from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State

_TYPES = {
    "jobs": "job",
    "directories": "directory",
    "files": "file",
    "notebooks": "notebook",
    "experiments": "mlflowExperiment",
    "registered-models": "registered-model",
    "warehouses": "warehouses",
    "clusters": "cluster",
    "cluster-policies": "cluster-policy",
    "serving-endpoints": "serving-endpoint",
    "pipelines": "pipelines",
}
_HOLDERS = ("user_name", "group_name", "service_principal_name")


def _get(state: State, request: Request) -> Json:
    key = _key(request)
    require(state, request.principal, key, "CAN_MANAGE")
    return _as_object(state, key)


def _put(state: State, request: Request) -> Json:
    key = _key(request)
    require(state, request.principal, key, "CAN_MANAGE")
    _set(state, key, _entries(state, request))
    return _as_object(state, key)


def _patch(state: State, request: Request) -> Json:
    key = _key(request)
    require(state, request.principal, key, "CAN_MANAGE")
    given = {principal_name(entry): entry for entry in _entries(state, request)}
    before = {principal_name(entry): entry for entry in state.permissions.get(key, [])}
    if any(entry["permission_level"] == "IS_OWNER" for entry in given.values()):  # ownership moves
        before = {name: entry for name, entry in before.items() if entry["permission_level"] != "IS_OWNER"}
    _set(state, key, list({**before, **given}.values()))
    return _as_object(state, key)


def _set(state: State, key: str, entries: list[Json]) -> None:
    owners = [entry for entry in entries if entry["permission_level"] == "IS_OWNER"]
    if key.startswith("jobs/") and len(owners) != 1:
        raise Refused(400, "INVALID_PARAMETER_VALUE", "The job must have exactly one owner.")
    state.permissions[key] = entries


def _entries(state: State, request: Request) -> list[Json]:
    entries = request.json().get("access_control_list", [])
    for entry in entries:
        name, group = principal_name(entry), entry.get("group_name")
        known = state.groups.keys() | {"users", "admins", "account users"} if group else state.principals.keys()
        if name not in known:
            raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Principal: {name} does not exist")
        require_level(entry)
    return list(entries)


def _key(request: Request) -> str:
    kind, key = request.variables["kind"].removeprefix("sql/"), request.variables["id"]
    if kind not in _TYPES:
        raise Refused(400, "INVALID_PARAMETER_VALUE", f"{kind} is not a supported object type.")
    return f"{kind}/{key}"


def _as_object(state: State, key: str) -> Json:
    kind = key.split("/", maxsplit=1)[0]
    shown: list[Json] = [_as_response(entry) for entry in state.permissions.get(key, [])]
    inherited = {"permission_level": "CAN_MANAGE", "inherited": True, "inherited_from_object": [f"/{kind}/"]}
    shown.append({"group_name": "admins", "all_permissions": [inherited]})
    path = next((way for way, each in state.objects.items() if f"directories/{each['object_id']}" == key), "")
    if path.startswith("/Users/"):
        home = {"permission_level": "CAN_MANAGE", "inherited": True}
        shown.append({"user_name": path.split("/")[2], "all_permissions": [home]})
    shown_id = f"/sql/{key}" if kind == "warehouses" else f"/{key}"
    return {"object_id": shown_id, "object_type": _TYPES[kind], "access_control_list": shown}


def _as_response(entry: Json) -> Json:
    holder: dict[str, Any] = {name: entry[name] for name in _HOLDERS if entry.get(name)}
    return {
        **holder,
        "display_name": principal_name(entry),
        "all_permissions": [{"permission_level": entry["permission_level"], "inherited": False}],
    }


_PATHS = ("/api/2.0/permissions/{kind}/{id}", "/api/2.0/permissions/{kind...}/{id}")
ROUTES: Routes = {
    f"{method} {path}": handler
    for path in _PATHS
    for method, handler in (("GET", _get), ("PUT", _put), ("PATCH", _patch))
}
