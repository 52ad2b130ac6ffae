"""From one target to the next: the code that is live there, or a version of a model as it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from framework.core.errors import FrameworkError, UsageError
from framework.deploy import history
from framework.deploy.alias_ledger import AliasLedger
from framework.deploy.model_aliases import aliases_there
from framework.deploy.models import PlannedMove, WantedMove, cannot_move, copy_version, models_of, move, planned_move
from framework.deploy.preflight.git_state import git_state
from framework.records.alias_changes import AliasChange
from framework.records.releases import Deployment
from framework.spec.target_spec import deployed_targets, read_target

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_REGISTRY = "databricks-uc"


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A version to be copied: that of ``source`` for which the alias stands, to the model ``name``."""

    source: str
    version: str
    name: str


def target_before(root: Path, target: str, named: str | None) -> str:
    """The target to promote from: the one ``named``, or else the only other one that is no development target.

    One whose name begins with ``prod`` is where things end: without a word, nothing comes from there.
    Raises UsageError when that is none, or not one.
    """
    if named == target:
        raise UsageError(f"'{target}' cannot be promoted to itself", "Name another one with --from.")
    if named is not None:
        return deployed_targets(root, (named,))[0]
    others = [name for name in deployed_targets(root) if name != target]
    found = [name for name in others if not name.startswith("prod") and read_target(root, name).mode == "production"]
    if len(found) != 1:
        hint = (
            f"Name it with --from: {', '.join(others)}"
            if others
            else "There is no other target: one is a file in conf/."
        )
        raise UsageError(f"promote from where to '{target}'?", hint)
    return found[0]


def require_live(past: Sequence[Deployment], source: str, root: Path) -> Deployment:
    """The deployment that is live in ``source``, when the checkout at ``root`` is at its very commit.

    Raises FrameworkError when nothing is live there, when it is of no commit, or when this is another one.
    """
    live = history.live(past)
    if live is None:
        raise FrameworkError(f"nothing is live in {source}", f"framework deploy --env {source}")
    if live.dirty or not live.commit:
        hint = f"Commit, then: framework deploy --env {source}"
        raise FrameworkError(f"what is live in {source} is of no commit, so nobody can make it again", hint)
    here = git_state(root)
    if here.commit != live.commit or here.changed:
        found = f"{here.commit[:12] or 'no commit'}{' with changes' if here.changed else ''}"
        raise FrameworkError(
            f"{source} runs commit {live.commit[:12]}, and the checkout is at {found}", f"git checkout {live.commit}"
        )
    return live


def copies(
    client: "WorkspaceClient",
    past: Sequence[Deployment],
    alias: str,
    catalog: str,
    prefixes: tuple[str, str] = ("", ""),
    *,
    source: str,
) -> Iterator[Copy]:
    """What stands for ``alias`` in one target, and its name in ``catalog``. Raises FrameworkError when nothing does.

    ``prefixes`` are what schemas begin with here and there, where each person has some: ``ann_``. ``source`` is how
    a command names the place that they come from: ``shop -e staging``.
    """
    found = [(model, named[alias]) for model, named in aliases_there(client, models_of(past)).items() if alias in named]
    if not found:
        hint = f"Run the pipeline that trains one: framework run {source}. See: framework models {source}"
        raise FrameworkError(f"no model of {source} has the alias {alias}", hint)
    before, after = prefixes
    for model, version in found:
        _, schema, name = model.split(".", 2)
        yield Copy(source=model, version=version, name=f"{catalog}.{after}{schema.removeprefix(before)}.{name}")


def copied(client: "WorkspaceClient", copy: Copy, alias: str, ledger: AliasLedger) -> AliasChange | None:
    """Copy a version, and let ``alias`` stand for the copy; a copy that does not fit stays without it."""
    profile = client.config.profile
    version = copy_version(copy.source, copy.version, copy.name, f"databricks-uc://{profile}" if profile else _REGISTRY)
    planned: PlannedMove = planned_move(client, copy.name, WantedMove(to=version, alias=alias), {})
    if planned.misfits:
        raise cannot_move(planned)
    return move(client, planned, ledger, f"promoted from {copy.source} v{copy.version}")
