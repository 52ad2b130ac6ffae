"""``framework reproduce``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Output, OutputOption, Target
from framework.core.errors import UsageError

LOCAL = "local"


@reporting_errors
def reproduce(
    run: Annotated[str, typer.Argument(help="A number, or 'last'.")],
    task: Annotated[
        list[str] | None, typer.Option("--task", help="This task, or loop[3]; may be repeated. Left out: all.")
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option("--tolerance", min=0.0, help="Metrics that differ by no more, of 1 or of their size, agree."),
    ] = 0.0,
    target: Target = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Do a run's tasks once more, with the commit and the table versions that they had, and compare what comes out.

    Exit code 0: the same; 1: something differs, or cannot be compared.
    """
    if target not in (None, LOCAL):
        raise UsageError(
            f"a run of '{target}' cannot be reproduced from here yet",
            f"What it was made of: framework trace {run} -e {target}",
        )
    from framework import phases
    from framework.console.reproduction import show_reproduced
    from framework.console.run_progress import run_progress
    from framework.console.streams import stderr, stdout
    from framework.local.reproduce.again import Wanted
    from framework.local.stored_runs import with_runs

    root = with_runs(Path.cwd()).root
    with run_progress(stderr()) as listener:
        done = phases.reproduce(root, run, Wanted(tasks=tuple(task or ()), tolerance=tolerance), listener)
    if output is Output.JSON:
        typer.echo(json.dumps(done.as_dict(), indent=2))
    else:
        show_reproduced(stdout(), done)
    if not done.is_same:
        raise typer.Exit(1)
