"""A run while it is under way, and what came of it."""

import json
from typing import TYPE_CHECKING, Any

import typer

from framework.cli.options import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from framework.core.events import Listener
    from framework.core.job_run import JobRun


def show(work: "Callable[[Listener], JobRun]", output: Output) -> None:
    """Do ``work`` with its progress in sight, show what came of it, and exit accordingly."""
    from framework.console.run_progress import run_progress
    from framework.console.streams import stderr

    with run_progress(stderr()) as listener:
        done = work(listener)
    show_done(done, output)


def show_done(done: "JobRun", output: Output, beside: "Mapping[str, Any] | None" = None) -> None:
    """Show what came of a run, and exit accordingly; a machine reads what is ``beside`` it, too."""
    from framework.console.run_summary import show_run
    from framework.console.streams import stdout

    if output is Output.JSON:
        typer.echo(json.dumps({**done.as_dict(), **(beside or {})}))
    else:
        show_run(stdout(), done)
    if not done.succeeded:
        raise typer.Exit(130 if done.result == "CANCELED" else 1)
