"""The commit that is deployed: whole, known to others, and from where the policy wants it."""

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from framework.deploy.preflight.check import Check, CheckState
from framework.deploy.wheels import is_code
from framework.spec.node_path import printable
from framework.spec.patterns import matches
from framework.spec.policy_sections import BranchesSection

_CI_COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION", "CIRCLE_SHA1", "BITBUCKET_COMMIT", "GIT_COMMIT")
"""Where CI systems say which commit they fetched: they took it from the remote, so it is there."""
_MOST_SHOWN = 5
_PATIENCE = 30.0


@dataclass(frozen=True)
class GitState:
    """The checkout's HEAD: empty ``commit`` means that there is none.

    ``branch`` is the one that is checked out, or where none is, as in CI, the first of ``branches``: those of the
    remotes that contain the commit, without the remote's name. ``tags`` are those at it. ``changed`` are the
    paths that differ from it; ``beside`` those that git does not know and that are no sources. ``fetched_by_ci`` says
    that a CI system names this commit as its own.
    """

    commit: str = ""
    branch: str = ""
    changed: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    fetched_by_ci: bool = False


def git_state(
    root: Path, environment: Mapping[str, str] = os.environ, *, project: str = "", without: Iterable[Path] = ()
) -> GitState:
    """The state of the checkout at ``root``, for ``project`` or all of them; nobody but the local repository is asked.

    ``without`` are files that do not count, such as the plan that is to be carried out.
    """
    commit = _git(root, "rev-parse", "--verify", "HEAD").strip()
    if not commit:
        return GitState()
    changed, beside = _changes(root, project, without)
    remote = _git(root, "for-each-ref", "--contains", commit, "--format=%(refname:lstrip=3)", "refs/remotes")
    branches = tuple(dict.fromkeys(name for name in remote.splitlines() if name != "HEAD"))
    checked_out = _git(root, "symbolic-ref", "--short", "--quiet", "HEAD").strip()
    return GitState(
        commit=commit,
        branch=checked_out or next(iter(branches), ""),
        changed=changed,
        beside=beside,
        branches=branches,
        tags=tuple(
            _git(root, "for-each-ref", "--points-at", commit, "--format=%(refname:lstrip=2)", "refs/tags").split()
        ),
        fetched_by_ci=any(environment.get(name) == commit for name in _CI_COMMITS),
    )


def is_tracked(root: Path, path: str) -> bool:
    """Whether git knows something at or below ``path``, which starts from ``root``."""
    return bool(_git(root, "ls-files", "-z", "--", path))


def git_checks(state: GitState, allowed: Sequence[BranchesSection], *, production: bool) -> Iterator[Check]:
    """Whether the commit may be deployed. Outside of ``production`` people try things: there has to be one.

    Beyond that, only a policy stops them.
    """
    strict = CheckState.MISSING if production else CheckState.WARNING
    if not state.commit:
        advice = "git init, then commit: a task refuses to run when nobody can tell which commit it is of."
        yield Check("git", CheckState.MISSING, "there is no commit", advice)
        return
    yield _clean(state, strict)
    yield _pushed(state, strict)
    if any(rule.branches is not None or rule.tags is not None for rule in allowed):
        yield _allowed(state, allowed)


def _changes(root: Path, project: str, without: Iterable[Path]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What differs from the commit, and what lies beside the sources; a directory ends with a slash."""
    status = _answer(root, "status", "--porcelain", "-z", "--untracked-files=normal", "--no-renames")
    if status is None:
        return ("what git status would say: it failed",), ()
    above = Path(_git(root, "rev-parse", "--show-prefix").strip())  # git counts from the repository's own root
    top = root.resolve().parents[len(above.parts) - 1] if above.parts else root.resolve()
    sources = [f"{above / each}/" for each in (f"projects/{project}" if project else "projects", "conf")]
    left_out = {each.resolve() for each in without}
    changed = _ignored_code(root, project)
    beside: list[str] = []
    for state, path in ((entry[:2], entry[3:]) for entry in status.split("\0") if entry):
        if top / path not in left_out:
            is_source = state != "??" or any(_overlap(path, each) for each in sources)
            (changed if is_source else beside).append(path)
    return tuple(changed), tuple(beside)


def _ignored_code(root: Path, project: str) -> list[str]:
    """What git ignores and a wheel takes all the same: another checkout of the commit would make another one."""
    listed = _git(root, "ls-files", "-oi", "--exclude-standard", "-z", "--", f"projects/{project or '*'}/src/")
    return [path for path in listed.split("\0") if path and all(map(is_code, Path(path).parts))]


def _overlap(path: str, directory: str) -> bool:
    """Of a directory that git does not know at all, it names only that: ``directory`` may be in it."""
    return path.startswith(directory) or (path.endswith("/") and directory.startswith(path))


def _clean(state: GitState, strict: CheckState) -> Check:
    if state.beside and not state.changed:
        found = f"git does not know {_several(state.beside)}, which no release takes"
        return Check("git tree", CheckState.WARNING, found, "git add and git commit, or a line in .gitignore")
    if not state.changed:
        return Check("git tree", CheckState.OK, f"everything is in commit {state.commit[:12]}")
    hint = "git add and git commit, or git stash"
    return Check("git tree", strict, f"not committed: {_several(state.changed)}", hint)


def _pushed(state: GitState, strict: CheckState) -> Check:
    short = state.commit[:12]
    if state.branches:
        return Check("git remote", CheckState.OK, f"{short} is on {_several(state.branches)}")
    if state.fetched_by_ci:
        return Check("git remote", CheckState.OK, f"{short} was fetched by the CI system")
    advice = "git push. Was it pushed from elsewhere? git fetch"
    return Check("git remote", strict, f"no remote branch has commit {short}", advice)


def _allowed(state: GitState, allowed: Sequence[BranchesSection]) -> Check:
    """Each rule wants a branch or a tag of its own; of a rule that names only branches, tags are none."""
    matched: dict[str, None] = {}
    for rule in allowed:
        if rule.branches is None and rule.tags is None:
            continue
        branches, tags = rule.branches or [], rule.tags or []
        fitting = [*_matching(branches, state.branches), *_matching(tags, state.tags)]
        matched |= dict.fromkeys(fitting)
        if not fitting:
            wanted = [f"a branch {name}" for name in branches] + [f"a tag {name}" for name in tags]
            found = f"this commit is on {_several((*state.branches, *state.tags)) or 'no remote branch and no tag'}"
            advice = f"The policy deploys from {' or '.join(wanted) or 'nowhere'}. Merge there, push, then git fetch."
            return Check("git branch", CheckState.MISSING, found, advice)
    return Check("git branch", CheckState.OK, f"the policy allows {_several(tuple(matched))}")


def _matching(patterns: Sequence[str], names: Sequence[str]) -> list[str]:
    return [name for name in names if any(matches(pattern, name) for pattern in patterns)]


def _several(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return printable(", ".join(names[:_MOST_SHOWN])) + more


def _git(root: Path, *arguments: str) -> str:
    return _answer(root, *arguments) or ""


def _answer(root: Path, *arguments: str) -> str | None:
    """What git says; None when it fails, or takes too long."""
    try:
        # No optional locks: we must not get in the way of the user's own git commands.
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            cwd=root, capture_output=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else None
