"""Grants of Unity Catalog, as given and in effect."""

from collections.abc import Iterable

from framework.testing.fake_workspace.access import containers, owns, require_privileges
from framework.testing.fake_workspace.exchange import Json, Principal, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State

# The API files models under functions.
_SAME_AS = {"function": "registered_model"}


def grant(state: State, key: str, principal: str, privileges: Iterable[str]) -> None:
    """Give privileges on a securable (``schema:dev.features``)."""
    held = state.grants.setdefault(key, {}).setdefault(principal, [])
    held[:] = sorted({*held, *(each.replace(" ", "_") for each in privileges)})


def _get(state: State, request: Request) -> Json:
    key = _key(state, request)
    return {"privilege_assignments": _assignments(_shown(state, request, key))}


def _update(state: State, request: Request) -> Json:
    key = _key(state, request)
    require_privileges(state, request.principal, key)
    changes = request.json().get("changes", [])
    for change in changes:
        if set(change.get("add", [])) & set(change.get("remove", [])):
            message = f"Duplicate privileges to add and delete for principal {change['principal']}."
            raise Refused(400, "INVALID_PARAMETER_VALUE", message)
        if not _known(state, change["principal"]):
            message = f"Could not find principal with name {change['principal']}"
            raise Refused(404, "PRINCIPAL_DOES_NOT_EXIST", message)
    for change in changes:
        held = set(state.grants.get(key, {}).get(change["principal"], []))
        removed = change.get("remove", [])
        kept = set() if "ALL_PRIVILEGES" in removed else held - set(removed)
        state.grants.setdefault(key, {})[change["principal"]] = []
        grant(state, key, change["principal"], kept | set(change.get("add", [])))
    return {"privilege_assignments": _assignments(state.grants.get(key, {}))}


def _effective(state: State, request: Request) -> Json:
    asked = _key(state, request)
    found: dict[str, list[Json]] = {}
    for key in containers(asked):
        kind, _, name = key.partition(":")
        inherited = {} if key == asked else {"inherited_from_type": kind.upper(), "inherited_from_name": name}
        for principal, privileges in _shown(state, request, key).items():
            found.setdefault(principal, []).extend({"privilege": each, **inherited} for each in privileges)
    return {
        "privilege_assignments": [
            {"principal": name, "privileges": found[name]} for name in sorted(found) if found[name]
        ]
    }


def _shown(state: State, request: Request, key: str) -> dict[str, list[str]]:
    """What the caller may see: everything as an owner, otherwise what concerns the caller."""
    who, wanted = request.principal, request.query.get("principal")
    seen = state.grants.get(key, {})
    if not owns(state, who, key):
        if wanted and wanted not in who.names:
            raise Refused(403, "PERMISSION_DENIED", f"User is not an owner of {key.replace(':', ' ')}")
        seen = {name: each for name, each in seen.items() if _concerns(who, name)}
    return {name: each for name, each in seen.items() if wanted in {None, "", name}}


def _concerns(principal: Principal, name: str) -> bool:
    return name in principal.names


def _key(state: State, request: Request) -> str:
    kind = request.variables["kind"].lower()
    key = f"{_SAME_AS.get(kind, kind)}:{request.variables['name'].lower()}"
    if key not in state.securables and not key.startswith("metastore:"):
        raise Refused(
            404, f"{kind.upper()}_DOES_NOT_EXIST", f"{kind.capitalize()} '{request.variables['name']}' does not exist."
        )
    return key


def _known(state: State, principal: str) -> bool:
    return (
        principal in state.principals or principal in state.groups or principal in {"account users", "users", "admins"}
    )


def _assignments(grants: dict[str, list[str]]) -> list[Json]:
    return [{"principal": name, "privileges": grants[name]} for name in sorted(grants) if grants[name]]


_ROOT = "/api/2.1/unity-catalog"
ROUTES: Routes = {
    f"GET {_ROOT}/permissions/{{kind}}/{{name}}": _get,
    f"PATCH {_ROOT}/permissions/{{kind}}/{{name}}": _update,
    f"GET {_ROOT}/effective-permissions/{{kind}}/{{name}}": _effective,
}
