"""Which function answers which method and path."""

import re
from urllib.parse import unquote

from framework.testing.fake_workspace.api import (
    experiments,
    identity,
    job_runs,
    jobs,
    model_versions,
    monitors,
    oauth,
    permissions,
    privileges,
    registered_models,
    secrets,
    securables,
    volume_files,
    warehouses,
    workspace_files,
)
from framework.testing.fake_workspace.exchange import Refused
from framework.testing.fake_workspace.handler import Handler, Routes
from framework.testing.fake_workspace.sql import api as sql

ROUTES: Routes = {
    **identity.ROUTES,
    **oauth.ROUTES,
    **workspace_files.ROUTES,
    **volume_files.ROUTES,
    **jobs.ROUTES,
    **job_runs.ROUTES,
    **permissions.ROUTES,
    **securables.ROUTES,
    **privileges.ROUTES,
    **model_versions.ROUTES,
    **monitors.ROUTES,
    **experiments.ROUTES,
    **registered_models.ROUTES,
    **warehouses.ROUTES,
    **sql.ROUTES,
    **secrets.ROUTES,
}


def find(method: str, path: str) -> tuple[Handler, dict[str, str]]:
    """The handler of a request and the named parts of its path. ``{name}`` is one part, ``{name...}`` the rest.

    Raises Refused (404) as the gateway does for a path that no API has.
    """
    for pattern, handler in _COMPILED:
        if match := pattern.fullmatch(f"{method} {path}"):
            return handler, {name: unquote(value) for name, value in match.groupdict().items()}
    raise Refused(404, "ENDPOINT_NOT_FOUND", f"No API found for '{method} {path}'")


def _compiled(route: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)(\.\.\.)?\}", route)
    expression = re.escape(pieces[0])
    for name, rest, text in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        expression += f"(?P<{name}>{'.+' if rest else '[^/]+'}){re.escape(text)}"
    return re.compile(expression)


_COMPILED = tuple((_compiled(route), handler) for route, handler in ROUTES.items())
