"""SQL warehouses; ``framework.testing.fake_workspace.sql`` has the statements that they run."""

from framework.testing.fake_workspace.access import holds, require
from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State


def usable_warehouse(state: State, request: Request, key: str) -> Json:
    """The warehouse. Raises Refused: 404, or 403 for who may not use it."""
    require(state, request.principal, f"warehouses/{key}", "CAN_USE")
    if key not in state.warehouses:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"The SQL warehouse {key} does not exist.")
    return state.warehouses[key]


def _get(state: State, request: Request) -> Json:
    return usable_warehouse(state, request, request.variables["id"])


def _list(state: State, request: Request) -> Json:
    seen = (
        each
        for key, each in state.warehouses.items()
        if holds(state, request.principal, f"warehouses/{key}", "CAN_USE")
    )
    return {"warehouses": list(seen)}


ROUTES: Routes = {
    "GET /api/2.0/sql/warehouses": _list,
    "GET /api/2.0/sql/warehouses/{id}": _get,
}
