"""``framework reproduce``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Output, OutputOption, Target
from framework.cli.remote_reproduce import reproduce_remotely

if TYPE_CHECKING:
    from framework.trace.reproduced.choice import Wanted
    from framework.trace.reproduced.verdicts import Reproduced

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

    With --env, a run of that workspace: in a one-time run there, with the rights of who asks. Exit code 0: the same;
    1: something differs, or cannot be compared.
    """
    from framework.console.reproduction import show_reproduced
    from framework.console.streams import stdout
    from framework.trace.reproduced.choice import Wanted

    wanted = Wanted(tasks=tuple(task or ()), tolerance=tolerance)
    done = _here(run, wanted) if target in (None, LOCAL) else reproduce_remotely(run, wanted, str(target))
    if output is Output.JSON:
        typer.echo(json.dumps(done.as_dict(), indent=2))
    else:
        show_reproduced(stdout(), done)
    if not done.is_same:
        raise typer.Exit(1)


def _here(run: str, wanted: "Wanted") -> "Reproduced":
    from framework import phases
    from framework.console.run_progress import run_progress
    from framework.console.streams import stderr
    from framework.local.stored_runs import with_runs

    root = with_runs(Path.cwd()).root
    with run_progress(stderr()) as listener:
        return phases.reproduce(root, run, wanted, listener)
