"""Whose data is in a target: what this project's deployments made, and what others have, too.

A schema that is there already is taken over, so that several projects can write into one. What a deployment took over
is not its own: who destroys it would destroy somebody else's data. Each record of a deployment says who made what.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from framework.core.errors import DatabricksRefused, FrameworkError
from framework.deploy import history
from framework.deploy.plan_changes import Action, PlanChanges
from framework.deploy.store import LAST, ReleaseStore
from framework.deploy.workspace_files import WorkspaceFiles
from framework.records.releases import Deployment

if TYPE_CHECKING:
    from framework.deploy.ground import Ground

EVERY = 1_000_000
"""Of how many deployments the records are read before data is deleted: all there are."""


def identity(kind: str, name: str) -> str:
    """One word for a resource, however its name is written: Unity Catalog does not tell capital letters from small."""
    return f"{kind} {name.removeprefix('/Workspace') if name.startswith('/') else name.lower()}"


def makers(past: Sequence[Deployment]) -> Mapping[str, str]:
    """Who made the data that a place has, by identity; nobody (empty) for what was there before."""
    return past[-1].data if past else {}


def makers_after(past: Sequence[Deployment], plans: Iterable[PlanChanges], who: str) -> dict[str, str]:
    """The same, once ``who`` has carried out these plans."""
    found = dict(makers(past))
    for change in (change for plan in plans for change in plan.changes if change.holds_data and change.name):
        if change.action is Action.CREATE:
            found[identity(change.kind, change.name)] = who
        elif change.action is Action.ADOPT:
            # Ours stays ours: so a deployment goes on that was killed, or a rollback wants something back.
            found.setdefault(identity(change.kind, change.name), "")
    return found


def makers_without(known: Mapping[str, str], removed: Mapping[str, str]) -> dict[str, str]:
    """The same, once ``removed`` (name by key) is gone, with all that was in it.

    But for experiments: they are in the trash, keep their names there, and are taken out again.
    """
    kinds = {key: key.partition(".")[0] for key in removed}
    gone = {identity(kinds[key], name) for key, name in removed.items() if kinds[key] != "experiments"}
    above = tuple(f"{_name(each)}." for each in gone)
    return {each: who for each, who in known.items() if each not in gone and not _name(each).startswith(above)}


@dataclass(frozen=True, kw_only=True)
class Others:
    """What the other deployments below a deploy root have: their names by identity of what it is.

    ``unseen`` are directories of projects whose records cannot be read.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()

    def having(self, kind: str, name: str) -> tuple[str, ...]:
        """Who has it, too, or has something in it."""
        wanted = identity(kind, name)
        inside = f"{_name(wanted)}."
        found = [those for key, those in self.names.items() if key == wanted or _name(key).startswith(inside)]
        return tuple(dict.fromkeys(each for those in found for each in those))


def others(ground: "Ground", last: int = LAST) -> Others:
    """What every other deployment below the deploy root has, as far as the login may see them."""
    root = ground.store.root.rpartition("/")[0]
    names: dict[str, tuple[str, ...]] = {}
    try:
        projects, refused = sorted(WorkspaceFiles(ground.client).below(root, recursive=False)), False
    except DatabricksRefused:
        projects, refused = [], True
    # Whose own project is not even listed, though it is there, may not look around.
    unseen = [root] if refused or (ground.project not in projects and ground.past()) else []
    for project in projects:
        try:
            past = ReleaseStore(ground.client, root, project).deployments(last)
        except FrameworkError:
            unseen.append(f"{root}/{project}")
            continue
        for each in _in_force(past):
            if each.root_path != ground.root_path:
                who = project if project != ground.project else f"{project} of {each.who}"
                for key in each.data:
                    names[key] = tuple(dict.fromkeys((*names.get(key, ()), who)))
    return Others(names=names, unseen=tuple(unseen))


def tell_of_others(ground: "Ground", plans: Iterable[PlanChanges]) -> None:
    """Say which data that is taken over somebody else has, too, or may have."""
    changes = [each for plan in plans for each in plan.with_action(Action.ADOPT) if each.holds_data]
    found = others(ground) if changes else Others()
    for change in changes:
        if theirs := found.having(change.kind, change.name):
            ground.say(f"{change.key}: {change.name} also belongs to {', '.join(theirs)}.", warning=True)
        elif found.unseen:
            whose = f"may belong to others, too: {', '.join(found.unseen)} cannot be read"
            ground.say(f"{change.key}: {change.name} {whose}.", warning=True)


def _name(identified: str) -> str:
    return identified.partition(" ")[2]


def _in_force(past: Sequence[Deployment]) -> list[Deployment]:
    """Of each place the last that ended well, be it one that left its data, and what did not end well after it."""
    places = [history.at(past, root_path) for root_path in sorted({each.root_path for each in past})]
    return [each for place in places for each in (*history.succeeded(place)[-1:], *history.unfinished(place))]
