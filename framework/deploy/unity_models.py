"""Versions of models in Unity Catalog, as a trace asks for them."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from framework.core.errors import DatabricksError, DatabricksRefused
from framework.core.task_run import ModelVersion
from framework.deploy.workspace import asking

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.catalog import ModelVersionInfo


class UnityModels:
    """The registry of the workspace. Every method raises DatabricksError."""

    def __init__(self, client: "WorkspaceClient") -> None:
        self._client = client

    def at_alias(self, name: str, alias: str) -> ModelVersion | None:
        """The version that the alias stands for now; None when it stands for none."""
        try:
            with asking(f"look at {alias} of {name}", f"EXECUTE on {name}"):
                return _version(name, self._client.model_versions.get_by_alias(name, alias))
        except DatabricksRefused as error:
            _refuse_all_but_absence(error)
        return None

    def at_version(self, name: str, version: str) -> ModelVersion | None:
        """That version; None when there is none."""
        try:
            with asking(f"look at v{version} of {name}", f"EXECUTE on {name}"):
                return _version(name, self._client.model_versions.get(name, int(version)))
        except DatabricksRefused as error:
            _refuse_all_but_absence(error)
        return None

    def beside(self, name: str) -> Sequence[str]:
        """See Models: those of its schema."""
        catalog, schema, _ = name.split(".")
        with suppress(DatabricksError), asking(f"list the models of {schema}", f"USE SCHEMA on {schema}"):
            found = self._client.registered_models.list(catalog_name=catalog, schema_name=schema)
            return [str(each.full_name) for each in found]
        return ()

    def labels(self, name: str) -> Sequence[str]:
        """See Models."""
        with suppress(DatabricksError), asking(f"look at {name}", f"EXECUTE on {name}"):
            aliases = self._client.registered_models.get(name, include_aliases=True).aliases or ()
            versions = self._client.model_versions.list(name)
            return [*(f"@{each.alias_name}" for each in aliases), *(f"/{each.version}" for each in versions)]
        return ()


def _version(name: str, found: "ModelVersionInfo") -> ModelVersion:
    return ModelVersion(name, str(found.version or ""), found.run_id or "")


def _refuse_all_but_absence(error: DatabricksRefused) -> None:
    if error.status != 404:
        raise error
