"""Where output goes: data to stdout, talk to stderr; colour only where a person is looking at a terminal."""

import sys

from rich.console import Console


def stdout() -> Console:
    """For what was asked for."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def stderr() -> Console:
    """For progress, notes and errors."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=not sys.stderr.isatty())
