"""Quality monitors of tables."""

from framework.testing.fake_workspace.access import require_privileges
from framework.testing.fake_workspace.api.securables import securable
from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State


def _create(state: State, request: Request) -> Json:
    table = _table(state, request)
    if table in state.monitors:
        raise Refused(400, "RESOURCE_ALREADY_EXISTS", f"A monitor for {table} already exists.")
    body = {
        key: value for key, value in request.json().items() if key not in {"skip_builtin_dashboard", "warehouse_id"}
    }
    # The service writes two tables of its own beside what it watches.
    made = {
        f"{kind}_metrics_table_name": f"{body['output_schema_name']}.{table.split('.')[-1]}_{kind}_metrics"
        for kind in ("profile", "drift")
    }
    fields = {
        "table_name": table,
        "status": "MONITOR_STATUS_ACTIVE",
        "monitor_version": 0,
        "dashboard_id": str(state.new_id()),
    }
    state.monitors[table] = {**body, **made, **fields}
    return state.monitors[table]


def _get(state: State, request: Request) -> Json:
    return _monitor(state, _table(state, request))


def _update(state: State, request: Request) -> Json:
    found = _monitor(state, _table(state, request))
    kept = {key: found[key] for key in found if key.endswith("_metrics_table_name")}
    fixed: Json = {
        key: found[key]
        for key in ("table_name", "status", "monitor_version", "dashboard_id", "assets_dir")
        if key in found
    }
    found.clear()
    found |= {**request.json(), **kept, **fixed}
    return found


def _delete(state: State, request: Request) -> Json:
    table = _table(state, request)
    _monitor(state, table)
    return state.monitors.pop(table)


def _monitor(state: State, table: str) -> Json:
    if table not in state.monitors:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Monitor for {table} does not exist.")
    return state.monitors[table]


def _table(state: State, request: Request) -> str:
    found = securable(state, request.principal, "table", request.variables["name"])
    if request.method != "GET":
        require_privileges(state, request.principal, f"table:{found['full_name']}")
    return str(found["full_name"])


_PATH = "/api/2.1/unity-catalog/tables/{name}/monitor"
ROUTES: Routes = {
    f"POST {_PATH}": _create,
    f"GET {_PATH}": _get,
    f"PUT {_PATH}": _update,
    f"DELETE {_PATH}": _delete,
}
