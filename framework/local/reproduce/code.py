"""The code that an attempt was made of: from the commit in its record, or the copy that its run kept."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from framework.core.errors import InvalidProject, UsageError
from framework.core.task_run import Origin
from framework.local import release
from framework.local.release import Release
from framework.local.runnable import Runnable

Compile = Callable[[Path], Runnable]
"""Compiles what was run from the checkout at that root."""


@dataclass(frozen=True, kw_only=True)
class OldCode:
    """``note`` says what it is, where that is not the commit."""

    release: Release
    note: str = ""


def of_origin(origin: Origin, kept: Path, root: Path, aside: Path, compile_at: Compile) -> OldCode:
    """The code of ``origin``, as a release below ``aside``; ``kept`` is the directory of the run's own copy.

    Raises UsageError when there is neither a commit that has it nor a copy, InvalidProject when the checks of today
    refuse what is committed and there is no copy.
    """
    has_copy = (kept / "bundle").is_dir()
    why = f"the work tree differed from commit {origin.commit[:12]}" if origin.commit else "the run has no commit"
    if origin.commit and not origin.dirty:
        try:
            return OldCode(release=_of_commit(origin.commit, root, aside, compile_at))
        except (UsageError, InvalidProject) as error:
            if not has_copy:
                raise
            why = f"commit {origin.commit[:12]} cannot be used: {error.message}"
    if not has_copy:
        hint = "Only what is committed, or still kept in .framework/runs, can be run again: commit, then run."
        raise UsageError(f"{why}, and the run's own copy of its code is gone", hint)
    return OldCode(release=release.read(kept), note=f"{why}: the run's own copy of its code was used")


def _of_commit(commit: str, root: Path, aside: Path, compile_at: Compile) -> Release:
    target = aside / f"code-{commit[:12]}"
    with _worktree(root, commit, aside / f"checkout-{commit[:12]}") as checkout:
        runnable = compile_at(checkout)
        with release.staged(runnable, (), checkout, aside) as staged:
            shutil.rmtree(target, ignore_errors=True)
            staged.rename(target)
    return release.read(target)


@contextmanager
def _worktree(root: Path, commit: str, place: Path) -> Iterator[Path]:
    """The checkout of ``commit``: what ``root`` is in it, which need not be its top. It is removed afterwards."""
    _remove(root, place)
    prefix = _git(root, "rev-parse", "--show-prefix").strip()
    try:
        _git(root, "worktree", "add", "--quiet", "--detach", "--force", str(place), commit)
    except UsageError as error:
        hint = "Is it in this clone? git fetch --unshallow, or fetch the branch that has it."
        raise UsageError(f"commit {commit[:12]} cannot be checked out: {error.message}", hint) from None
    try:
        yield place / prefix
    finally:
        _remove(root, place)


def _remove(root: Path, place: Path) -> None:
    # Only this one: a prune would also forget worktrees of the user on a disk that is not there now.
    with suppress(UsageError):
        _git(root, "worktree", "remove", "--force", "--force", str(place))
    shutil.rmtree(place, ignore_errors=True)


def _git(root: Path, *arguments: str) -> str:
    # Hooks are code of whoever has this clone, and have no part in this.
    command = ["git", "-c", "core.hooksPath=/dev/null", *arguments]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"git does not work here: {error}") from None
    if done.returncode:
        raise UsageError((done.stderr.strip().splitlines() or ["git failed"])[-1])
    return done.stdout
