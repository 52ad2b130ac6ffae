"""Who may do what: access control lists, home folders, owners and Unity Catalog's privileges."""

from framework.testing.fake_workspace.exchange import Json, Principal, Refused
from framework.testing.fake_workspace.state import State

# Each level holds those before it; objects use different words for the same rank.
_RANKS = {
    "CAN_VIEW": 1,
    "CAN_READ": 1,
    "CAN_USE": 1,
    "CAN_MONITOR": 2,
    "CAN_RUN": 2,
    "CAN_MANAGE_RUN": 2,
    "CAN_EDIT": 3,
    "CAN_MANAGE": 4,
    "IS_OWNER": 5,
}


def require_level(entry: Json) -> None:
    """Raises Refused (400) unless the level of an access control entry is one of the service's."""
    level = entry.get("permission_level")
    if level not in _RANKS:
        known = f"It is one of {', '.join(_RANKS)}."
        what = f"Unknown permission level {level}" if level else "No permission level"
        raise Refused(400, "INVALID_PARAMETER_VALUE", f"{what} for {principal_name(entry)}. {known}")


def holds(state: State, principal: Principal, key: str, level: str) -> bool:
    """Whether the access control list of ``key`` (such as ``jobs/17``) gives this level or more."""
    given = (
        entry["permission_level"]
        for entry in state.permissions.get(key, [])
        if principal_name(entry) in principal.names
    )
    return principal.is_admin or any(_RANKS[each] >= _RANKS[level] for each in given)


def require(state: State, principal: Principal, key: str, level: str) -> None:
    """Raises Refused (403) when the principal holds less than ``level`` on ``key``."""
    if not holds(state, principal, key, level):
        kind, _, name = key.rpartition("/")
        message = f"User {principal.name} does not have {level} permission on {kind} {name}"
        raise Refused(403, "PERMISSION_DENIED", message)


def principal_name(entry: Json) -> str:
    """Whom an entry of an access control list is about. Raises Refused (400) when it says nobody."""
    for field in ("user_name", "group_name", "service_principal_name"):
        if entry.get(field):
            return str(entry[field])
    raise Refused(
        400, "INVALID_PARAMETER_VALUE", "An access control entry needs a user, a group or a service principal"
    )


def may_reach(state: State, principal: Principal, path: str, level: str) -> bool:
    """Whether a principal has ``level`` on a workspace path: its own home, what is shared, or by a list on the way."""
    parts = path.strip("/").split("/")
    if parts[0] == "Shared" or parts[:2] == ["Users", principal.name]:
        return True
    if parts in ([""], ["Users"]):
        return level == "CAN_READ" or principal.is_admin
    ways = ("/" + "/".join(parts[:length]) for length in range(1, len(parts) + 1))
    ids = (state.objects[way]["object_id"] for way in ways if way in state.objects)
    return principal.is_admin or any(
        holds(state, principal, f"{kind}/{each}", level)
        for each in ids
        for kind in ("directories", "files", "notebooks")
    )


def owns(state: State, principal: Principal, key: str) -> bool:
    """Whether a principal owns a securable (``schema:dev.features``) or something that holds it."""
    return principal.is_admin or any(
        state.securables.get(each, {}).get("owner") in principal.names for each in containers(key)
    )


def has_privilege(state: State, principal: Principal, key: str, privilege: str) -> bool:
    """Whether a privilege is held on a securable, or on what holds it, or comes with owning either."""
    if owns(state, principal, key):
        return True
    grants = (state.grants.get(each, {}).get(name, []) for each in containers(key) for name in principal.names)
    return any(privilege in each or "ALL_PRIVILEGES" in each for each in grants)


def require_privileges(state: State, principal: Principal, key: str, *privileges: str) -> None:
    """Raises Refused (403) for the first privilege that is missing; without any, for not being the owner."""
    kind, _, name = key.partition(":")
    if not privileges and not owns(state, principal, key):
        raise Refused(403, "PERMISSION_DENIED", f"User is not an owner of {kind.capitalize()} '{name}'.")
    for each in privileges:
        if not has_privilege(state, principal, key, each):
            words = each.replace("_", " ")
            message = f"User does not have {words} on {kind.capitalize()} '{name}'."
            raise Refused(403, "PERMISSION_DENIED", message)


def containers(key: str) -> tuple[str, ...]:
    """A securable's own key, its schema's and its catalog's."""
    kind, _, name = key.partition(":")
    parts = name.split(".")
    if kind not in {"catalog", "schema", "table", "volume", "function", "registered_model"}:
        return (key,)
    above = [f"schema:{'.'.join(parts[:2])}"] if len(parts) == 3 else []
    return (key, *above, *([f"catalog:{parts[0]}"] if len(parts) > 1 else []))
