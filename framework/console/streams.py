"""Where output goes: data to stdout, talk to stderr; colour only where a person is looking at a terminal."""

import sys
from typing import TextIO

from rich.console import Console

_PLAIN_WIDTH = 140
"""Columns of a table that goes to a file or a pipe."""


def stdout() -> Console:
    """For what was asked for."""
    return _console(sys.stdout)


def stderr() -> Console:
    """For progress, notes and errors."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    terminal = stream.isatty()
    width = None if terminal else _PLAIN_WIDTH
    # No markup and no emoji: what is shown is other people's text, in which [b] and :100: are just that.
    return Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=not terminal, width=width)
