"""Asks other programs for a line or two, with a time limit."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

Version = tuple[int, ...]
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


def version_in(text: str) -> Version:
    """The first number with a dot in ``text``, or nothing."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return version(match[0]) if match else ()


def version(text: str) -> Version:
    """``4.2.0.dev1`` as (4, 2, 0)."""
    match = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def dotted(number: Version) -> str:
    """(1, 14) as ``1.14``."""
    return ".".join(map(str, number))
