"""What was deployed, taken away: the jobs and their like; with ``data`` also schemas, volumes, models and experiments.

Data goes only when a deployment of this place made it and nobody else has it; a registered model with an alias is at
work somewhere, so neither it nor its schema goes.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from framework import __version__
from framework.core.errors import DatabricksError, FrameworkError
from framework.core.moments import now
from framework.deploy import history
from framework.deploy.ci import ci_run
from framework.deploy.data_owners import EVERY, Others, identity, makers, makers_without, others
from framework.deploy.ground import Ground, opened, under_lock
from framework.deploy.kept_data import KeptData, contents
from framework.deploy.lock import DeployLock
from framework.deploy.plan_changes import DATA_KINDS, Action, Change, changes_of, name_of
from framework.deploy.reconcile import delete_job, make_ready, orphans, reconciled, require_idle
from framework.deploy.rollback import downloaded
from framework.deploy.workbench import Part
from framework.records.releases import Deployment


@dataclass(frozen=True, kw_only=True)
class Destroyed:
    """What was taken away, and what stayed: resources by key, with their names in the workspace.

    ``reasons`` say why data stays that was to go. ``contents`` is how much each schema holds that goes, such as
    ``{"table": 3}``; one is missing when nobody can tell.
    """

    project: str
    target: str
    removed: Mapping[str, str]
    left: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For machines; fields may be added, never renamed."""
        fields = {"project": self.project, "target": self.target}
        went = {"removed": dict(self.removed), "contents": {key: dict(each) for key, each in self.contents.items()}}
        return {"schema": 1, **fields, **went, "left": dict(self.left), "reasons": dict(self.reasons)}


def destroyed_by(ground: Ground, data: bool) -> Destroyed:
    """What ``destroy`` would take away and leave now. It changes nothing. Raises FrameworkError for nothing at all."""
    last = _last(ground, data)
    owned = makers(ground.past()) if data else {}
    with downloaded(ground, last) as wanted, opened(wanted, ground) as parts:
        forgotten = {each.key: each.name for part in parts for each in _forgotten(part, ground, owned)}
        return _sorted_out(parts, ground, data, forgotten)


def destroy(ground: Ground, data: bool, agreed: Collection[str] | None = None) -> Destroyed:
    """Take away what is deployed; with ``agreed``, no more than these keys.

    Raises FrameworkError when there is nothing, or more than that, and DatabricksError.
    """
    last = _last(ground, data)
    with downloaded(ground, last) as wanted, under_lock(wanted, ground) as (parts, lock):
        return _destroy(ground, last, parts, lock, data, agreed)


def _last(ground: Ground, data: bool) -> Deployment:
    """The deployment whose bundle knows what is there; the last that began, when none ended well."""
    every = ground.past()
    left = [each for each in history.succeeded(every)[-1:] if data and each.data]  # what an earlier one left
    past = [history.live(every), *reversed(history.unfinished(every)), *left]
    found = next((each for each in past if each is not None and ground.store.has(each.release)), None)
    if found is None:
        doubt = "" if every else f", or you may not see it: {ground.store.root}"
        raise FrameworkError(f"nothing is deployed here{doubt}", f"See: framework releases {ground.words}")
    return found


def _destroy(  # noqa: PLR0917 - all of it is one place
    ground: Ground,
    last: Deployment,
    parts: tuple[Part, ...],
    lock: DeployLock,
    data: bool,
    agreed: Collection[str] | None,
) -> Destroyed:
    owned = makers(ground.past())
    lock.ensure_held()
    for part in parts:
        _know_everything(part, ground, owned if data else {})
    found = _sorted_out(parts, ground, data, {})
    if agreed is not None and (more := sorted(found.removed.keys() - agreed)):
        raise FrameworkError(f"nothing was deleted: {more[0]} came to it meanwhile", "Look again, and confirm again.")
    jobs = _jobs(parts)
    lost = _lost(ground, last, jobs)
    for number, name in (*jobs.items(), *lost):
        require_idle(ground.client, number, name)  # time has passed since anybody looked
    started = _started(last, parts[0].who, found, ground, owned)
    with ground.on_record(started):
        for number, name in lost:
            ground.say(f"Deleting job {number} ({name}), which an interrupted deployment left.", warning=True)
            delete_job(ground.client, number, name)
        _take_away(parts, found, lock)
    ground.store.note(replace(started, ended_at=now(), result="succeeded", data=makers_without(owned, found.removed)))
    return found


def _started(last: Deployment, who: str, found: Destroyed, ground: Ground, owned: Mapping[str, str]) -> Deployment:
    return replace(
        last,
        id=uuid.uuid4().hex[:12],
        kind="destroy",
        started_at=now(),
        ended_at="",
        result="running",
        error="",
        who=who,
        ci_run=str(ci_run()),
        framework_version=__version__,
        cli_version=ground.cli.version,
        plan={str(Action.DELETE): len(found.removed), str(Action.LEAVE): len(found.left)},
        model_aliases={},
        data=owned,
    )


def _take_away(parts: tuple[Part, ...], found: Destroyed, lock: DeployLock) -> None:
    for part in parts:
        known = dict(_deployed(part))
        # The CLI forgets only what is in the bundle, and a deployment that failed may have made more.
        beside = {each.key: each for each in changes_of(part.bundle.plan()).with_action(Action.DELETE)}
        for key in (key for key in found.left if key in known):
            part.leave(beside[key]) if key in beside else part.bundle.unbind(key.partition(".")[2])
        lock.ensure_held()
        part.bundle.destroy(lock.seconds_left())


def _know_everything(part: Part, ground: Ground, owned: Mapping[str, str]) -> None:
    """Adopt what an interrupted deployment made and never wrote down; of data only what is ``owned``."""
    for change in _forgotten(part, ground, owned):
        make_ready(change, ground.client)
        part.bundle.bind(change.resource, change.identifier)


def _forgotten(part: Part, ground: Ground, owned: Mapping[str, str]) -> list[Change]:
    """What is there and the bundle's state does not know; of data only what is ``owned``."""
    found = reconciled(changes_of(part.bundle.plan()), ground.client, ground.root_path).with_action(Action.ADOPT)
    return [each for each in found if owned.get(identity(each.kind, each.name)) or not each.holds_data]


def _jobs(parts: tuple[Part, ...]) -> dict[int, str]:
    """The jobs that the bundles' state knows: id and name."""
    jobs = (job for part in parts for job in _resources(part).get("jobs", {}).values())
    return {int(job["id"]): str(job.get("name", "")) for job in jobs if job.get("id")}


def _lost(ground: Ground, last: Deployment, known: Collection[int]) -> list[tuple[int, str]]:
    """The jobs that interrupted deployments left: id and name."""
    names = [name for each in (last, *history.unfinished(ground.past())) for name in each.jobs.values()]
    return list(orphans(ground.client, ground.root_path, names, known))


def _sorted_out(parts: tuple[Part, ...], ground: Ground, data: bool, forgotten: Mapping[str, str]) -> Destroyed:
    there = {**dict(pair for part in parts for pair in _deployed(part)), **forgotten}
    stays = {key for key in there if key.partition(".")[0] in DATA_KINDS}
    reasons: dict[str, str] = {}
    if data:
        theirs = others(ground, EVERY) if stays else Others()
        kept = KeptData(client=ground.client, makers=makers(ground.past()), others=theirs)
        reasons = kept.reasons(there)
        stays = set(reasons)
    removed = {key: name for key, name in there.items() if key not in stays}
    return Destroyed(
        project=ground.project,
        target=ground.target,
        removed=removed,
        left={key: name for key, name in there.items() if key in stays},
        reasons=reasons,
        contents=dict(_contents(removed, ground)),
    )


def _contents(removed: Mapping[str, str], ground: Ground) -> Iterator[tuple[str, Mapping[str, int]]]:
    for key, name in removed.items():
        if key.startswith("schemas."):
            with suppress(DatabricksError):
                yield key, contents(ground.client, name)


def _deployed(part: Part) -> Iterator[tuple[str, str]]:
    """The resources that the bundle's state knows: key and name."""
    for kind, those in _resources(part).items():
        for key, fields in those.items():
            if fields.get("id"):
                yield f"{kind}.{key}", fields["id"] if kind in _NAMED_BY_ID else name_of(kind, fields)


def _resources(part: Part) -> Mapping[str, Mapping[str, Any]]:
    return part.bundle.summary().get("resources") or {}


_NAMED_BY_ID = ("registered_models", "schemas", "volumes")
"""Kinds whose id is their full name; what the bundle says may still hold a reference."""
