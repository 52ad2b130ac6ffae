"""Every checkup there is, at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from framework.local.doctor import checkout, engine, machine, workspace
from framework.local.doctor.checkup import Checkup


def examine(directory: Path, *, online: bool = False) -> tuple[Checkup, ...]:
    """Look at this machine, and at the checkout that ``directory`` is in. Nobody else is asked unless ``online``."""
    root = checkout.root_of(directory)
    checks: list[Callable[[], Checkup]] = [
        machine.python,
        machine.system,
        engine.packages,
        engine.java,
        engine.jars,
        partial(machine.disk, root),
        machine.memory,
        partial(checkout.projects, directory),
        partial(checkout.git, root),
        workspace.databricks_cli,
        workspace.login,
        *([workspace.workspace] if online else []),
    ]
    # Most of the time goes into waiting for other programs.
    with ThreadPoolExecutor(len(checks)) as pool:
        return tuple(pool.map(lambda check: check(), checks))
