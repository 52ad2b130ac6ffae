"""``framework local``: the engine that local runs share."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Output

if TYPE_CHECKING:
    from framework.local.paths import LocalPaths

_LONGEST = 7 * 24 * 60
"""Minutes."""

app = typer.Typer(
    help="Keep local Spark between runs, so that each finds it warm.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command("start")
@reporting_errors
def start(
    idle: Annotated[
        int, typer.Option("--idle", metavar="MINUTES", min=1, max=_LONGEST, help="End after so long without a run.")
    ] = 60,
) -> None:
    """Start the engine, or keep the one that runs."""
    from framework.console.engine_status import show_start
    from framework.console.run_progress import run_progress
    from framework.console.streams import stderr, stdout
    from framework.local import engine_control

    paths = _paths()
    with run_progress(stderr()) as listener:
        state, started = engine_control.start(paths, idle * 60, listener)
    show_start(stdout(), state, started)


@app.command("stop")
@reporting_errors
def stop(
    force: Annotated[bool, typer.Option("--force", help="End it now: its runs fail.")] = False,
) -> None:
    """End the engine as soon as its last run is done."""
    from framework.console.engine_status import show_stop
    from framework.console.streams import stdout
    from framework.local import engine_control

    paths = _paths()
    show_stop(stdout(), engine_control.end(paths) if force else engine_control.stop(paths))


@app.command("status")
@reporting_errors
def status(
    output: Annotated[
        Output, typer.Option("--output", "-o", help="text for a person, json for a machine.")
    ] = Output.TEXT,
) -> None:
    """Show whether the engine runs, what it works on, and when it ends by itself."""
    from framework.console.engine_status import show_engine
    from framework.console.streams import stdout
    from framework.local import engine_control

    state = engine_control.look(_paths())
    if output is Output.JSON:
        typer.echo(json.dumps(state.as_dict()))
    else:
        show_engine(stdout(), state)


def _paths() -> "LocalPaths":
    from framework.local.paths import LocalPaths
    from framework.spec.loader import find_root

    return LocalPaths(find_root(Path.cwd()))
