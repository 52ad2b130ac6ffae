"""The statement execution API: answers inline, as arrays of strings."""

from framework.testing.fake_workspace.api.warehouses import usable_warehouse
from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.sql.results import as_result
from framework.testing.fake_workspace.sql.statements import Failed, execute
from framework.testing.fake_workspace.state import State


def _execute(state: State, request: Request) -> Json:
    usable_warehouse(state, request, request.required("warehouse_id"))
    key, text = str(state.new_id()), str(request.required("statement"))
    given = {each["name"]: each.get("value") for each in request.json().get("parameters", [])}
    kept: Json = {"statement_id": key, "statement": text, "by": request.principal.name}
    try:
        kept |= {"status": {"state": "SUCCEEDED"}, **as_result(execute(state, request.principal, text, given))}
    except Failed as failure:
        kept["status"] = {"state": "FAILED", "error": {"error_code": failure.code, "message": str(failure)}}
    state.statements[key] = kept
    return _shown(kept)


def _get(state: State, request: Request) -> Json:
    key = request.variables["id"]
    if key not in state.statements:
        raise Refused(404, "NOT_FOUND", f"The statement {key} was not found.")
    return _shown(state.statements[key])


def _chunk(state: State, request: Request) -> Json:
    chunks = state.statements.get(request.variables["id"], {}).get("chunks", [])
    number = int(request.variables["number"])
    if number >= len(chunks):
        raise Refused(404, "NOT_FOUND", f"There is no chunk {number} of statement {request.variables['id']}.")
    return {**chunks[number]}


def _shown(kept: Json) -> Json:
    shown = {name: value for name, value in kept.items() if name not in {"statement", "by", "chunks"}}
    return {**shown, **({"result": kept["chunks"][0]} if "chunks" in kept else {})}


ROUTES: Routes = {
    "POST /api/2.0/sql/statements": _execute,
    "GET /api/2.0/sql/statements/{id}": _get,
    "GET /api/2.0/sql/statements/{id}/result/chunks/{number}": _chunk,
    "POST /api/2.0/sql/statements/{id}/cancel": lambda _state, _request: {},
}
