"""Catalogs, schemas, volumes, tables and registered models of Unity Catalog: one life, five kinds."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from framework.testing.fake_workspace.access import containers, has_privilege, owns, require_privileges
from framework.testing.fake_workspace.api.paging import page_of
from framework.testing.fake_workspace.exchange import Json, Principal, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State, now

METASTORE_ID = "00000000-0000-4000-8000-000000000002"
_ROOT = "/api/2.1/unity-catalog"
_CHANGEABLE = {"comment", "owner", "properties", "options", "isolation_mode", "custom_max_retention_hours"}


@dataclass(frozen=True)
class _Kind:
    name: str  # as keys and messages have it
    collection: str  # as paths and lists have it
    parents: tuple[str, ...]  # the fields that name what holds it
    privilege: str  # needed on what holds it
    fields: tuple[tuple[str, str], ...] = ()  # what the service fills in


_KINDS = (
    _Kind("catalog", "catalogs", (), "CREATE_CATALOG", (("catalog_type", "MANAGED_CATALOG"),)),
    _Kind("schema", "schemas", ("catalog_name",), "CREATE_SCHEMA", (("catalog_type", "MANAGED_CATALOG"),)),
    _Kind("volume", "volumes", ("catalog_name", "schema_name"), "CREATE_VOLUME", (("volume_type", "MANAGED"),)),
    _Kind(
        "table",
        "tables",
        ("catalog_name", "schema_name"),
        "CREATE_TABLE",
        (("table_type", "MANAGED"), ("data_source_format", "DELTA")),
    ),
    _Kind("registered_model", "models", ("catalog_name", "schema_name"), "CREATE_MODEL"),
)


def securable(state: State, principal: Principal, kind: str, full_name: str) -> Json:
    """One object of Unity Catalog that the principal may see. Raises Refused: 404, or 403."""
    key = f"{kind}:{full_name.lower()}"
    if key not in state.securables:
        raise _missing(kind, full_name)
    if not _visible(state, principal, key):
        message = f"User does not have any privilege on {kind} '{full_name}'"
        raise Refused(403, "PERMISSION_DENIED", message)
    return state.securables[key]


def add_securable(state: State, kind: str, full_name: str, owner: str, **fields: object) -> Json:
    """Make an object of Unity Catalog, whoever asks. Raises Refused (400) when it is there already."""
    of = next(each for each in _KINDS if each.name == kind)
    name = full_name.lower()
    if f"{kind}:{name}" in state.securables:
        raise Refused(400, f"{kind.upper()}_ALREADY_EXISTS", f"{kind.capitalize()} '{name}' already exists")
    *above, last = name.split(".")
    number = state.new_id()
    made = {
        **dict(of.fields),
        **{key: value for key, value in fields.items() if value is not None},
        **dict(zip(of.parents, above, strict=True)),
        "name": last,
        "full_name": name,
        f"{kind}_id": str(uuid.UUID(int=number)),
        "metastore_id": METASTORE_ID,
        "owner": owner,
        "created_by": owner,
        "updated_by": owner,
        "created_at": now(),
        "updated_at": now(),
    }
    if kind in {"volume", "table"}:
        made.setdefault("storage_location", f"s3://fake-metastore/{kind}s/{number}")
    state.securables[f"{kind}:{name}"] = made
    return made


def forget(state: State, key: str) -> None:
    """Take away an object of Unity Catalog and all that is in it, whoever asks."""
    for each in [each for each in state.securables if key in containers(each)]:
        _forget(state, each)


def _create(of: _Kind) -> Callable[[State, Request], Json]:
    def create(state: State, request: Request) -> Json:
        above = [str(request.required(field)).lower() for field in of.parents]
        parent = f"{'catalog' if len(above) == 1 else 'schema'}:{'.'.join(above)}" if above else "metastore:"
        _require_parent(state, request.principal, parent, of.privilege)
        full_name = ".".join((*above, request.required("name")))
        given = {key: value for key, value in request.json().items() if key not in {"full_name", "owner"}}
        return add_securable(state, of.name, full_name, request.principal.name, **given)

    return create


def _get(of: _Kind) -> Callable[[State, Request], Json]:
    return lambda state, request: securable(state, request.principal, of.name, request.variables["name"])


def _list(of: _Kind) -> Callable[[State, Request], Json]:
    def answer(state: State, request: Request) -> Json:
        wanted = {field: request.query[field].lower() for field in of.parents if request.query.get(field)}
        found = [
            each
            for key, each in sorted(state.securables.items())
            if key.startswith(f"{of.name}:")
            and all(each[field] == value for field, value in wanted.items())
            and _visible(state, request.principal, key)
        ]
        page, more = page_of(found, request, default=1000, largest=1000)
        return {"registered_models" if of.name == "registered_model" else of.collection: page, **more}

    return answer


def _update(of: _Kind) -> Callable[[State, Request], Json]:
    def update(state: State, request: Request) -> Json:
        found = securable(state, request.principal, of.name, request.variables["name"])
        before = f"{of.name}:{found['full_name']}"
        require_privileges(state, request.principal, before)
        body = request.json()
        found |= {key: value for key, value in body.items() if key in _CHANGEABLE and value != ""}
        found |= {"updated_at": now(), "updated_by": request.principal.name}
        if body.get("new_name"):
            _rename(state, before, str(body["new_name"]).lower())
        return found

    return update


def _delete(of: _Kind) -> Callable[[State, Request], Json]:
    def delete(state: State, request: Request) -> Json:
        name = request.variables["name"].lower()
        key = f"{of.name}:{name}"
        if key not in state.securables:
            raise _missing(of.name, name)
        require_privileges(state, request.principal, key)
        inside = [each for each in state.securables if key in containers(each) and each != key]
        if inside and request.query.get("force") != "true":
            message = f"Cannot delete {of.name} '{name}' as it is not empty: {inside[0]}"
            raise Refused(400, "INVALID_STATE", message)
        forget(state, key)
        return {}

    return delete


def _table_exists(state: State, request: Request) -> Json:
    return {"table_exists": f"table:{request.variables['name'].lower()}" in state.securables}


def _metastore(_state: State, _request: Request) -> Json:
    return {"metastore_id": METASTORE_ID, "name": "fake-metastore", "default_catalog_name": "main", "cloud": "aws"}


def _require_parent(state: State, principal: Principal, parent: str, privilege: str) -> None:
    kind, _, name = parent.partition(":")
    if kind != "metastore" and parent not in state.securables:
        raise _missing(kind, name)
    for each in containers(parent) if kind != "metastore" else ():
        require_privileges(state, principal, each, f"USE_{each.split(':')[0].upper()}")
    require_privileges(state, principal, parent, privilege)


def _visible(state: State, principal: Principal, key: str) -> bool:
    granted = (name for each in containers(key) for name in state.grants.get(each, {}))
    return (
        owns(state, principal, key)
        or bool(principal.names & set(granted))
        or has_privilege(state, principal, key, "BROWSE")
    )


def _rename(state: State, before: str, new_name: str) -> None:
    found = state.securables.pop(before)
    kind, _, full_name = before.partition(":")
    after = ".".join((*full_name.split(".")[:-1], new_name))
    found |= {"name": new_name, "full_name": after}
    state.securables[f"{kind}:{after}"] = found
    for table in (state.grants, state.model_versions):
        old, new = (before, f"{kind}:{after}") if table is state.grants else (full_name, after)
        if old in table:
            table[new] = table.pop(old)  # type: ignore[assignment]


def _forget(state: State, key: str) -> None:
    del state.securables[key]
    state.grants.pop(key, None)
    name = key.partition(":")[2]
    if key.startswith("registered_model:"):
        state.model_versions.pop(name, None)
    if key.startswith("table:"):
        state.monitors.pop(name, None)


def _missing(kind: str, name: str) -> Refused:
    return Refused(
        404, f"{kind.upper()}_DOES_NOT_EXIST", f"{kind.replace('_', ' ').capitalize()} '{name}' does not exist."
    )


ROUTES: Routes = {
    f"GET {_ROOT}/tables/{{name}}/exists": _table_exists,
    f"GET {_ROOT}/metastore_summary": _metastore,
    f"GET {_ROOT}/current-metastore-assignment": _metastore,
    **{f"POST {_ROOT}/{each.collection}": _create(each) for each in _KINDS},
    **{f"GET {_ROOT}/{each.collection}": _list(each) for each in _KINDS},
    **{f"GET {_ROOT}/{each.collection}/{{name}}": _get(each) for each in _KINDS},
    **{f"PATCH {_ROOT}/{each.collection}/{{name}}": _update(each) for each in _KINDS},
    **{f"DELETE {_ROOT}/{each.collection}/{{name}}": _delete(each) for each in _KINDS},
}
