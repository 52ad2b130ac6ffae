"""Versions of registered models and their aliases, in Unity Catalog: moved back, copied on, and never lost.

The aliases themselves are moved one by one: a registry has no transaction. So first what is about to happen is on
record, then the alias is set, then ``previous_<alias>``, then it is on record that it was done: stopped in between, the
same command goes on.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from framework.core.errors import DatabricksError, DatabricksRefused, FrameworkError, UsageError
from framework.core.model_notes import Signature
from framework.core.moments import now
from framework.deploy import history
from framework.deploy.alias_ledger import AliasLedger
from framework.deploy.model_aliases import NOT_FOUND, aliases, aliases_there
from framework.deploy.secrets import without_secrets
from framework.deploy.workspace import asking
from framework.records.alias_changes import MOVED, REFUSED, UNKNOWN, AliasChange
from framework.records.releases import Deployment

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

PREVIOUS = "previous"
AS_OF_RELEASE = "as-of-release"
_WITH_MLFLOW = "bundle-framework[local]"
_MLFLOW_LOGIN = "MLflow logs in by itself: by DATABRICKS_HOST and DATABRICKS_TOKEN, or DATABRICKS_CONFIG_PROFILE."


@dataclass(frozen=True, kw_only=True)
class PlannedMove:
    """What a move would do: ``before`` and ``after`` are versions. ``misfits`` say why the later one can't take over.

    ``compared`` is False when a version does not tell its signature: then nothing is known of how they fit.
    """

    model: str
    alias: str
    before: str
    after: str
    misfits: tuple[str, ...] = ()
    compared: bool = True

    @property
    def changes(self) -> bool:
        """Whether the alias stands for something else now."""
        return self.before != self.after

    def as_dict(self) -> dict[str, Any]:
        """For machines; fields may be added, never renamed."""
        return {**vars(self), "misfits": list(self.misfits)}


@dataclass(frozen=True, kw_only=True)
class WantedMove:
    """Where ``alias`` is to go ``to``: a version's number, 'previous', or 'as-of-release'.

    ``model`` left out means each model of the project; ``release`` left out the one before the live one.
    """

    to: str
    alias: str = "champion"
    model: str | None = None
    release: str | None = None


def planned_moves(client: "WorkspaceClient", past: Sequence[Deployment], wanted: WantedMove) -> list[PlannedMove]:
    """What ``move`` would do for each model. Raises UsageError for a version that there is not."""
    names = [wanted.model] if wanted.model else [*aliases_there(client, models_of(past))]
    if not names:
        said = "no model was deployed here, or none is there any more"
        raise UsageError(said, "Name it: --model-name catalog.schema.name")
    if len(names) > 1 and wanted.to not in (PREVIOUS, AS_OF_RELEASE):
        raise UsageError(f"version {wanted.to} of which model?", f"Name it: --model-name {' | '.join(names)}")
    if wanted.to != AS_OF_RELEASE:
        return [planned_move(client, name, wanted, {}) for name in names]
    then = history.to_roll_back_to(past, wanted.release).model_aliases
    # A model that came later was not live then: it has nowhere to go back to.
    known = [name for name in names if wanted.alias in then.get(name, {})]
    return [planned_move(client, name, wanted, then) for name in known or names]


def planned_move(
    client: "WorkspaceClient", model: str, wanted: WantedMove, then: Mapping[str, Mapping[str, str]]
) -> PlannedMove:
    """What ``move`` would do for one; ``then`` is model → alias → version at the time of the release."""
    now = aliases(client, model)
    before, after = now.get(wanted.alias, ""), _version(model, wanted, now, then)
    earlier, later = (_signature(client, model, version) if version else None for version in (before, after))
    return PlannedMove(
        model=model,
        alias=wanted.alias,
        before=before,
        after=after,
        misfits=later.misfits(earlier) if earlier and later else (),
        compared=not before or before == after or bool(earlier and later),
    )


def move(client: "WorkspaceClient", planned: PlannedMove, ledger: AliasLedger, reason: str) -> AliasChange | None:
    """Move the alias as planned, and keep it on record; None when it is there already, with its way back.

    Raises FrameworkError when the versions do not fit, DatabricksError when somebody moved the alias meanwhile.
    """
    if planned.misfits:
        raise cannot_move(planned)
    if not planned.changes:
        return _gone_on_with(client, planned, ledger)
    if aliases(client, planned.model).get(planned.alias, "") != planned.before:
        raise DatabricksError(f"{planned.alias} of {planned.model} was moved by somebody else meanwhile", "Look again.")
    with asking("see who is logged in"):
        who = client.current_user.me().user_name or ""
    change = AliasChange(
        id=uuid.uuid4().hex[:12],
        model=planned.model,
        alias=planned.alias,
        before=planned.before,
        after=planned.after,
        moved_at=now().replace("+00:00", "Z"),
        by=who,
        reason=reason,
    )
    _carry_out(client, change, ledger)
    return change


def cannot_move(planned: PlannedMove) -> FrameworkError:
    """The error for versions that do not fit."""
    return FrameworkError(
        f"v{planned.after} of {planned.model} cannot take the place of v{planned.before}: {'; '.join(planned.misfits)}",
        "Roll the code back to the release that goes with it, too: --to RELEASE",
    )


def delete_version(client: "WorkspaceClient", model: str, version: str, kept: Iterable[Deployment]) -> str:
    """Delete a version that nothing needs; its number.

    Raises FrameworkError when an alias stands for it, or did in a deployment whose release is ``kept``.
    """
    if not (version.isascii() and version.isdecimal()):
        raise UsageError(f"'{version}' is no version of {model}", "A version is a number.")
    version = str(int(version))
    if names := sorted(alias for alias, each in aliases(client, model).items() if each == version):
        hint = "Move the alias first: framework rollback --model VERSION"
        raise FrameworkError(f"v{version} of {model} is its {', '.join(names)}, and stays", hint)
    if releases := sorted({each.release for each in kept if version in _live_with(each, model)}):
        raise FrameworkError(
            f"v{version} of {model} was live with release {releases[0]}, which is kept, and so is the version",
            "A rollback to that release may need it.",
        )
    with asking(f"delete v{version} of {model}", f"MANAGE on {model}, or to own it"):
        client.model_versions.delete(model, int(version))
    return version


def _live_with(deployment: Deployment, model: str) -> set[str]:
    """The versions that had an alias then. Unity Catalog does not tell capital letters from small ones."""
    every = deployment.model_aliases.items()
    return {version for name, named in every if name.lower() == model.lower() for version in named.values()}


def copy_version(source: str, version: str, name: str, registry: str) -> str:
    """Copy a version of the model ``source`` to the model ``name``, in another catalog; the new version's number.

    The artifacts are copied by MLflow, which logs in as databricks-sdk does. Raises DatabricksError.
    """
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise FrameworkError("only MLflow copies models, and it is not here", f"pip install '{_WITH_MLFLOW}'") from None
    # Left to itself, MLflow would make a tracking store in the working directory.
    client = MlflowClient(registry.replace("databricks-uc", "databricks"), registry)
    try:
        earlier = client.get_model_version(source, version)
        copied = client.copy_model_version(f"models:/{source}/{version}", name)
        # What it takes and gives goes along; who it was live for does not.
        lines = [line for line in (earlier.description or "").splitlines() if not line.startswith("Alias ")]
        client.update_model_version(name, copied.version, "\n".join([*lines, f"Copied from {source} v{version}"]))
    except MlflowException as error:
        said = " ".join(without_secrets(str(error)).split())
        raise DatabricksError(f"cannot copy v{version} of {source} to {name}: {said}", _MLFLOW_LOGIN) from None
    return str(copied.version)


def models_of(deployments: Collection[Deployment]) -> list[str]:
    """Every model that had an alias when something was deployed."""
    return sorted({model for each in deployments for model in each.model_aliases})


def _gone_on_with(client: "WorkspaceClient", planned: PlannedMove, ledger: AliasLedger) -> AliasChange | None:
    """The move that was broken off after the alias was set, once it is whole; None when the last one was."""
    last = ledger.last(planned.model, planned.alias)
    if last is None or last.result != UNKNOWN or last.after != planned.after:
        return None
    change = replace(last, result=MOVED)
    _keep_way_back(client, change, ledger)
    return change


def _carry_out(client: "WorkspaceClient", change: AliasChange, ledger: AliasLedger) -> None:
    """On record before and after: so a kill leaves no move that nobody knows of, and a refusal none that never was."""
    ledger.append(replace(change, result=UNKNOWN))
    # The alias first: the other way round, what 'previous' stood for would be lost in between.
    try:
        with asking(f"move {change.alias} of {change.model}", _needs(change)):
            client.registered_models.set_alias(change.model, change.alias, int(change.after))
    except DatabricksRefused as error:
        if 400 <= error.status < 500:  # of anything else nobody knows what became of it
            with suppress(FrameworkError):
                ledger.append(replace(change, result=REFUSED))
        raise
    _keep_way_back(client, change, ledger)


def _keep_way_back(client: "WorkspaceClient", change: AliasChange, ledger: AliasLedger) -> None:
    """The second step, and the end on record: without it, the same command comes back here."""
    alias, previous = change.alias, f"{PREVIOUS}_{change.alias}"
    if change.before:
        done = f"{alias} is v{change.after} now, and the same command goes on from there"
        with asking(f"let {previous} of {change.model} stand for v{change.before} ({done})", _needs(change)):
            client.registered_models.set_alias(change.model, previous, int(change.before))
    ledger.append(change)


def _needs(change: AliasChange) -> str:
    return f"MANAGE on {change.model}, or to own it"


def _version(model: str, wanted: WantedMove, now: Mapping[str, str], then: Mapping[str, Mapping[str, str]]) -> str:
    alias = wanted.alias
    if wanted.to == PREVIOUS:
        version, problem = now.get(f"{PREVIOUS}_{alias}", ""), f"{model} has no {PREVIOUS}_{alias}: it never moved"
    elif wanted.to == AS_OF_RELEASE:
        version, problem = then.get(model, {}).get(alias, ""), f"{model} had no {alias} when that release was deployed"
    else:
        version, problem = wanted.to.removeprefix("v"), f"'{wanted.to}' is no version of {model}"
    if not (version.isascii() and version.isdecimal()):
        other = [each for each in (PREVIOUS, AS_OF_RELEASE) if each != wanted.to]
        hint = f"Name a version, as the model's page in Catalog Explorer has them, or {' or '.join(other)}."
        raise UsageError(problem, hint)
    return str(int(version))


def _signature(client: "WorkspaceClient", model: str, version: str) -> Signature | None:
    try:
        with asking(f"look at v{version} of {model}", f"EXECUTE on {model}"):
            return Signature.of(client.model_versions.get(model, int(version)).comment or "")
    except DatabricksRefused as error:
        if error.status == NOT_FOUND:
            raise UsageError(f"{model} has no version {version}", "See its page in Catalog Explorer.") from None
        raise
