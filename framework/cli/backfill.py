"""``framework backfill``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli import options
from framework.cli.errors import reporting_errors
from framework.cli.options import Output, pairs
from framework.core.errors import UsageError

if TYPE_CHECKING:
    import datetime


@reporting_errors
def backfill(  # noqa: PLR0917 - typer makes an option of each
    pipeline: Annotated[str, typer.Argument(help="The pipeline.")],
    first: Annotated[str, typer.Option("--from", help="The first logical date: 2024-03-01.")],
    last: Annotated[str, typer.Option("--to", help="The last logical date, itself included.")],
    every: Annotated[str, typer.Option("--every", help="The step: 1d, 1w or 1m (a month).")],
    project: Annotated[str | None, typer.Option("--project", help="The project, when there are several.")] = None,
    target: options.Target = None,
    params: options.Params = None,
    var: options.Var = None,
    jobs: options.Jobs = None,
    output: options.OutputOption = Output.TEXT,
) -> None:
    """Run a pipeline once for each date of the past; started again, it goes on where it was.

    As many runs at a time as the pipeline's max_concurrent_runs says. No run moves the alias of a model.
    """
    from framework import phases
    from framework.console.backfill_summary import show_backfill
    from framework.console.run_progress import run_progress
    from framework.console.streams import stderr, stdout
    from framework.local.requests import MAX_PARALLEL

    selection = phases.Selection(
        directory=Path.cwd(),
        project=project,
        pipeline=pipeline,
        target=target or "local",
        parameters=pairs("--params", params),
        variables=pairs("--var", var),
    )
    dates = _dates(first, last, every)
    with run_progress(stderr()) as listener:
        done = phases.backfill_locally(selection, dates, jobs or MAX_PARALLEL, listener)
    if output is Output.JSON:
        typer.echo(json.dumps([each.as_dict() for each in done]))
    else:
        show_backfill(stdout(), dates, done)
    if not all(each.succeeded for each in done):
        raise typer.Exit(130 if any(each.result == "CANCELED" for each in done) else 1)


def _dates(first: str, last: str, every: str) -> "list[datetime.date]":
    from framework.core.logical_dates import logical_dates

    try:
        return logical_dates(first, last, every)
    except ValueError as error:
        raise UsageError(str(error), "For example: --from 2024-01-01 --to 2024-03-01 --every 1w") from None
