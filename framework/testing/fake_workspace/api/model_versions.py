"""Versions and aliases of the models of Unity Catalog."""

import uuid
from typing import Any

from framework.testing.fake_workspace.access import require_privileges
from framework.testing.fake_workspace.api.paging import page_of
from framework.testing.fake_workspace.api.securables import METASTORE_ID, securable
from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State, now

_ROOT = "/api/2.1/unity-catalog/models/{name}"


def add_version(state: State, model: str, creator: str, **fields: Any) -> Json:
    """A new version of a model, ready to use. Raises Refused (404) when the model is unknown."""
    version = 1 + max((int(each) for each in state.model_versions.get(model.lower(), {})), default=0)
    return put_version(state, model, version, creator, **fields)


def put_version(state: State, model: str, version: int, creator: str, **fields: Any) -> Json:
    """That version of a model, made or changed. Raises Refused (404) when the model is unknown."""
    name = model.lower()
    if f"registered_model:{name}" not in state.securables:
        raise Refused(404, "REGISTERED_MODEL_DOES_NOT_EXIST", f"Registered model '{model}' does not exist.")
    versions = state.model_versions.setdefault(name, {})
    if known := versions.get(str(version)):
        versions[str(version)] = {**known, **fields}
        return versions[str(version)]
    catalog, schema, last = name.split(".")
    made = {
        "catalog_name": catalog,
        "schema_name": schema,
        "model_name": last,
        "version": version,
        "status": "READY",
        "source": f"dbfs:/databricks/mlflow/{name}/{version}",
        **fields,
        "id": str(uuid.UUID(int=state.new_id())),
        "metastore_id": METASTORE_ID,
        "created_by": creator,
        "created_at": now(),
        "updated_at": now(),
    }
    versions[str(version)] = made
    return made


def set_alias(state: State, model: str, alias: str, version: int) -> Json:
    """Let an alias mean a version. Raises Refused (404) when there is no such version."""
    _version(state, model, str(version))
    known = _aliases(state, model)
    found = {"alias_name": alias, "version_num": int(version)}
    known[:] = [each for each in known if each["alias_name"] != alias] + [found]
    return found


def _list(state: State, request: Request) -> Json:
    model = _model(state, request)
    newest = sorted(state.model_versions.get(model, {}).values(), key=lambda each: -int(each["version"]))
    page, more = page_of([_shown(state, model, each) for each in newest], request, default=100, largest=1000)
    return {"model_versions": page, **more}


def _get(state: State, request: Request) -> Json:
    model = _model(state, request)
    return _shown(state, model, _version(state, model, request.variables["version"]))


def _update(state: State, request: Request) -> Json:
    model = _model(state, request, change=True)
    found = _version(state, model, request.variables["version"])
    found |= {"comment": request.json().get("comment", found.get("comment", "")), "updated_at": now()}
    return found


def _delete(state: State, request: Request) -> Json:
    model = _model(state, request, change=True)
    version = _version(state, model, request.variables["version"])
    del state.model_versions[model][str(version["version"])]
    known = _aliases(state, model)
    known[:] = [each for each in known if each["version_num"] != version["version"]]
    return {}


def _by_alias(state: State, request: Request) -> Json:
    model, alias = _model(state, request), request.variables["alias"]
    for each in _aliases(state, model):
        if each["alias_name"] == alias:
            return _shown(state, model, _version(state, model, str(each["version_num"])))
    raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Alias '{alias}' does not exist for model '{model}'.")


def _set_alias(state: State, request: Request) -> Json:
    model = _model(state, request, change=True)
    return set_alias(state, model, request.variables["alias"], request.integer("version_num"))


def _delete_alias(state: State, request: Request) -> Json:
    known = _aliases(state, _model(state, request, change=True))
    known[:] = [each for each in known if each["alias_name"] != request.variables["alias"]]
    return {}


def _model(state: State, request: Request, *, change: bool = False) -> str:
    found = securable(state, request.principal, "registered_model", request.variables["name"])
    if change:
        require_privileges(state, request.principal, f"registered_model:{found['full_name']}")
    return str(found["full_name"])


def _version(state: State, model: str, version: str) -> Json:
    found = state.model_versions.get(model.lower(), {}).get(version)
    if not found:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Version {version} of model '{model}' does not exist.")
    return found


def _aliases(state: State, model: str) -> list[Json]:
    aliases: list[Json] = state.securables[f"registered_model:{model.lower()}"].setdefault("aliases", [])
    return aliases


def _shown(state: State, model: str, version: Json) -> Json:
    aliases = [each for each in _aliases(state, model) if each["version_num"] == version["version"]]
    return {**version, "aliases": aliases}


ROUTES: Routes = {
    f"GET {_ROOT}/versions": _list,
    f"GET {_ROOT}/versions/{{version}}": _get,
    f"PATCH {_ROOT}/versions/{{version}}": _update,
    f"DELETE {_ROOT}/versions/{{version}}": _delete,
    f"GET {_ROOT}/aliases/{{alias}}": _by_alias,
    f"PUT {_ROOT}/aliases/{{alias}}": _set_alias,
    f"DELETE {_ROOT}/aliases/{{alias}}": _delete_alias,
}
