"""MLflow experiments."""

import posixpath

from framework.testing.fake_workspace.access import may_reach, require
from framework.testing.fake_workspace.api.paging import page_of
from framework.testing.fake_workspace.api.workspace_files import stored_path
from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State, now


def _create(state: State, request: Request) -> Json:
    name = _free_name(state, request, request.required("name"))
    number = state.new_id()
    body, key = request.json(), str(number)
    state.experiments[key] = {
        "experiment_id": key,
        "name": name,
        "artifact_location": body.get("artifact_location") or f"dbfs:/databricks/mlflow-tracking/{key}",
        "lifecycle_stage": "active",
        "creation_time": now(),
        "last_update_time": now(),
        "tags": [*body.get("tags", []), *_own_tags(request, name)],
        **({"trace_location": body["trace_location"]} if "trace_location" in body else {}),
    }
    state.objects[name] = {
        "object_type": "MLFLOW_EXPERIMENT",
        "object_id": number,
        "created_at": now(),
        "modified_at": now(),
    }
    state.permissions[f"experiments/{key}"] = [
        {
            "user_name" if request.principal.kind == "user" else "service_principal_name": request.principal.name,
            "permission_level": "CAN_MANAGE",
        }
    ]
    return {"experiment_id": key}


def _get(state: State, request: Request) -> Json:
    return {"experiment": _experiment(state, request, "CAN_READ")}


def _by_name(state: State, request: Request) -> Json:
    name = stored_path(request.required("experiment_name"))
    for each in state.experiments.values():
        if each["name"] == name:
            return {"experiment": each}
    raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Node {name} does not exist.")


def _list(state: State, request: Request) -> Json:
    page, more = page_of(list(state.experiments.values()), request, default=1000, largest=1000)
    return {"experiments": page, **more}


def _update(state: State, request: Request) -> Json:
    found = _experiment(state, request, "CAN_MANAGE")
    new_name = request.json().get("new_name")
    if new_name and stored_path(new_name) != found["name"]:
        name = _free_name(state, request, new_name)
        state.objects[name] = state.objects.pop(found["name"])
        for tag in found["tags"]:
            if tag["key"] == "mlflow.experiment.sourceName":
                tag["value"] = name
        found |= {"name": name, "last_update_time": now()}
    return {}


def _delete(state: State, request: Request) -> Json:
    found = _experiment(state, request, "CAN_MANAGE")
    del state.experiments[found["experiment_id"]]
    state.objects.pop(found["name"], None)
    state.permissions.pop(f"experiments/{found['experiment_id']}", None)
    return {}


def _set_tag(state: State, request: Request) -> Json:
    found = _experiment(state, request, "CAN_EDIT")
    key, value = request.required("key"), request.json().get("value", "")
    found["tags"] = [*(tag for tag in found["tags"] if tag["key"] != key), {"key": key, "value": value}]
    return {}


def _experiment(state: State, request: Request, level: str) -> Json:
    key = str(request.required("experiment_id"))
    if key not in state.experiments:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"No experiment was found: {key}")
    if not may_reach(state, request.principal, state.experiments[key]["name"], level):
        require(state, request.principal, f"experiments/{key}", level)
    return state.experiments[key]


def _free_name(state: State, request: Request, name: str) -> str:
    if not name.startswith("/"):
        raise Refused(
            400, "INVALID_PARAMETER_VALUE", f"Got an invalid experiment name '{name}'. It must be an absolute path."
        )
    path = stored_path(name)
    if path in state.objects:
        raise Refused(400, "RESOURCE_ALREADY_EXISTS", f"Node named '{posixpath.basename(path)}' already exists: {path}")
    parent = posixpath.dirname(path)
    if parent != "/" and parent not in state.objects:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Workspace directory '{parent}' not found.")
    if not may_reach(state, request.principal, path, "CAN_EDIT"):
        raise Refused(403, "PERMISSION_DENIED", f"{request.principal.name} does not have Edit permissions on {parent}")
    return path


def _own_tags(request: Request, name: str) -> list[Json]:
    values = {
        "mlflow.ownerEmail": request.principal.name,
        "mlflow.experiment.sourceName": name,
        "mlflow.experimentType": "MLFLOW_EXPERIMENT",
    }
    return [{"key": key, "value": value} for key, value in values.items()]


_ROOT = "/api/2.0/mlflow/experiments"
ROUTES: Routes = {
    f"POST {_ROOT}/create": _create,
    f"GET {_ROOT}/get": _get,
    f"GET {_ROOT}/get-by-name": _by_name,
    f"GET {_ROOT}/list": _list,
    f"POST {_ROOT}/search": _list,
    f"POST {_ROOT}/update": _update,
    f"POST {_ROOT}/delete": _delete,
    f"POST {_ROOT}/set-experiment-tag": _set_tag,
}
