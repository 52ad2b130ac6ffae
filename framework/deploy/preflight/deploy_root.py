"""Whether whoever deploys may write to the folder of what is deployed."""

from typing import TYPE_CHECKING

from framework.deploy.preflight.check import Check, CheckState
from framework.deploy.preflight.principals import ADMINISTRATORS, Principal, given
from framework.spec.node_path import printable

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.workspace import ObjectInfo

_ROOT = "/Workspace"
_MAY_WRITE = frozenset({"CAN_EDIT", "CAN_MANAGE"})


def deploy_root_check(client: "WorkspaceClient", root: str, folder: str, me: Principal) -> Check:
    """Whether ``me``, who is logged in, may write to ``folder``, or make it below the nearest one that is there.

    ``root`` is the target's own folder, above it: the one to be given rights on, for other targets lie beside it.
    """
    if ADMINISTRATORS in me.names:
        return Check("deploy root", CheckState.OK, printable(f"{me.name}, an administrator, may write to {folder}"))
    if (nearest := _nearest(client, folder)) is None:
        found = f"{me.name} may not write to {folder}: {root} is not there, or not for this login"
        advice = f"Let an administrator make {root}, unless it is there, and give {me.name} CAN_MANAGE on it."
        return Check("deploy root", CheckState.MISSING, printable(found), printable(advice))
    return _by_its_list(client, root, folder, nearest, me)


def hides(client: "WorkspaceClient", folder: str) -> bool:
    """Whether ``folder`` may be there without this login seeing it. Who sees a folder sees all that is in it."""
    return _nearest(client, folder) is None


def _nearest(client: "WorkspaceClient", folder: str) -> "ObjectInfo | None":
    """The folder, or of those above it the nearest one that this login sees."""
    from databricks.sdk.errors import NotFound, PermissionDenied

    while folder != _ROOT:
        try:
            return client.workspace.get_status(folder)
        except (NotFound, PermissionDenied):
            folder = folder.rpartition("/")[0]
    return None


def _by_its_list(client: "WorkspaceClient", root: str, folder: str, nearest: "ObjectInfo", me: Principal) -> Check:
    """By the access control list of the ``nearest`` folder, which only those see who manage it."""
    from databricks.sdk.errors import PermissionDenied

    name = f"{_ROOT}/{(nearest.path or folder).removeprefix(_ROOT).strip('/')}"
    make = f"make {root}, and " if root.startswith(f"{name}/") else ""
    give = f"{make}give {me.name} CAN_MANAGE on it (Share, in its menu)"
    advice = f"Let an administrator, or whoever manages {name}, {give}."
    try:
        entries = client.workspace.get_permissions("directories", str(nearest.object_id)).access_control_list
    except PermissionDenied:
        found = f"nobody tells whether {me.name} may write to {folder}"
        return Check("deploy root", CheckState.UNKNOWN, printable(found), printable(f"If not: {advice}"))
    holders = given(entries, _MAY_WRITE)
    if holders & me.names:
        return Check("deploy root", CheckState.OK, printable(f"{me.name} may write to {folder}"))
    state = CheckState.UNKNOWN if any(map(me.may_be_in, holders)) else CheckState.MISSING
    return Check("deploy root", state, printable(f"{me.name} may not write to {name}"), printable(advice))
