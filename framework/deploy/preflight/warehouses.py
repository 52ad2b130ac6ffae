"""Whether the SQL warehouses that tasks name can be used by whom the jobs run as."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from framework.deploy.preflight.check import Check, CheckState
from framework.deploy.preflight.principals import Principal, given
from framework.spec.node_path import printable

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_MAY_USE = frozenset({"CAN_USE", "CAN_MONITOR", "CAN_MANAGE", "IS_OWNER"})


def warehouse_checks(
    client: "WorkspaceClient", needed: Mapping[str, tuple[str, ...]], who: Principal
) -> Iterator[Check]:
    """One check for each warehouse; ``needed`` has the tasks by its id."""
    for warehouse, tasks in needed.items():
        yield _checked(client, warehouse, f"warehouse {warehouse}, which {tasks[0]} needs", who)


def _checked(client: "WorkspaceClient", warehouse: str, what: str, who: Principal) -> Check:
    from databricks.sdk.errors import NotFound, PermissionDenied

    field = "user_name" if "@" in who.name else "service_principal_name"
    entry = json.dumps({"access_control_list": [{field: who.name, "permission_level": "CAN_USE"}]})
    give = f"databricks permissions update warehouses {shlex.quote(warehouse)} --json {shlex.quote(entry)}"
    try:
        holders = given(client.permissions.get("warehouses", warehouse).access_control_list, _MAY_USE)
    except NotFound:
        advice = "Correct warehouse_id, or make it: databricks warehouses list"
        return Check("warehouse", CheckState.MISSING, printable(f"there is no {what}"), advice)
    except PermissionDenied:
        found = f"nobody tells whether {who.name} may use {what}"
        return Check("warehouse", CheckState.UNKNOWN, printable(found), f"If not:\n{printable(give)}")
    if holders & who.names:
        return Check("warehouse", CheckState.OK, printable(f"{who.name} may use {what}"))
    hidden = any(who.may_be_in(name) for name in holders)
    state = CheckState.UNKNOWN if hidden else CheckState.MISSING
    says = "nobody tells whether {} may use {}" if hidden else "{} may not use {}"
    return Check("warehouse", state, printable(says.format(who.name, what)), printable(give))
