"""A run while it is under way: a live table in a terminal, plain lines everywhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from framework.console.log_tail import first_line
from framework.console.results import seconds, several
from framework.console.run_tree import Row, RunTree, until
from framework.core.events import (
    AttemptStarted,
    Event,
    Listener,
    LoopOpened,
    Note,
    RetryWaiting,
    RunStarted,
    TaskEnded,
    TaskEvent,
)

if TYPE_CHECKING:
    from rich.live import Live

    from framework.console.run_board import RunBoard


@contextmanager
def run_progress(console: Console) -> Iterator[Listener]:
    """A listener that shows the events of one run on ``console`` until the block ends."""
    # Not console.is_terminal: FORCE_COLOR makes that true of a pipe, where cursor codes are noise.
    if not console.file.isatty():
        yield _PlainLines(console)
        return
    # Only here: what a terminal needs takes time to import.
    from rich.live import Live

    from framework.console.run_board import RunBoard

    board = RunBoard()
    with Live(board, console=console, refresh_per_second=8, transient=True) as live:
        yield _LiveTable(live, board)


@dataclass
class _PlainLines:
    """A line per event; those of a run that another one started stand two blanks further in."""

    console: Console
    tree: RunTree = field(default_factory=RunTree)

    def __call__(self, event: Event) -> None:
        match event:
            case Note(message, warning):
                self._say(0, f"{'WARNING: ' if warning else ''}{message.removeprefix('Warning: ')}")
            case RunStarted(job_run_id, pipeline, target, tasks):
                done = f", {len(event.decided)} done before" if event.decided else ""
                depth = self.tree.begin(event).depth
                self._say(depth, f"{pipeline} on {target}: run {job_run_id}, {several(len(tasks), 'task')}{done}")
            case _:
                what = _what(event, self.tree.take(event))
                self._say(self.tree.run(event).depth + 1, f"{self.tree.name(event)}: {what}")

    def _say(self, depth: int, line: str) -> None:
        self.console.print("  " * depth + line, markup=False)


def _what(event: TaskEvent, row: Row) -> str:
    match event:
        case LoopOpened(total=total, done=done):
            return several(total, "iteration") + (f", {done} done before" if done else "") + _again(event.attempt)
        case AttemptStarted():
            return f"started{_again(event.attempt)}"
        case RetryWaiting(attempt=attempt, in_s=in_s):
            what = f"{event.result}, waiting for retry: attempt {attempt} starts {until(in_s)}"
        case TaskEnded(result=result, duration_s=duration_s):
            what = f"{result} in {seconds(duration_s)}" if duration_s else result
            what += f" ({row.loop.counted()})" if event.iteration is not None and row.loop.total else ""
    headline = first_line(event.headline)
    return f"{what}: {headline}" if headline else what


def _again(attempt: int) -> str:
    return f", attempt {attempt}" if attempt > 1 else ""


@dataclass
class _LiveTable:
    live: "Live"
    board: "RunBoard"

    def __call__(self, event: Event) -> None:
        match event:
            case Note(message, warning):
                self.board.doing = message
                style = "yellow" if warning else "dim"
                self.live.console.print(Text(message, style=style))
            case RunStarted():
                self.board.begin(event)
            case _:
                self.board.tree.take(event)
