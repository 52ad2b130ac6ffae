"""What is live in a target, what differs from it there, and what is going on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from framework.core.errors import FrameworkError
from framework.deploy import history
from framework.deploy.deployed_jobs import DeployedJob, deployed_jobs
from framework.deploy.deployment import plan
from framework.deploy.ground import Ground
from framework.deploy.lock import Holder, holder_of
from framework.deploy.planned import Planned
from framework.deploy.rollback import downloaded
from framework.deploy.workspace import asking
from framework.records.releases import Deployment


@dataclass(frozen=True, kw_only=True)
class Status:
    """``live`` is None when nothing is deployed; ``unfinished`` are the deployments after it that did not end well.

    ``drift`` is what deploying the live release again would change, None when nobody knows; ``runs`` are the
    active ones of its jobs, by name; ``deploying`` is who is at work, ``ended`` who began and is
    provably gone, with the proof. ``unseen`` is where nothing is on record, or where this login may not see it;
    empty when something is. ``unreadable`` says which records are left out of all this; ``doubt`` is why nobody
    knows the drift, unless the release is gone.
    """

    project: str
    target: str
    unseen: str = ""
    live: Deployment | None
    unfinished: tuple[Deployment, ...] = ()
    drift: Planned | None = None
    doubt: str = ""
    unreadable: tuple[str, ...] = ()
    runs: Mapping[str, tuple[int, ...]]
    deploying: Holder | None = None
    ended: tuple[Holder, str] | None = None

    @property
    def hidden_jobs(self) -> tuple[str, ...]:
        """Jobs of the live release that are gone, or that this login may not see: by name."""
        return tuple(name for name in (self.live.jobs.values() if self.live else ()) if name not in self.runs)

    def as_dict(self) -> dict[str, Any]:
        """For machines; fields may be added, never renamed."""
        return {
            "schema": 1,
            "project": self.project,
            "target": self.target,
            "unseen": self.unseen,
            "live": self.live.as_dict() if self.live else None,
            "unfinished": [each.as_dict() for each in self.unfinished],
            "drift": [each.as_dict() for each in self.drift.changes] if self.drift else None,
            "doubt": self.doubt,
            "unreadable": list(self.unreadable),
            "runs": {name: list(runs) for name, runs in self.runs.items()},
            "hidden_jobs": list(self.hidden_jobs),
            "deploying": self.deploying.described if self.deploying else None,
            "broken_off": {"who": self.ended[0].described, "proof": self.ended[1]} if self.ended else None,
        }


def status(ground: Ground) -> Status:
    """Look at what is deployed; nothing is changed."""
    unreadable: list[str] = []
    past = ground.past(broken=lambda error: unreadable.append(error.message))
    live = history.live(past)
    holder = holder_of(ground.client, ground.home)
    proof = holder.gone_from_here() if holder else ""
    drift, doubt = _drift(ground, live, past) if live else (None, "")
    return Status(
        project=ground.project,
        target=ground.target,
        unseen="" if past or unreadable else ground.store.root,
        live=live,
        unfinished=tuple(history.unfinished(past)),
        drift=drift,
        doubt=doubt,
        unreadable=tuple(unreadable),
        runs=_runs(ground, live) if live else {},
        deploying=holder if holder and not proof else None,
        ended=(holder, proof) if holder and proof else None,
    )


def at_work(ground: Ground) -> bool:
    """Whether somebody deploys, rolls back or destroys now, for all that can be known from here."""
    holder = holder_of(ground.client, ground.home)
    return holder is not None and not holder.gone_from_here()


def _drift(ground: Ground, live: Deployment, past: Sequence[Deployment]) -> tuple[Planned | None, str]:
    """None when the release is not in the store any more, or when nobody can tell: then the reason, too."""
    if not ground.store.has(live.release):
        return None, ""
    try:
        with downloaded(ground, live) as wanted:
            return plan(wanted, ground, past=past), ""
    except FrameworkError as error:
        return None, error.message


def _runs(ground: Ground, live: Deployment) -> dict[str, tuple[int, ...]]:
    with asking("list the active runs"):
        return {
            job.name: tuple(
                run.run_id or 0 for run in ground.client.jobs.list_runs(job_id=job.job_id, active_only=True)
            )
            for job in _jobs(ground, live)
        }


def _jobs(ground: Ground, live: Deployment) -> tuple[DeployedJob, ...]:
    return deployed_jobs(ground.client, ground.root_path, live.jobs)
