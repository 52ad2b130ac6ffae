"""A release put to work: under a lock, without losing data or making anything twice, and on record.

Killed anywhere in here, the same command goes on from what is there. The order is what makes that so: the release is
whole in the workspace before anything refers to it, what will be made is on record before it is made, and what the
bundle's state does not know is looked for before it is made again.
"""

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from framework import __version__
from framework.core.diagnostics import Diagnostics
from framework.core.errors import DatabricksError, InvalidProject
from framework.core.moments import now, shown
from framework.deploy import history
from framework.deploy.ci import ci_run
from framework.deploy.data_owners import makers_after, tell_of_others
from framework.deploy.ground import Ground, Wanted, opened, under_lock
from framework.deploy.lock import DeployLock
from framework.deploy.model_aliases import aliases_of
from framework.deploy.plan_changes import Action, PlanChanges, changes_of
from framework.deploy.plan_rules import Allowed, broken_runs, judged
from framework.deploy.planned import Expected, Planned
from framework.deploy.reconcile import delete_job, make_ready, orphans, reconciled
from framework.deploy.retention import await_clearing, clear_away, require_kept
from framework.deploy.workbench import Part
from framework.deploy.workspace_files import WorkspaceFiles
from framework.records.releases import Deployment, Release

_SETTLED_FIRST = (Action.ADOPT, Action.LEAVE)
_ROUNDS = 3
"""How often what is adopted or left can bring up something else that is."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What was done; not ``changed``, nothing in the workspace was, and ``deployment`` says since when it is so.

    ``links`` are the pages of the jobs, by name; ``removed`` are jobs that an interrupted deployment had left.
    """

    deployment: Deployment
    planned: Planned
    links: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    changed: bool = True

    def as_dict(self) -> dict[str, Any]:
        """For machines; fields may be added, never renamed."""
        return {
            "schema": 1,
            "changed": self.changed,
            "deployment": self.deployment.as_dict(),
            "plan": self.planned.as_dict(),
            "links": dict(self.links),
            "removed": list(self.removed),
        }


def plan(
    wanted: Wanted, ground: Ground, allowed: Collection[Allowed] = (), *, past: Sequence[Deployment] | None = None
) -> Planned:
    """What ``deploy`` would change now. It changes nothing. ``past`` are the deployments before, if they are known."""
    with opened(wanted, ground) as parts:
        past = ground.past() if past is None else past
        plans = _plans(parts, ground, past)
        tell_of_others(ground, [each.changes for each in plans.values()])
        to_finish = _to_finish(past) if wanted.kind == "deploy" else ""
        return replace(_planned(wanted.release, ground, plans, allowed), to_finish=to_finish)


def deploy(
    wanted: Wanted,
    ground: Ground,
    expected: Expected | None = None,
    allowed: Collection[Allowed] = (),
    show: Callable[[Planned], object] = lambda _: None,
) -> Deployed:
    """Put a release to work; with ``expected``, only when that is still what it would change. ``show`` comes before.

    Raises DatabricksError, and InvalidProject for a plan that may not be carried out.
    """
    with under_lock(wanted, ground) as (parts, lock):
        return _Deploying(wanted, ground, lock, parts, show).done(expected, allowed)


@dataclass(frozen=True)
class _PartPlan:
    """What the CLI would do with one bundle (``raw``), and what we make of it."""

    raw: Mapping[str, Any]
    changes: PlanChanges

    @property
    def is_settled(self) -> bool:
        """Whether the CLI may do as it says."""
        return not any(each.action in _SETTLED_FIRST for each in self.changes.changes)


@dataclass(frozen=True)
class _Deploying:
    """One deployment, under its lock."""

    wanted: Wanted
    ground: Ground
    lock: DeployLock
    parts: tuple[Part, ...]
    show: Callable[[Planned], object]

    def done(self, expected: Expected | None, allowed: Collection[Allowed]) -> Deployed:
        ground, release = self.ground, self.wanted.release
        past = ground.past()
        plans = _plans(self.parts, ground, past)
        planned = _planned(release, ground, plans, allowed)
        if expected is not None:
            expected.check(planned)
        if planned.refused:
            raise InvalidProject(planned.refused)
        if expected is None:  # else whoever planned was told
            tell_of_others(ground, planned.parts.values())
        before, broken = history.live(past), history.unfinished(past)
        if broken:
            ground.say(f"Going on from what is there: {_to_finish(past)} did not end well.", True)
        if not planned.changes and not broken and before is not None and before.release == release.id:
            if self.wanted.kind == "deploy":  # brings back what somebody deleted
                ground.store.upload(self.wanted.directory, release, self.wanted.reader)
            same = before if self._is_on_record(before) else self._ended(self._started(planned, past))[0]
            return Deployed(deployment=same, planned=planned, changed=False)
        self.show(planned)
        # On record first: whoever clears old releases away then knows that this one is wanted.
        started = self._started(planned, past)
        with ground.on_record(started):
            return self._put_to_work(started, planned, plans, allowed, broken)

    def _is_on_record(self, before: Deployment) -> bool:
        """Whether a deployment of this release says all that this one would; a commit tells more than none."""
        same = before.commit == self.wanted.commit and not before.dirty
        return same or self.wanted.dirty or self.wanted.kind == "rollback"

    def _put_to_work(
        self,
        started: Deployment,
        planned: Planned,
        plans: Mapping[str, _PartPlan],
        allowed: Collection[Allowed],
        broken: Collection[Deployment],
    ) -> Deployed:
        ground = self.ground
        await_clearing(ground)
        if self.wanted.kind == "rollback":  # it was there when somebody decided to go back to it
            require_kept(ground, self.wanted.release.id, self.wanted.commit)
        else:
            ground.say(f"Bringing release {self.wanted.release.id} to the workspace.")
            ground.store.upload(self.wanted.directory, self.wanted.release, self.wanted.reader)
        self.lock.ensure_held()  # bringing files takes time
        for part in self.parts:
            self._leave(part, plans[part.name].changes)
            _make_folders(ground, plans[part.name].changes)
        settled = [self._settled(part, plans[part.name], allowed) for part in self.parts]
        self.lock.ensure_held()
        known = {number for each in settled for number in each.changes.job_ids}
        removed = tuple(self._without_orphans(broken, known))
        for part, each in zip(self.parts, settled, strict=True):
            self._apply(part, each.raw)
        ended, links = self._ended(started)
        clear_away(ground, ended.who)
        return Deployed(deployment=ended, planned=planned, links=links, removed=removed)

    def _ended(self, started: Deployment) -> tuple[Deployment, dict[str, str]]:
        """Note the good end; the links of the jobs, too."""
        links, models = _links_and_models(self.parts)
        aliases = aliases_of(self.ground.client, models)
        ended = replace(started, ended_at=now(), result="succeeded", model_aliases=aliases)
        self.ground.store.note(ended)
        return ended, links

    def _settled(self, part: Part, planned: _PartPlan, allowed: Collection[Allowed]) -> _PartPlan:
        """The plan, once everything that is there is known and no data would go."""
        for _ in range(_ROUNDS):
            if planned.is_settled:
                return planned
            for change in planned.changes.with_action(Action.ADOPT):
                self.ground.say(f"Taking over {change.key}: {change.name} is there already.")
                make_ready(change, self.ground.client)
                part.bundle.bind(change.resource, change.identifier)
            raw = part.bundle.plan()
            changes = reconciled(changes_of(raw), self.ground.client, self.ground.root_path)
            # What was adopted may be anything: it is checked once more what becomes of it.
            if found := judged(changes, allowed, self.ground.words, self.ground.policy()).errors:
                raise InvalidProject(Diagnostics(found))
            planned = _PartPlan(raw, changes)
        if planned.is_settled:
            return planned
        keys = ", ".join(each.key for each in planned.changes.changes if each.action in _SETTLED_FIRST)
        raise DatabricksError(f"the Databricks CLI does not take over what is there: {keys}", "Look at these by hand.")

    def _leave(self, part: Part, changes: PlanChanges) -> None:
        for change in changes.with_action(Action.LEAVE):
            if change.holds_data:
                said = f"{change.key} is not in the bundle any more; {change.name} and its data stay."
                self.ground.say(said, warning=True)
            part.leave(change)

    def _without_orphans(self, broken: Iterable[Deployment], known: Collection[int]) -> Iterator[str]:
        """Delete the jobs that an interrupted deployment made and that nothing knows of; their names."""
        names = [name for each in broken for name in each.jobs.values()]
        for number, name in orphans(self.ground.client, self.ground.root_path, names, known):
            self.ground.say(f"Deleting job {number} ({name}), which an interrupted deployment left.", warning=True)
            delete_job(self.ground.client, number, name)
            yield name

    def _started(self, planned: Planned, past: Sequence[Deployment]) -> Deployment:
        wanted, release = self.wanted, self.wanted.release
        names = (f"wheels/{release.project_wheel}", f"wheels/{release.runtime_wheel}")
        return Deployment(
            id=uuid.uuid4().hex[:12],
            project=release.project,
            target=release.target,
            release=release.id,
            started_at=now(),
            kind=wanted.kind,
            commit=wanted.commit,
            dirty=wanted.dirty,
            branch=wanted.branch,
            promoted_from=wanted.promoted_from,
            who=self.parts[0].who,
            ci_run=str(ci_run()),
            framework_version=__version__,
            cli_version=self.ground.cli.version,
            hashes={name: release.files[name] for name in names if name in release.files},
            plan=planned.counts,
            root_path=self.ground.root_path,
            jobs={key: name for part in self.parts for key, name in part.job_names.items()},
            data=makers_after(past, planned.parts.values(), self.parts[0].who),
        )

    def _apply(self, part: Part, raw: Mapping[str, Any]) -> None:
        self.lock.ensure_held()
        path = part.bundle.directory.parent / f"plan-{part.name}.json"
        path.write_text(json.dumps(raw), encoding="utf-8")
        self.ground.say("Deploying" + (f" part {part.name}" if part.name else "") + ".")
        part.bundle.deploy(path, self.lock.seconds_left())


def _plans(parts: Sequence[Part], ground: Ground, past: Sequence[Deployment]) -> dict[str, _PartPlan]:
    """What each bundle changes. A job that goes from one to another stays the same job."""
    former = history.names_of_jobs(past)
    raw = {part.name: part.bundle.plan() for part in parts}
    found = {name: reconciled(changes_of(each), ground.client, ground.root_path, former) for name, each in raw.items()}
    moved = {each.identifier for changes in found.values() for each in changes.with_action(Action.ADOPT)}
    return {name: _PartPlan(raw[name], changes.leaving(moved)) for name, changes in found.items()}


def _to_finish(past: Sequence[Deployment]) -> str:
    """The last of those that did not end well, in words; nothing when there is none."""
    last = history.unfinished(past)[-1:]
    return "".join(f"the {each.kind} of {shown(each.started_at)} by {each.who}" for each in last)


def _make_folders(ground: Ground, changes: PlanChanges) -> None:
    """An experiment is made only in a folder that is there."""
    new = (each.name for each in changes.with_action(Action.CREATE) if each.kind == "experiments" and not each.is_child)
    for folder in sorted({name.rpartition("/")[0] for name in new}):
        WorkspaceFiles(ground.client).make(folder)


def _planned(release: Release, ground: Ground, plans: Mapping[str, _PartPlan], allowed: Collection[Allowed]) -> Planned:
    parts = {name: each.changes for name, each in plans.items()}
    policy = ground.policy()
    found = Diagnostics.of(
        finding
        for changes in parts.values()
        for finding in (*judged(changes, allowed, ground.words, policy), *broken_runs(changes, ground.client))
    )
    return Planned(
        project=release.project,
        target=release.target,
        release=release.id,
        root_path=ground.root_path,
        parts=parts,
        refused=Diagnostics(found.errors),
        warnings=Diagnostics(tuple(each for each in found if each not in found.errors)),
    )


def _links_and_models(parts: Iterable[Part]) -> tuple[dict[str, str], list[str]]:
    links: dict[str, str] = {}
    models: list[str] = []
    for part in parts:
        resources = part.bundle.summary().get("resources") or {}
        for job in (resources.get("jobs") or {}).values():
            links[str(job.get("name"))] = str(job.get("url", ""))
        models += [str(model.get("id")) for model in (resources.get("registered_models") or {}).values()]
    return links, models
