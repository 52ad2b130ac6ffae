"""Which code a run or a release is made of, as git tells it."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

from framework.core.task_run import Origin
from framework.runtime.provenance import PROVENANCE


def write(origin: Origin, release: Path) -> None:
    """Put ``origin`` beside the plans, where the runtime looks for it."""
    (release / PROVENANCE).write_text(json.dumps(asdict(origin), indent=2) + "\n", encoding="utf-8")


def of_checkout(root: Path) -> Origin:
    """The commit of the checkout at ``root``."""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if not commit:
        return Origin()
    return Origin(commit=commit, dirty=bool(_git(root, "status", "--porcelain", "--untracked-files=normal")))


def _git(root: Path, *arguments: str) -> str:
    try:
        # No optional locks: a run must not get in the way of the user's own git commands.
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
