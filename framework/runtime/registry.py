"""The model registry: versions and the aliases that make one live. Everything here can be done again safely."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from framework.core.errors import DataError
from framework.core.task_run import ModelVersion

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion as Registered

_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "NOT_FOUND")


def at_alias(name: str, alias: str) -> ModelVersion | None:
    """The version that ``alias`` stands for now, or None when it stands for none."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        found = MlflowClient().get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return None
        raise
    return ModelVersion(name, str(found.version), found.run_id or "")


def at_version(name: str, version: str) -> ModelVersion | None:
    """That version, or None when there is none."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        found = MlflowClient().get_model_version(name, version)
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return None
        raise
    return ModelVersion(name, version, found.run_id or "")


def resolve(text: str) -> ModelVersion:
    """``catalog.schema.model@alias`` or ``…/version``, looked up once. Raises DataError when there is no such thing."""
    name, at, alias = text.partition("@")
    name, _, version = name.partition("/")
    if not (at or version):
        raise DataError(f"model {text} has neither alias nor version", f"write {text}@champion or {text}/1")
    if found := at_alias(name, alias) if at else at_version(name, version):
        return found
    raise DataError(
        f"model {name} has no {f'alias {alias}' if at else f'version {version}'}",
        "run the task that registers it first; its gate may have stopped it",
    )


def create_version(name: str, run_id: str, model_uri: str, tags: Mapping[str, str]) -> ModelVersion:
    """The version of ``name`` made from ``run_id``, with ``tags``; made now unless an earlier attempt made it."""
    from mlflow import MlflowClient

    version = next((v for v in _versions(name) if v.run_id == run_id), None) or _register(name, model_uri)
    for tag, value in tags.items():
        MlflowClient().set_model_version_tag(name, version.version, tag, value)
    return ModelVersion(name, str(version.version), run_id)


def move_alias(name: str, alias: str, version: str) -> None:
    """Let ``alias`` stand for ``version``; ``previous_<alias>`` keeps the one that loses it.

    The previous alias is set first: stopped in between, the next call does the same again.
    """
    from mlflow import MlflowClient

    client, current = MlflowClient(), at_alias(name, alias)
    if current and current.version == version:
        return
    if current:
        client.set_registered_model_alias(name, f"previous_{alias}", current.version)
    client.set_registered_model_alias(name, alias, version)


def require_signature(model_uri: str) -> None:
    """Raises DataError unless the model has inputs and outputs in its signature, as Unity Catalog demands."""
    from mlflow.models import get_model_info

    signature = get_model_info(model_uri).signature
    if signature is None or signature.inputs is None or signature.outputs is None:
        raise DataError(
            "the model has no signature with inputs and outputs, which Unity Catalog requires",
            "leave signature out of TrainedModel, or give one with both",
        )


def _versions(name: str) -> Iterator[Any]:
    """Every version; Unity Catalog filters by name only."""
    from mlflow import MlflowClient

    token = None
    while True:
        page = MlflowClient().search_model_versions(f"name = '{name}'", page_token=token)
        yield from page
        if not (token := page.token):
            return


def _register(name: str, model_uri: str) -> "Registered":
    import mlflow

    return mlflow.register_model(model_uri, name)
