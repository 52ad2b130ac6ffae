"""A backfill: one line for each date."""

import datetime
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from framework.console.results import seconds, styled
from framework.core.job_run import JobRun


def show_backfill(console: Console, dates: Sequence[datetime.date], runs: Sequence[JobRun]) -> None:
    """What came of each date, and what to do about those that failed."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold")
    for column in ("date", "result", "time", "run", ""):
        table.add_column(column, overflow="fold")
    for date, run in zip(dates, runs, strict=True):
        error = next((task.error.message for task in run.tasks if task.error), "")
        table.add_row(date.isoformat(), styled(run.result), seconds(run.duration_s), str(run.job_run_id), Text(error))
    console.print(table)
    if failed := sum(not run.succeeded for run in runs):
        console.print(f"{failed} of {len(runs)} did not succeed: the same command again runs what failed in them.")
