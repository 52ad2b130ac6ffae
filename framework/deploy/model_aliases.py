"""Which versions the aliases of models point at now."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from framework.core.errors import DatabricksError, DatabricksRefused
from framework.deploy.workspace import asking

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

NOT_FOUND = 404


def aliases_of(client: "WorkspaceClient", models: Iterable[str]) -> dict[str, dict[str, str]]:
    """Alias → version of each model that can be seen; the others are left out."""
    found: dict[str, dict[str, str]] = {}
    for name in models:
        with suppress(DatabricksError):
            found[name] = dict(aliases(client, name))
    return found


def aliases_there(client: "WorkspaceClient", models: Iterable[str]) -> dict[str, Mapping[str, str]]:
    """Alias → version of each model, without those that somebody has deleted. Raises DatabricksError."""
    found: dict[str, Mapping[str, str]] = {}
    for name in models:
        try:
            found[name] = aliases(client, name)
        except DatabricksRefused as error:
            if error.status != NOT_FOUND:
                raise
    return found


def aliases(client: "WorkspaceClient", model: str) -> Mapping[str, str]:
    """Alias → version of one model. Raises DatabricksError when it cannot be seen."""
    with asking(f"read the aliases of {model}", f"EXECUTE on {model}"):
        found = client.registered_models.get(model, include_aliases=True).aliases or []
    return {each.alias_name or "": str(each.version_num) for each in found}
