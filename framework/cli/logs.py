"""``framework logs``."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Output, OutputOption, Target
from framework.core.errors import UsageError


@reporting_errors
def logs(  # noqa: PLR0917 - typer makes an option of each
    run: Annotated[str, typer.Argument(help="The number of a run, or 'last'.")],
    task: Annotated[str, typer.Argument(help="A task; of a loop one iteration, as in 'loop[3]'.")],
    attempt: Annotated[int | None, typer.Option("--attempt", min=1, help="Which attempt; default: the last.")] = None,
    only_stdout: Annotated[bool, typer.Option("--stdout", help="Only what it wrote to stdout.")] = False,
    only_stderr: Annotated[bool, typer.Option("--stderr", help="Only what it wrote to stderr.")] = False,
    target: Target = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the attempt has ended.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Print what an attempt of a task wrote, byte by byte; with -o json all that it told, one object a line."""
    from framework.console.log_tail import LogCopy
    from framework.local import stored_runs

    if target not in (None, "local"):
        hint = f"framework trace {run} -e {target} tells their addresses."
        raise UsageError(f"logs of runs on {target} are on their pages in the workspace", hint)
    if output is Output.JSON and (only_stdout or only_stderr):
        raise UsageError("-o json takes neither --stdout nor --stderr", "Each line says in log.logger what it is of.")
    paths = stored_runs.with_runs(Path.cwd())
    wanted = stored_runs.attempt_with_log(paths, run, task, attempt, wait=follow)
    names = [name for name, chosen in (("stdout.log", only_stdout), ("stderr.log", only_stderr)) if chosen]
    names = ["log.jsonl"] if output is Output.JSON else names or ["stdout.log", "stderr.log"]
    files = tuple(Path(wanted.directory) / name for name in names)
    copy = LogCopy(files, sys.stdout.buffer, lambda heading: typer.echo(heading, err=True))
    try:
        if follow:
            copy.follow(lambda: stored_runs.is_under_way(paths, wanted))
        else:
            copy.new()
    except BrokenPipeError:
        # Who reads has seen enough, as head does. Python would write the rest at its exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not copy.found:
        raise UsageError(
            f"there is no log in {wanted.directory}",
            "An attempt that is about to start has none yet: --follow waits for it. Of any other, somebody removed it.",
        )
