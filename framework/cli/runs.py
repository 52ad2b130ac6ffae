"""``framework runs``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Output


@reporting_errors
def runs(
    run: Annotated[
        str | None, typer.Argument(help="The number of one run, or 'last'; left out, the latest runs are listed.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many are listed.")] = 20,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="text for a person, json for a machine.")
    ] = Output.TEXT,
) -> None:
    """Show the runs on this machine, newest first, or all about one of them."""
    from framework.console.run_list import show_no_runs, show_run_details, show_runs
    from framework.console.streams import stderr, stdout
    from framework.local import stored_runs

    if run is not None:
        details = stored_runs.run_details(stored_runs.with_runs(Path.cwd()), run)
        if output is Output.JSON:
            typer.echo(json.dumps(details.as_dict()))
        else:
            show_run_details(stdout(), details)
        return
    paths = stored_runs.runs_from(Path.cwd())
    found = stored_runs.latest_runs(paths, limit) if paths else []
    if output is Output.JSON:
        typer.echo(json.dumps([each.as_dict() for each in found]))
    elif found:
        show_runs(stdout(), found)
    else:
        show_no_runs(stderr())
