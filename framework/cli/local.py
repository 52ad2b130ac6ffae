"""``framework local``: the engine that local runs share."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Output
from framework.core.errors import UsageError

if TYPE_CHECKING:
    from framework.local.paths import LocalPaths

_LONGEST = 7 * 24 * 60
"""Minutes."""

Bundle = Annotated[
    Path | None, typer.Option("--bundle", help="The engine of the bundle in this directory; default: of where you are.")
]

app = typer.Typer(
    help="Keep local Spark between runs, so that each finds it warm.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command("start")
@reporting_errors
def start(
    idle: Annotated[
        int | None,
        typer.Option(
            "--idle",
            metavar="MINUTES",
            min=1,
            max=_LONGEST,
            help="End after so long without a run; left out, as before, or 60.",
        ),
    ] = None,
    bundle: Bundle = None,
) -> None:
    """Start the engine, or keep the one that runs."""
    from framework.console.engine_status import show_start
    from framework.console.run_progress import run_progress
    from framework.console.streams import stderr, stdout
    from framework.local import engine_control

    paths = _paths(bundle)
    with run_progress(stderr()) as listener:
        state, started = engine_control.start(paths, idle and idle * 60, listener)
    show_start(stdout(), state, started)


@app.command("stop")
@reporting_errors
def stop(
    force: Annotated[bool, typer.Option("--force", help="End it now: its runs fail.")] = False,
    bundle: Bundle = None,
) -> None:
    """End the engine as soon as its last run is done."""
    from framework.console.engine_status import show_stop
    from framework.console.streams import stdout
    from framework.local import engine_control

    paths = _paths(bundle)
    show_stop(stdout(), engine_control.end(paths) if force else engine_control.stop(paths))


@app.command("status")
@reporting_errors
def status(
    output: Annotated[
        Output, typer.Option("--output", "-o", help="text for a person, json for a machine.")
    ] = Output.TEXT,
    bundle: Bundle = None,
) -> None:
    """Show whether the engine runs, what it works on, and when it ends by itself."""
    from framework.console.engine_status import show_engine
    from framework.console.streams import stdout
    from framework.local import engine_control

    state = engine_control.look(_paths(bundle))
    if output is Output.JSON:
        typer.echo(json.dumps(state.as_dict()))
    else:
        show_engine(stdout(), state)


def _paths(bundle: Path | None) -> "LocalPaths":
    """Those of ``bundle``, or of the nearest directory from here upwards that is one or has projects/."""
    from framework.local.foreign_bundle.read import ROOT_NAMES
    from framework.local.paths import LocalPaths
    from framework.spec.loader import find_root

    start = Path.cwd() / (bundle or "")
    for directory in (start,) if bundle else (start, *start.parents):
        if any((directory / name).is_file() for name in ROOT_NAMES):
            return LocalPaths(directory.resolve())
        if not bundle and (directory / "projects").is_dir():
            break
    if bundle:
        raise UsageError(f"no bundle in {bundle}", f"A bundle's directory holds a {ROOT_NAMES[0]}.")
    return LocalPaths(find_root(Path.cwd()))
