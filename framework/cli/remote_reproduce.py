"""``framework reproduce`` of a run in a workspace: in a one-time run there, with the screen of ``framework run``."""

import sys
from typing import TYPE_CHECKING

import typer

from framework.cli.errors import INTERRUPTED

if TYPE_CHECKING:
    from framework.deploy.reproduce.again import Begun
    from framework.trace.reproduced.choice import Wanted
    from framework.trace.reproduced.verdicts import Reproduced


def reproduce_remotely(run: str, wanted: "Wanted", target: str) -> "Reproduced":
    """Start the one-time run, follow it, and compare. Raises FrameworkError."""
    from framework.cli.ops import opened
    from framework.console.run_progress import run_progress
    from framework.console.streams import stderr
    from framework.deploy.reproduce.again import Reproduction
    from framework.deploy.reproduce.recorded import recorded
    from framework.trace.warehouse_ops import WarehouseOps
    from framework.trace.warehouse_tables import WarehouseTables

    place, warehouse, projects = opened(target, [])
    ops = WarehouseOps(warehouse.rows, [place.schema(name) for name in projects], target)
    found = recorded(ops, run, wanted.tasks, target)
    work = Reproduction(place, warehouse, WarehouseTables(warehouse.rows), found)
    with run_progress(stderr()) as listener:
        begun = work.begin(listener)
        try:
            return begun.finish(listener, wanted.tolerance)
        except KeyboardInterrupt:
            pass
    return _interrupted(begun)


def _interrupted(begun: "Begun") -> "Reproduced":
    of = begun.of
    sys.stderr.write(
        f"Run {begun.run_id} goes on, unless it has ended. To cancel it: databricks jobs cancel-run {begun.run_id}\n"
        f"It leaves the schema {of.scratch} and the files in {of.files}: the same command again takes them away.\n"
    )
    raise typer.Exit(INTERRUPTED)
