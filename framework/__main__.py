"""``python -m framework``, and the command ``framework``."""

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn

from framework.cli.app import app

_SELDOM = 200_000
"""Objects made between two looks for garbage."""


def main() -> None:
    """Run the command line."""
    # A command makes many objects and keeps nearly all of them to its end: looking for garbage would take a quarter.
    gc.set_threshold(_SELDOM, 30, 30)
    try:
        app()
    except SystemExit as end:
        _leave(end.code)


def _leave(code: object) -> NoReturn:
    """Exit at once: to take everything down in good order, module by module, takes longer than to import some."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # whoever read it has gone
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main()
