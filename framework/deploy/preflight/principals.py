"""Who deploys, who the jobs will run as, and whether the one may do that for the other."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from framework.deploy.preflight.check import Check, CheckState
from framework.spec.node_path import printable
from framework.spec.patterns import is_among
from framework.spec.policy_sections import DeploySection

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.iam import ComplexValue, User

_USER_ROLE = "roles/servicePrincipal.user"
ADMINISTRATORS = "admins"
"""The group of a workspace's administrators."""
_EVERYBODY = frozenset({"account users", "users"})
"""Groups that hold everybody and that no list of somebody's groups names."""


@dataclass(frozen=True)
class Principal:
    """A user or service principal by the name that grants use; ``groups`` is None when they cannot be seen."""

    name: str
    groups: frozenset[str] | None

    @property
    def names(self) -> frozenset[str]:
        """Every name under which it may hold something, as far as we know."""
        return frozenset({self.name}) | (self.groups or frozenset()) | _EVERYBODY

    def may_be_in(self, name: str) -> bool:
        """Whether ``name`` may be a group that holds it, for all we know."""
        return self.groups is None and not is_single(name)


def is_single(name: str) -> bool:
    """Whether a grantee is one user or service principal, by the look of its name, and no group."""
    return "@" in name or (name.count("-") == 4 and len(name) == 36)


def given(entries: Iterable[Any] | None, levels: Collection[str]) -> frozenset[str]:
    """Who has one of the ``levels`` by an access control list of the workspace."""
    return frozenset(
        entry.user_name or entry.group_name or entry.service_principal_name or ""
        for entry in entries or ()
        if any(p.permission_level and p.permission_level.value in levels for p in entry.all_permissions or ())
    )


def caller(me: "User") -> Principal:
    """Whoever is logged in, by what the workspace says about them."""
    return Principal(me.user_name or "", _displays(me.groups))


def runs_as(client: "WorkspaceClient", run_as: Mapping[str, str], me: Principal) -> Principal:
    """The principal of the jobs: the one that the target names, or else whoever deploys them."""
    if user := run_as.get("user_name", ""):
        return me if user == me.name else Principal(user, _groups_of(client, user=user))
    name = run_as.get("service_principal_name", "")
    return me if name in ("", me.name) else Principal(name, _groups_of(client, service_principal=name))


def may_deploy(me: Principal, allowed: Sequence[DeploySection]) -> Check:
    """Whether the policy lets whoever is logged in deploy here."""
    for rule in allowed:
        if rule.groups is None and rule.principals is None:
            continue
        groups, principals = rule.groups or [], rule.principals or []
        if is_among(me.name, principals) or any(is_among(group, groups) for group in me.groups or ()):
            continue
        wanted = " or ".join([f"a member of {group}" for group in groups] + principals) or "nobody"
        advice = f"The policy lets {printable(wanted)} deploy here. Log in as such, or ask one of them."
        return Check("login", CheckState.MISSING, f"{printable(me.name)} may not deploy here", advice)
    return Check("login", CheckState.OK, f"logged in as {printable(me.name)}")


def may_run_as(client: "WorkspaceClient", me: Principal, run_as: Mapping[str, str]) -> Check:
    """Whether the login may have jobs run as the target's principal."""
    user, name = run_as.get("user_name", ""), run_as.get("service_principal_name", "")
    if user and user != me.name:
        advice = "Only a workspace administrator can let jobs run as another user. Use a service principal."
        return Check("run_as", CheckState.UNKNOWN, printable(f"jobs would run as {user}"), advice)
    if name in ("", me.name):
        return Check("run_as", CheckState.OK, printable(f"jobs run as {me.name}, who deploys them"))
    holders = _users_of(client, name)
    if holders and holders & me.names:
        return Check("run_as", CheckState.OK, printable(f"{me.name} may have jobs run as {name}"))
    advice = f"Let somebody who manages {name} give {me.name} the role Service Principal: User."
    if holders is None:
        state, found = CheckState.UNKNOWN, f"the roles on {name} are hidden"
        if not client.config.account_id:
            advice = (
                "Set DATABRICKS_ACCOUNT_ID to have them looked up, or see the permissions of the service principal."
            )
    elif ADMINISTRATORS in me.names:
        state = CheckState.UNKNOWN
        found = f"{me.name} is a workspace administrator, who may have jobs run as {name} unless that is restricted"
    else:
        state, found = CheckState.MISSING, f"{me.name} may not have jobs run as {name}"
    return Check("run_as", state, printable(found), printable(advice))


def _users_of(client: "WorkspaceClient", service_principal: str) -> frozenset[str] | None:
    """Who holds the role that lets others' jobs run as it; None when that is not told."""
    from databricks.sdk.errors.base import DatabricksError

    if not (account := client.config.account_id):
        return None
    try:
        name = f"accounts/{account}/servicePrincipals/{service_principal}/ruleSets/default"
        rules = client.account_access_control_proxy.get_rule_set(name, etag="").grant_rules or []
    except (DatabricksError, OSError):
        return None
    return frozenset(p.partition("/")[2] for rule in rules if rule.role == _USER_ROLE for p in rule.principals or ())


def _groups_of(client: "WorkspaceClient", *, user: str = "", service_principal: str = "") -> frozenset[str] | None:
    from databricks.sdk.errors.base import DatabricksError

    try:
        if user:
            people = list(client.users.list(filter=f'userName eq "{user}"'))
            return _displays(people[0].groups) if people else None
        found = list(client.service_principals.list(filter=f'applicationId eq "{service_principal}"'))
        return _displays(found[0].groups) if found else None
    except (DatabricksError, OSError):
        return None


def _displays(groups: "list[ComplexValue] | None") -> frozenset[str] | None:
    return None if groups is None else frozenset(group.display for group in groups if group.display)
