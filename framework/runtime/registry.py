"""The model registry: versions and the aliases that make one live. Everything here can be done again safely."""

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from framework.core.errors import DataError
from framework.core.model_notes import AliasMove, Signature, with_moves_of
from framework.core.task_run import ModelVersion

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion as Registered
    from mlflow.exceptions import MlflowException
    from mlflow.types import Schema

_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND")
_NO_ALIAS = re.compile(r"\balias\b.*(?:not found|does not exist)", re.IGNORECASE | re.DOTALL)
_NOT_IN_A_KEY = re.compile(r"[.,\-=/:\s]")
_LONGEST_KEY, _LONGEST_VALUE = 255, 256


def at_alias(name: str, alias: str) -> ModelVersion | None:
    """The version that ``alias`` stands for now, or None when it stands for none."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        found = MlflowClient().get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if _is_absent(error):
            return None
        raise
    return ModelVersion(name, str(found.version), found.run_id or "")


def at_version(name: str, version: str) -> ModelVersion | None:
    """That version, or None when there is none."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    if not version.isdecimal():
        return None
    try:
        found = MlflowClient().get_model_version(name, version)
    except MlflowException as error:
        if _is_absent(error):
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


def create_version(
    name: str, run_id: str, model_uri: str, tags: Mapping[str, str], description: str = ""
) -> ModelVersion:
    """The version of ``name`` made from ``run_id``, with ``tags``; made now unless an earlier attempt completed it."""
    from mlflow import MlflowClient

    client = MlflowClient()
    made = (v for v in _versions(name) if v.run_id == run_id and v.status == "READY")
    version = next(made, None) or _register(name, model_uri)
    client.update_model_version(name, version.version, with_moves_of(description, version.description or ""))
    for tag, value in unity_tags(tags).items():
        if version.tags.get(tag) != value:
            client.set_model_version_tag(name, version.version, tag, value)
    return ModelVersion(name, str(version.version), run_id)


def unity_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """``tags`` as Unity Catalog takes them, and every other registry too.

    It refuses blanks and ``. , - = / :`` in a key, and long values (some kinds of tags already above 256 characters).
    """
    return {_NOT_IN_A_KEY.sub("_", key)[:_LONGEST_KEY]: value[:_LONGEST_VALUE].strip() for key, value in tags.items()}


def move_alias(name: str, alias: str, version: str, by: str = "somebody") -> None:
    """Let ``alias`` stand for ``version``; ``previous_<alias>`` keeps the one that loses it.

    The previous alias is set first: stopped in between, the next call does the same again. The version's description
    tells of the move, and that ``by`` did it. Raises DataError when somebody else moves the alias meanwhile.
    """
    from mlflow import MlflowClient

    client, current = MlflowClient(), at_alias(name, alias)
    if current and current.version == version:
        return
    if current:
        client.set_registered_model_alias(name, f"previous_{alias}", current.version)
    _note_move(name, AliasMove(alias=alias, before=current.version if current else "", after=version, **_now(by)))
    if at_alias(name, alias) != current:
        raise DataError(f"{alias} of {name} was moved by another run meanwhile", "run this task again (repair)")
    client.set_registered_model_alias(name, alias, version)


def signature_of(model_uri: str) -> Signature:
    """What the model takes and gives. Raises DataError unless it says both, as Unity Catalog demands."""
    from mlflow.models import get_model_info

    signature = get_model_info(model_uri).signature
    if signature is None or signature.inputs is None or signature.outputs is None:
        raise DataError(
            "the model has no signature with inputs and outputs, which Unity Catalog requires",
            "leave signature out of TrainedModel, or give one with both",
        )
    return Signature(_columns(signature.inputs), _columns(signature.outputs))


def _columns(schema: "Schema") -> tuple[str, ...]:
    return tuple(f"{each.name or 'values'} {_type(each)}" for each in schema.inputs)


def _type(column: Any) -> str:
    kind = column.type
    return f"{getattr(kind, 'name', kind)}{'' if getattr(column, 'required', True) else '?'}"


def _note_move(name: str, move: AliasMove) -> None:
    """Written before the alias moves: a line too many after a crash is better than a move that nobody knows of."""
    from mlflow import MlflowClient

    client = MlflowClient()
    said = client.get_model_version(name, move.after).description or ""
    last = [each for each in AliasMove.lines_in(said) if each.alias == move.alias][-1:]
    if not last or (last[0].before, last[0].by) != (move.before, move.by):
        client.update_model_version(name, move.after, "\n".join(filter(None, (said, move.as_line()))))


def _now(by: str) -> dict[str, str]:
    moment = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    return {"moved_at": moment.replace("+00:00", "Z"), "by": by}


def _is_absent(error: "MlflowException") -> bool:
    """Whether there is no such thing; a database says of a missing alias that the parameter is invalid."""
    invalid = error.error_code == "INVALID_PARAMETER_VALUE"
    return error.error_code in _ABSENT or (invalid and bool(_NO_ALIAS.search(str(error))))


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
