"""Who is who: the caller, users, groups, service principals, and who may use a service principal."""

import re
from collections.abc import Callable, Iterable

from framework.testing.fake_workspace.exchange import Json, Principal, Refused, Request, Response
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State

WORKSPACE_ID = "6001234567890123"
ACCOUNT_ID = "00000000-0000-4000-8000-000000000001"
_SCIM = "/api/2.0/preview/scim/v2"
_FILTER = re.compile(r'\s*(\w+)\s+(eq|co|sw)\s+"?([^"]*)"?\s*', re.IGNORECASE)


def principal_of(state: State, token: str) -> Principal:
    """The owner of a token. Raises Refused (401) when nobody owns it."""
    name = state.tokens.get(token)
    if name is None:
        raise Refused(401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API.")
    return principal_named(state, name)


def principal_named(state: State, name: str) -> Principal:
    """A known principal with its groups, those that hold its groups included."""
    found = {group for group, each in state.groups.items() if name in each["members"]}
    while more := {group for group, each in state.groups.items() if found & set(each["members"])} - found:
        found |= more
    return Principal(name, state.principals[name]["kind"], frozenset(found))


def add_principal(state: State, name: str, kind: str, groups: Iterable[str]) -> str:
    """Make a user or service principal, or put a known one into more groups. Answers its token."""
    if name not in state.principals:
        state.principals[name] = {"id": str(state.new_id()), "kind": kind}
        state.tokens[f"fake-{name}"] = name
    for group in groups:
        add_group(state, group)
        if name not in state.groups[group]["members"]:
            state.groups[group]["members"].append(name)
    return f"fake-{name}"


def add_group(state: State, name: str) -> None:
    """Make a group, unless it is known."""
    if name not in state.groups:
        state.groups[name] = {"id": str(state.new_id()), "members": []}


def may_use(state: State, principal: Principal, application_id: str) -> bool:
    """Whether a principal may let jobs run as this service principal."""
    rules = state.rule_sets.get(_rule_set_name(application_id), {}).get("grant_rules", [])
    named = {
        each.split("/", 1)[1]
        for rule in rules
        if rule["role"] == "roles/servicePrincipal.user"  # a manager may change it, and not use it
        for each in rule["principals"]
    }
    return principal.is_admin or principal.name == application_id or bool(named & principal.names)


def allow_use(state: State, application_id: str, principal: str) -> None:
    """Let a user, a group or another service principal use a service principal."""
    kind = state.principals.get(principal, {}).get("kind", "group")
    prefix = {"user": "users", "service_principal": "servicePrincipals", "group": "groups"}[kind]
    name = _rule_set_name(application_id)
    rules = state.rule_sets.setdefault(name, {"name": name, "etag": "1", "grant_rules": []})["grant_rules"]
    rules.append({"role": "roles/servicePrincipal.user", "principals": [f"{prefix}/{principal}"]})


def _host_metadata(_state: State, request: Request) -> Json:
    known = {"workspace_id": WORKSPACE_ID, "account_id": ACCOUNT_ID, "cloud": "AWS"}
    return {**known, "oidc_endpoint": f"{request.base_url}/oidc"}


def _me(state: State, request: Request) -> Response:
    return Response(body=_as_scim(state, request.principal.name), headers={"X-Databricks-Org-Id": WORKSPACE_ID})


def _users(state: State, request: Request) -> Json:
    return _listed(
        request, (_as_scim(state, name) for name, each in state.principals.items() if each["kind"] == "user")
    )


def _service_principals(state: State, request: Request) -> Json:
    wanted = (name for name, each in state.principals.items() if each["kind"] == "service_principal")
    return _listed(request, (_as_scim(state, name) for name in wanted))


def _groups(state: State, request: Request) -> Json:
    return _listed(request, (_group_as_scim(state, name) for name in state.groups))


def _one(resources: Callable[[State, Request], Json]) -> Callable[[State, Request], Json]:
    def answer(state: State, request: Request) -> Json:
        everyone = resources(state, Request("GET", request.path, {}, {}, b"", request.principal))
        for each in everyone["Resources"]:
            if each["id"] == request.variables["id"]:
                return dict(each)
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"No such principal: {request.variables['id']}")

    return answer


def _rule_set(state: State, request: Request) -> Json:
    name = request.required("name")
    return state.rule_sets.get(name, {"name": name, "etag": "1", "grant_rules": []})


def _put_rule_set(state: State, request: Request) -> Json:
    name, given = request.required("name"), request.required("rule_set")
    if not request.principal.is_admin:
        raise Refused(403, "PERMISSION_DENIED", f"{request.principal.name} may not change {name}")
    etag = str(int(state.rule_sets.get(name, {"etag": "1"})["etag"]) + 1)
    state.rule_sets[name] = {"name": name, "etag": etag, "grant_rules": given.get("grant_rules", [])}
    return state.rule_sets[name]


def _rule_set_name(application_id: str) -> str:
    return f"accounts/{ACCOUNT_ID}/servicePrincipals/{application_id}/ruleSets/default"


def _as_scim(state: State, name: str) -> Json:
    known = state.principals[name]
    groups = sorted(principal_named(state, name).groups)
    listed = [{"display": each, "value": state.groups[each]["id"], "type": "direct"} for each in groups]
    # The caller's own entry has a userName even when it is a service principal.
    same = {"id": known["id"], "displayName": name, "userName": name, "active": True, "groups": listed}
    return same if known["kind"] == "user" else {**same, "applicationId": name}


def _group_as_scim(state: State, name: str) -> Json:
    group = state.groups[name]
    ids = {each: state.principals.get(each, state.groups.get(each, {})).get("id", each) for each in group["members"]}
    members = [{"display": each, "value": ids[each]} for each in group["members"]]
    return {"id": group["id"], "displayName": name, "members": members}


def _listed(request: Request, resources: Iterable[Json]) -> Json:
    found = [each for each in resources if _fits(each, request.query.get("filter", ""))]
    start = max(int(request.query.get("startIndex", "1")), 1)
    page = found[start - 1 :][: int(request.query.get("count", "100"))]
    return {"Resources": page, "totalResults": len(found), "startIndex": start, "itemsPerPage": len(page)}


def _fits(resource: Json, condition: str) -> bool:
    if not condition:
        return True
    parsed = _FILTER.fullmatch(condition)
    if not parsed:
        raise Refused(400, "invalidFilter", f"Cannot parse filter: {condition}")
    attribute, operator, wanted = parsed[1], parsed[2].lower(), parsed[3]
    value = str(resource.get(attribute, ""))
    return {"eq": value == wanted, "co": wanted in value, "sw": value.startswith(wanted)}[operator]


ROUTES: Routes = {
    "GET /.well-known/databricks-config": _host_metadata,
    f"GET {_SCIM}/Me": _me,
    f"GET {_SCIM}/Users": _users,
    f"GET {_SCIM}/Users/{{id}}": _one(_users),
    f"GET {_SCIM}/ServicePrincipals": _service_principals,
    f"GET {_SCIM}/ServicePrincipals/{{id}}": _one(_service_principals),
    f"GET {_SCIM}/Groups": _groups,
    f"GET {_SCIM}/Groups/{{id}}": _one(_groups),
    "GET /api/2.0/preview/accounts/access-control/rule-sets": _rule_set,
    "PUT /api/2.0/preview/accounts/access-control/rule-sets": _put_rule_set,
    "POST /telemetry-ext": lambda _state, _request: {"errors": [], "numProtoSuccess": 1},
}
