"""The live table of a run: its tasks, those of the runs that they started, and what each one says right now."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderResult
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from framework.console.log_tail import LogTail, one_line
from framework.console.results import seconds, styled
from framework.core.events import AttemptStarted, RunStarted, TaskEnded
from framework.core.job_run import FAILED

_MARGIN = 3
"""Lines of the terminal that are left to the title, to what is not shown, and to the cursor."""
_UNDER_WAY = ("running", "retrying")


@dataclass
class _Row:
    """A task. Of a loop, ``active`` are the iterations that run, and ``ended`` those that are decided."""

    state: str = "waiting"
    attempt: int = 1
    started: float = 0.0
    duration: float | None = None
    headline: str = ""
    tail: LogTail | None = None
    active: set[int] = field(default_factory=set)
    ended: int = 0
    children: list["_Run"] = field(default_factory=list)

    @property
    def rank(self) -> int:
        """What must be seen comes first."""
        if self.state in _UNDER_WAY:
            return 0
        return 1 if self.state in FAILED else 2 if self.state == "waiting" else 3

    def says(self) -> str:
        """What it came to, or its last words so far."""
        if self.state not in _UNDER_WAY:
            return one_line(self.headline)
        said = self.tail.line() if self.tail else ""
        if not self.active and not self.ended:
            return said or ", ".join(f"run {child.number} of {child.pipeline}" for child in self.children[-1:])
        return f"{self.ended} done, {len(self.active)} running" + (f": {said}" if said else "")


@dataclass
class _Run:
    number: int
    pipeline: str
    rows: dict[str, _Row]


@dataclass
class RunBoard:
    """The table's content; rich asks for it anew at every refresh, so running times go on."""

    title: str = ""
    doing: str = ""
    _runs: dict[int, _Run] = field(default_factory=dict)
    _roots: list[_Run] = field(default_factory=list)
    _new_children: dict[int, list[_Run]] = field(default_factory=dict)
    _spinner: Spinner = field(default_factory=lambda: Spinner("dots"))

    def run_started(self, event: RunStarted) -> None:
        """A run has its tasks shown; that of another run below the task whose attempt is told of next."""
        run = _Run(event.job_run_id, event.pipeline, {key: _Row() for key in event.tasks})
        self._runs[run.number] = run
        if event.parent_run_id in self._runs:
            self._new_children.setdefault(event.parent_run_id, []).append(run)
            return
        self._roots.append(run)
        self.title = self.title or f"{event.pipeline} on {event.target}, run {event.job_run_id}"

    def attempt_started(self, event: AttemptStarted) -> None:
        """A task, or one iteration, runs."""
        row = self._row(event)
        row.children += self._new_children.pop(event.job_run_id, [])
        row.started = row.started or time.monotonic()
        row.attempt = max(row.attempt, event.attempt) if event.iteration is None else 1
        row.state = "retrying" if row.attempt > 1 else "running"
        row.tail = LogTail(Path(event.log)) if event.log else None
        if event.iteration is not None:
            row.active.add(event.iteration)

    def task_ended(self, event: TaskEnded) -> None:
        """A task, or one iteration, is decided."""
        row = self._row(event)
        if event.iteration is not None:
            row.active.discard(event.iteration)
            row.ended += 1
            return
        row.state, row.duration, row.headline = event.result, event.duration_s, event.headline

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.title:
            yield Text(self.title, style="italic", no_wrap=True, overflow="ellipsis")
        rows = list(self._in_order(self._roots, 0))
        if not rows:
            self._spinner.update(text=self.doing)
            yield self._spinner
            return
        room = max(1, options.size.height - _MARGIN)
        first = sorted(range(len(rows)), key=lambda index: rows[index][2].rank)[:room]
        yield self._table([rows[index] for index in sorted(first)], options.max_width, console.get_time())
        if len(rows) > room:
            yield Text(f"… and {len(rows) - room} more", style="dim")

    def _row(self, event: AttemptStarted | TaskEnded) -> _Row:
        run = self._runs.get(event.job_run_id, self._roots[0])
        return run.rows.setdefault(event.task_key, _Row())

    def _in_order(self, runs: list[_Run], depth: int) -> Iterator[tuple[int, str, _Row]]:
        # Copies, for events come while another thread draws.
        for run in list(runs):
            for key, row in list(run.rows.items()):
                yield depth, key, row
                yield from self._in_order(row.children, depth + 1)

    def _table(self, rows: list[tuple[int, str, _Row]], width: int, now: float) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, expand=True)
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(12, width * 2 // 5))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for depth, key, row in rows:
            elapsed = time.monotonic() - row.started if row.state in _UNDER_WAY else row.duration
            clock = Text(seconds(elapsed) if elapsed is not None and row.started else "")
            table.add_row(Text("  " * depth + key), self._state(row, now), clock, Text(row.says()))
        return table

    def _state(self, row: _Row, now: float) -> Text:
        again = f", attempt {row.attempt}" if row.attempt > 1 else ""
        if row.state not in _UNDER_WAY:
            return Text.assemble(styled(row.state), again)
        frame = self._spinner.render(now)
        return Text.assemble(frame if isinstance(frame, Text) else "", " ", styled(row.state), again)
