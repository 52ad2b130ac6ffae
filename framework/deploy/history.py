"""What the records of deployments say: what is live, what was before, and what nobody saw end."""

from collections.abc import Iterable, Sequence

from framework.core.errors import FrameworkError, UsageError
from framework.records.releases import Deployment


def at(deployments: Iterable[Deployment], root_path: str) -> list[Deployment]:
    """Those of one place, oldest first: in development each person has one."""
    return sorted((each for each in deployments if each.root_path == root_path), key=lambda each: each.name)


def live(deployments: Sequence[Deployment]) -> Deployment | None:
    """The deployment whose release is at work: the last that succeeded, unless it took everything away."""
    done = succeeded(deployments)
    return done[-1] if done and done[-1].kind != "destroy" else None


def succeeded(deployments: Iterable[Deployment]) -> list[Deployment]:
    """Those that ended well."""
    return [each for each in deployments if each.result == "succeeded"]


def in_use(deployments: Iterable[Deployment]) -> set[str]:
    """The releases that jobs may refer to: of each place the live one, and those after it that did not end well."""
    every = list(deployments)
    places = [at(every, root_path) for root_path in {each.root_path for each in every}]
    return {each.release for place in places for each in (live(place), *unfinished(place)) if each is not None}


def unfinished(deployments: Sequence[Deployment]) -> list[Deployment]:
    """Those after the last success: they failed, were killed, or are going on."""
    done = [number for number, each in enumerate(deployments, 1) if each.result == "succeeded"]
    return list(deployments[done[-1] if done else 0 :])


def to_roll_back_to(deployments: Sequence[Deployment], release: str | None) -> Deployment:
    """The deployment whose release is wanted; left out, of the one that was live before the one that is now.

    After a deployment that broke off it is the live one itself, and after a rollback the one before that: what was
    rolled back from is not gone forward to again.
    Raises UsageError for a release that was never live here, FrameworkError when there is none before.
    """
    were = _were_live(deployments)
    see = f"framework releases {were[0].project} -e {were[0].target}" if were else "framework releases"
    if release is not None:
        found = [each for each in were if each.release.startswith(release)]
        names = list(dict.fromkeys(each.release for each in reversed(were)))
        if not found or len({each.release for each in found}) > 1:
            there = f"There were: {', '.join(names[:10])}." if names else "Nothing was deployed yet, as far as you see."
            several = "means several releases" if found else "was never live here"
            raise UsageError(f"'{release}' {several}", f"{there} See: {see}")
        return found[-1]
    now = live(deployments)
    if now is not None and broken_off(deployments) is not None:
        return now
    steps, undone = _steps(were)
    if now is not None:
        steps = steps[:-1]
    if steps:
        return steps[-1]
    if undone is None:
        raise FrameworkError("there is no release before the one that is live", f"See: {see}")
    raise FrameworkError(
        f"there is no release before the one that is live; {undone.release} is the one that was rolled back from",
        f"Forward again: framework rollback {undone.project} -e {undone.target} --to {undone.release}",
    )


def broken_off(deployments: Sequence[Deployment]) -> Deployment | None:
    """The last that did not end well and has put the release that is live out of place.

    A rollback is none: the same command again goes on with it.
    """
    if (now := live(deployments)) is None:
        return None
    found = [each for each in unfinished(deployments) if each.kind == "deploy" and each.release != now.release]
    return found[-1] if found else None


def is_way_back(deployments: Sequence[Deployment], release: str | None) -> bool:
    """Whether these are enough for ``to_roll_back_to``: what was before them changes nothing about its answer.

    But for a ``release`` of which only the beginning is given: among these it has to be the only one.
    """
    were = _were_live(deployments)
    if release is not None:
        return any(each.release.startswith(release) for each in were)
    steps, _ = _steps(were, from_the_first=False)
    return broken_off(deployments) is not None or len(steps) > (live(deployments) is not None)


def names_of_jobs(deployments: Sequence[Deployment]) -> dict[str, list[str]]:
    """What each job was called, by key, in the live deployment and in those after it."""
    now = live(deployments)
    found: dict[str, list[str]] = {}
    for each in (*([now] if now else []), *unfinished(deployments)):
        for key, name in each.jobs.items():
            found.setdefault(key, []).append(name)
    return found


def _were_live(deployments: Iterable[Deployment]) -> list[Deployment]:
    return [each for each in succeeded(deployments) if each.kind != "destroy"]


def _steps(were: Iterable[Deployment], *, from_the_first: bool = True) -> tuple[list[Deployment], Deployment | None]:
    """The way to what was live last, one deployment for each step, and the one that was rolled back from last.

    Not ``from_the_first`` of all, only the last steps: those that are sure whatever there was before.
    """
    steps: list[Deployment] = []
    undone = None
    for each in were:
        earlier = [number for number, step in enumerate(steps) if step.release == each.release]
        if each.kind == "rollback" and earlier:
            if earlier[-1] < len(steps) - 1:
                undone = steps[-1]
            del steps[earlier[-1] + 1 :]
        elif each.kind == "rollback" and not from_the_first:
            steps.clear()
        elif steps and steps[-1].release == each.release:
            steps[-1] = each  # it knows more: by which commit it can be made again
        else:
            steps.append(each)
    return steps, undone
