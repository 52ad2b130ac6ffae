"""Asks other programs for a line or two, with a time limit."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

_PATIENCE = 5.0


def output(command: Sequence[str], directory: Path | None = None, patience: float = _PATIENCE) -> str | None:
    """What ``command`` writes to stdout; None when it fails, is not there, or takes more than ``patience`` seconds."""
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, timeout=patience, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", errors="replace").strip() if done.returncode == 0 else None
