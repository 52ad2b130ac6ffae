"""A run while it is under way: a live table in a terminal, plain lines everywhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.text import Text

from framework.console.results import seconds
from framework.console.run_board import RunBoard
from framework.core.events import AttemptStarted, Event, Listener, Note, RunStarted, TaskEnded


@contextmanager
def run_progress(console: Console) -> Iterator[Listener]:
    """A listener that shows the events of one run on ``console`` until the block ends."""
    # Not console.is_terminal: FORCE_COLOR makes that true of a pipe, where cursor codes are noise.
    if not console.file.isatty():
        yield _PlainLines(console)
        return
    board = RunBoard()
    with Live(board, console=console, refresh_per_second=8, transient=True) as live:
        yield _LiveTable(live, board)


@dataclass
class _PlainLines:
    """A line per event; those of a run that another one started stand two blanks further in."""

    console: Console
    _depths: dict[int, int] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        match event:
            case Note(message, warning):
                self._say(0, f"{'WARNING: ' if warning else ''}{message}")
            case RunStarted(job_run_id, pipeline, target, tasks, parent):
                depth = 0 if parent is None else self._depths.get(parent, 0) + 1
                self._depths[job_run_id] = depth
                self._say(depth, f"{pipeline} on {target}: run {job_run_id}, {len(tasks)} tasks")
            case AttemptStarted(attempt=attempt):
                again = f", attempt {attempt}" if attempt > 1 else ""
                self._say_of(event, f"started{again}")
            case TaskEnded(_, result, duration_s, headline):
                end = f"{result} in {seconds(duration_s)}"
                self._say_of(event, f"{end}: {headline}" if headline else end)

    def _say_of(self, event: AttemptStarted | TaskEnded, what: str) -> None:
        name = event.task_key if event.iteration is None else f"{event.task_key}[{event.iteration}]"
        self._say(self._depths.get(event.job_run_id, 0) + 1, f"{name}: {what}")

    def _say(self, depth: int, line: str) -> None:
        self.console.print("  " * depth + line, markup=False)


@dataclass
class _LiveTable:
    live: Live
    board: RunBoard

    def __call__(self, event: Event) -> None:
        match event:
            case Note(message, warning):
                self.board.doing = message
                style = "yellow" if warning else "dim"
                self.live.console.print(Text(message, style=style))
            case RunStarted():
                self.board.run_started(event)
            case AttemptStarted():
                self.board.attempt_started(event)
            case TaskEnded():
                self.board.task_ended(event)
