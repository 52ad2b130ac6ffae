"""The workspace's own model registry, the one before Unity Catalog."""

from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State, now


def _create(state: State, request: Request) -> Json:
    name, body = request.required("name"), request.json()
    if name in state.registered_models:
        raise Refused(400, "RESOURCE_ALREADY_EXISTS", f"Registered Model (name={name}) already exists.")
    known = {
        "description": body.get("description", ""),
        "tags": body.get("tags", []),
        "user_id": request.principal.name,
    }
    times = {"creation_timestamp": now(), "last_updated_timestamp": now()}
    state.registered_models[name] = {"name": name, "id": str(state.new_id()), **known, **times}
    return {"registered_model": state.registered_models[name]}


def _get(state: State, request: Request) -> Json:
    return {"registered_model_databricks": {**_model(state, request), "permission_level": "CAN_MANAGE"}}


def _update(state: State, request: Request) -> Json:
    found = _model(state, request)
    found |= {"description": request.json().get("description", ""), "last_updated_timestamp": now()}
    return {"registered_model": found}


def _delete(state: State, request: Request) -> Json:
    name = request.query.get("name") or request.json().get("name", "")
    if name not in state.registered_models:
        raise _missing(name)
    del state.registered_models[name]
    return {}


def _list(state: State, _request: Request) -> Json:
    return {"registered_models": list(state.registered_models.values())}


def _model(state: State, request: Request) -> Json:
    name = request.required("name")
    if name not in state.registered_models:
        raise _missing(name)
    return state.registered_models[name]


def _missing(name: str) -> Refused:
    return Refused(404, "RESOURCE_DOES_NOT_EXIST", f"RegisteredModel '{name}' does not exist.")


_ROOT = "/api/2.0/mlflow"
ROUTES: Routes = {
    f"POST {_ROOT}/registered-models/create": _create,
    f"GET {_ROOT}/databricks/registered-models/get": _get,
    f"PATCH {_ROOT}/registered-models/update": _update,
    f"DELETE {_ROOT}/registered-models/delete": _delete,
    f"GET {_ROOT}/registered-models/list": _list,
}
