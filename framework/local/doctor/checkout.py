"""The checkout that commands are given in: its projects, and git."""

import shutil
from pathlib import Path

from framework.core.errors import UsageError
from framework.core.versions import dotted, version_in
from framework.local.doctor.checkup import Checkup, Purpose, State
from framework.local.doctor.commands import output
from framework.spec.loader import find_root, project_names
from framework.spec.node_path import printable


def root_of(directory: Path) -> Path:
    """The checkout that ``directory`` is in, or ``directory`` itself."""
    try:
        return find_root(directory)
    except UsageError:
        return directory


def projects(directory: Path) -> Checkup:
    """What there is to run."""
    try:
        root = find_root(directory)
    except UsageError as error:
        return Checkup("projects", Purpose.RUN, State.WARNING, str(error), error.hint)
    names = project_names(root)
    if not names:
        return Checkup("projects", Purpose.RUN, State.WARNING, f"none in {root / 'projects'}", "Write one first.")
    return Checkup("projects", Purpose.RUN, State.OK, f"{len(names)} in {root}: {printable(', '.join(names))}")


def git(root: Path) -> Checkup:
    """Git, whose commit each release bears. A local run does without."""
    if shutil.which("git") is None or not (number := version_in(output(["git", "--version"]) or "")):
        return _problem("no git that works on PATH", "Install git: a deployment says which commit it is of.")
    if output(["git", "rev-parse", "--git-dir"], root) is None:
        found = f"{dotted(number)}; {root} is in no repository of yours"
        return _problem(found, "git init, or work in a clone. Owned by somebody else? See: git status")
    # No optional locks: we must not get in the way of the user's own git commands.
    status = output(["git", "--no-optional-locks", "status", "--porcelain", "--branch"], root)
    branch, *changed = (status or "## an unknown branch").splitlines()
    name = branch.removeprefix("## ").partition("...")[0]
    unborn = name.removeprefix("No commits yet on ")
    found = f"{dotted(number)}; on {printable(unborn)}" + (", without a commit" if unborn != name else "")
    if not (output(["git", "config", "user.name"], root) and output(["git", "config", "user.email"], root)):
        advice = "git config user.name 'Your Name'; git config user.email you@example.com"
        return Checkup("git", Purpose.DEPLOY, State.WARNING, f"{found}; it does not know who you are", advice)
    if changed:
        files = f"{len(changed)} file" + ("" if len(changed) == 1 else "s")
        advice = "Commit before you deploy: what runs is then what the commit has."
        return Checkup("git", Purpose.DEPLOY, State.WARNING, f"{found}; {files} not committed", advice)
    if unborn != name:
        return Checkup("git", Purpose.DEPLOY, State.WARNING, found, "Commit before you deploy.")
    return Checkup("git", Purpose.DEPLOY, State.OK, f"{found}; everything is committed")


def _problem(found: str, advice: str) -> Checkup:
    return Checkup("git", Purpose.DEPLOY, State.PROBLEM, found, advice)
