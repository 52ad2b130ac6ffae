"""SQL warehouses and the statements that they run: these are kept and answered with nothing."""

from framework.testing.fake_workspace.access import holds, require
from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State


def _get(state: State, request: Request) -> Json:
    return _warehouse(state, request, request.variables["id"])


def _list(state: State, request: Request) -> Json:
    seen = (
        each
        for key, each in state.warehouses.items()
        if holds(state, request.principal, f"warehouses/{key}", "CAN_USE")
    )
    return {"warehouses": list(seen)}


def _execute(state: State, request: Request) -> Json:
    _warehouse(state, request, request.required("warehouse_id"))
    key = str(state.new_id())
    state.statements[key] = {
        "statement_id": key,
        "statement": request.required("statement"),
        "by": request.principal.name,
    }
    return _as_result(state, key)


def _result(state: State, request: Request) -> Json:
    return _as_result(state, request.variables["id"])


def _as_result(state: State, key: str) -> Json:
    if key not in state.statements:
        raise Refused(404, "NOT_FOUND", f"The statement {key} was not found.")
    manifest = {"format": "JSON_ARRAY", "schema": {"column_count": 0, "columns": []}, "total_row_count": 0}
    result = {"row_count": 0, "data_array": []}
    return {"statement_id": key, "status": {"state": "SUCCEEDED"}, "manifest": manifest, "result": result}


def _warehouse(state: State, request: Request, key: str) -> Json:
    require(state, request.principal, f"warehouses/{key}", "CAN_USE")
    if key not in state.warehouses:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"The SQL warehouse {key} does not exist.")
    return state.warehouses[key]


ROUTES: Routes = {
    "GET /api/2.0/sql/warehouses": _list,
    "GET /api/2.0/sql/warehouses/{id}": _get,
    "POST /api/2.0/sql/statements": _execute,
    "GET /api/2.0/sql/statements/{id}": _result,
    "POST /api/2.0/sql/statements/{id}/cancel": lambda _state, _request: {},
}
