"""A run while it is under way: a live table in a terminal, plain lines everywhere else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from framework.console.results import seconds, styled
from framework.core.events import AttemptStarted, Event, Listener, Note, RunStarted, TaskEnded


@contextmanager
def run_progress(console: Console) -> Iterator[Listener]:
    """A listener that shows the events of one run on ``console`` until the block ends."""
    # Not console.is_terminal: FORCE_COLOR makes that true of a pipe, where cursor codes are noise.
    if not console.file.isatty():
        yield _PlainLines(console)
        return
    board = _Board()
    with Live(board, console=console, refresh_per_second=8, transient=True) as live:
        yield _LiveTable(live, board)


@dataclass
class _PlainLines:
    console: Console

    def __call__(self, event: Event) -> None:
        match event:
            case Note(message, warning):
                self.console.print(f"{'WARNING: ' if warning else ''}{message}", markup=False)
            case RunStarted(job_run_id, pipeline, target, tasks):
                self.console.print(f"{pipeline} on {target}: run {job_run_id}, {len(tasks)} tasks", markup=False)
            case AttemptStarted(task_key, attempt):
                again = f", attempt {attempt}" if attempt > 1 else ""
                self.console.print(f"  {task_key}: started{again}", markup=False)
            case TaskEnded(task_key, result, duration_s, headline):
                end = f"  {task_key}: {result} in {seconds(duration_s)}"
                self.console.print(f"{end}: {headline}" if headline else end, markup=False)


@dataclass
class _Row:
    state: str = "waiting"
    attempt: int = 1
    started: float = 0.0
    duration: float | None = None
    headline: str = ""


@dataclass
class _Board:
    """The table's content; rich asks for it anew at every refresh, so running times go on."""

    title: str = ""
    doing: str = ""
    rows: dict[str, _Row] = field(default_factory=dict)
    _spinner: Spinner = field(default_factory=lambda: Spinner("dots"))

    def __rich__(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), title=self.title or None, title_justify="left", show_header=False)
        for key, row in self.rows.items():
            running = row.state == "running"
            mark = self._spinner if running else styled(row.state)
            elapsed = time.monotonic() - row.started if running else row.duration
            again = f" (attempt {row.attempt})" if row.attempt > 1 else ""
            clock = seconds(elapsed) if elapsed is not None else ""
            table.add_row(Text(key + again), mark, Text(clock), Text(row.headline, overflow="ellipsis", no_wrap=True))
        if not self.rows:
            self._spinner.update(text=self.doing)
            table.add_row(self._spinner)
        return table


@dataclass
class _LiveTable:
    live: Live
    board: _Board

    def __call__(self, event: Event) -> None:
        rows = self.board.rows
        match event:
            case Note(message, warning):
                self.board.doing = message
                style = "yellow" if warning else "dim"
                self.live.console.print(Text(message, style=style))
            case RunStarted(job_run_id, pipeline, target, tasks):
                self.board.title = f"{pipeline} on {target}, run {job_run_id}"
                rows.update({key: _Row() for key in tasks})
            case AttemptStarted(task_key, attempt):
                first = rows[task_key].started or time.monotonic()
                rows[task_key] = _Row("running", attempt, first)
            case TaskEnded(task_key, result, duration_s, headline):
                rows[task_key] = _Row(result, rows[task_key].attempt, 0.0, duration_s, headline)
