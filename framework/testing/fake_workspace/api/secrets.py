"""Secret scopes and the names in them; no value ever comes here."""

from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State


def _scopes(state: State, _request: Request) -> Json:
    return {"scopes": [{"name": name, "backend_type": "DATABRICKS"} for name in sorted(state.secret_scopes)]}


def _keys(state: State, request: Request) -> Json:
    scope = request.required("scope")
    if scope not in state.secret_scopes:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Scope {scope} does not exist!")
    return {"secrets": [{"key": key} for key in state.secret_scopes[scope]]}


ROUTES: Routes = {
    "GET /api/2.0/secrets/scopes/list": _scopes,
    "GET /api/2.0/secrets/list": _keys,
}
