"""Back to a release that was live before: its own bundle, plans and wheels, from the store, without a build."""

import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from framework.core.errors import FrameworkError
from framework.core.moments import shown
from framework.deploy import history
from framework.deploy.deployment import Deployed, deploy, plan
from framework.deploy.ground import Ground, Wanted
from framework.deploy.plan_rules import Allowed
from framework.deploy.planned import Expected, Planned
from framework.deploy.retention import require_kept
from framework.records.releases import Deployment


def planned_rollback(ground: Ground, release: str | None, allowed: Collection[Allowed] = ()) -> Planned:
    """What ``roll_back`` would change now. It changes nothing."""
    with _wanted(ground, release) as wanted:
        return plan(wanted, ground, allowed)


def roll_back(
    ground: Ground,
    release: str | None,
    expected: Expected | None = None,
    allowed: Collection[Allowed] = (),
    show: Callable[[Planned], object] = lambda _: None,
) -> Deployed:
    """Put an earlier release to work again; left out, the one before the one that is live.

    Raises UsageError and FrameworkError when there is none, and what ``deploy`` raises.
    """
    with _wanted(ground, release, told=expected is not None) as wanted:
        return deploy(wanted, ground, expected, allowed, show)


def wanted_deployment(ground: Ground, release: str | None, told: bool = True) -> Deployment:
    """The earlier deployment to go back to; unless somebody was ``told``, say which it is.

    Raises UsageError and FrameworkError when there is none.
    """
    past = way_back(ground, release)
    if release is None and not any(each.result == "succeeded" for each in past):
        said = f"nothing was deployed here yet, or you may not see it: {ground.store.root}"
        raise FrameworkError(said, f"framework deploy {ground.words}")
    earlier = history.to_roll_back_to(past, release)
    if not told:
        broken = history.broken_off(past) if release is None else None
        live = f" and was live before the deploy of {shown(broken.started_at)} broke off" if broken else ""
        ground.say(f"Fetching release {earlier.release}, which was deployed at {shown(earlier.started_at)}{live}.")
    return earlier


def way_back(ground: Ground, release: str | None) -> list[Deployment]:
    """The deployments of this place, as far back as it takes to find that release, or the one before the live one."""
    return ground.past(enough=lambda past: history.is_way_back(past, release))


@contextmanager
def downloaded(ground: Ground, earlier: Deployment) -> Iterator[Wanted]:
    """The release of an earlier deployment, on this machine until the block ends."""
    require_kept(ground, earlier.release, earlier.commit)
    with tempfile.TemporaryDirectory(prefix="framework-release-") as aside:
        yield Wanted(
            release=ground.store.download(earlier.release, Path(aside)),
            directory=Path(aside, earlier.release),
            kind="rollback",
            commit=earlier.commit,
            dirty=earlier.dirty,
            branch=earlier.branch,
        )


@contextmanager
def _wanted(ground: Ground, release: str | None, *, told: bool = False) -> Iterator[Wanted]:
    with downloaded(ground, wanted_deployment(ground, release, told)) as wanted:
        yield wanted
