"""What the events of runs add up to: each run's tasks, and below a task the runs that it started."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from framework.console.log_tail import LogTail, first_line
from framework.console.results import seconds
from framework.core.events import AttemptStarted, LoopOpened, RetryWaiting, RunStarted, TaskEnded, TaskEvent
from framework.core.job_run import FAILED

_UNDER_WAY = ("running", "retrying", "waiting for retry")


@dataclass
class LoopCount:
    """The iterations of a loop; no ``total`` means that the task is none. Moments are those of the tree's clock."""

    total: int = 0
    done: int = 0
    failed: int = 0
    running: dict[int, tuple[str, LogTail | None]] = field(default_factory=dict)
    retries: dict[int, float] = field(default_factory=dict)

    def counted(self, now: float | None = None) -> str:
        """``3/10 done, 2 running, 1 failed, 1 to retry``, and when the first of these starts, if ``now`` is told."""
        words = [f"{self.done}/{self.total} done"]
        words += [f"{len(self.running)} running"] if self.running else []
        words += [f"{self.failed} failed"] if self.failed else []
        if retries := list(self.retries.values()):
            words.append(f"{len(retries)} to retry" + ("" if now is None else f" {until(min(retries) - now)}"))
        return ", ".join(words)

    def says(self) -> str:
        """The last words of the iteration that started last."""
        name, tail = next(reversed(list(self.running.values())), ("", None))
        said = tail.line() if tail else ""
        return f"{name}: {said}" if said else ""


@dataclass
class Row:
    """A task so far. Moments are those of the tree's clock."""

    state: str = "waiting"
    attempt: int = 1
    started: float | None = None
    retry_at: float = 0.0
    duration: float | None = None
    headline: str = ""
    tail: LogTail | None = None
    loop: LoopCount = field(default_factory=LoopCount)
    children: "list[RunRows]" = field(default_factory=list)

    @property
    def under_way(self) -> bool:
        """Whether it has begun and is not decided."""
        return self.state in _UNDER_WAY

    @property
    def rank(self) -> int:
        """What must be seen comes first: what is under way, then what failed by itself."""
        if self.under_way:
            return 0
        if self.state in FAILED and not self.state.startswith("UPSTREAM"):
            return 1
        return 2 if self.state == "waiting" else 3

    def clock(self, now: float) -> str:
        """How long it has taken, or when it is tried again."""
        if self.started is None:
            return ""
        if self.state == "waiting for retry":
            return until(self.retry_at - now)
        return seconds(now - self.started if self.duration is None else self.duration)

    def says(self, now: float) -> str:
        """What it came to, or its last words so far."""
        again = f"attempt {self.attempt}" if self.attempt > 1 else ""
        if self.loop.total and self.under_way:
            said = ": ".join(filter(None, (self.loop.counted(now), self.loop.says())))
        elif self.state in ("running", "retrying"):
            said = (self.tail.line() if self.tail else "") or ", ".join(f"run {c.number}" for c in self.children[-1:])
        else:
            said = self.headline
        return ": ".join(filter(None, (again, said)))


@dataclass
class RunRows:
    """A run and its tasks, in topological order. ``siblings`` are all runs that the same run started."""

    number: int
    depth: int
    rows: dict[str, Row]
    siblings: "list[RunRows]"


@dataclass
class RunTree:
    """All runs that one command follows. ``clock`` is in seconds."""

    clock: Callable[[], float] = time.monotonic
    roots: list[RunRows] = field(default_factory=list)
    _runs: dict[int, RunRows] = field(default_factory=dict)
    _new_children: dict[int, list[RunRows]] = field(default_factory=dict)
    _siblings: dict[int | None, list[RunRows]] = field(default_factory=dict)

    def begin(self, event: RunStarted) -> RunRows:
        """A run has its tasks; that of another run stands below the task whose attempt is told of next."""
        parent = self._runs.get(event.parent_run_id or 0)
        rows = {key: Row(event.decided.get(key, "waiting")) for key in event.tasks}
        siblings = self._siblings.setdefault(parent.number if parent else None, [])
        run = RunRows(event.job_run_id, parent.depth + 1 if parent else 0, rows, siblings)
        siblings.append(run)
        self._runs[run.number] = run
        (self._new_children.setdefault(parent.number, []) if parent else self.roots).append(run)
        return run

    def take(self, event: TaskEvent) -> Row:
        """What happened to a task is in its row."""
        row = self.run(event).rows.setdefault(event.task_key, Row())
        match event:
            case LoopOpened():
                row.loop = LoopCount(event.total, event.done)
                self._running(row, event.attempt)
            case AttemptStarted():
                row.children += self._new_children.pop(event.job_run_id, [])
                self._started(row, event)
            case RetryWaiting(iteration=None):
                row.state, row.attempt, row.headline = "waiting for retry", event.attempt, first_line(event.headline)
                row.retry_at = self.clock() + event.in_s
            case RetryWaiting(iteration=int(iteration)):
                row.loop.running.pop(iteration, None)
                row.loop.retries[iteration] = self.clock() + event.in_s
            case TaskEnded():
                self._ended(row, event)
        return row

    def run(self, event: TaskEvent) -> RunRows:
        """The run that the event belongs to; the first one, when it does not say."""
        return self._runs.get(event.job_run_id) or self.roots[0]

    def name(self, event: TaskEvent) -> str:
        """The task or iteration, with the number of its run when that is one of several."""
        run, iteration = self.run(event), None if isinstance(event, LoopOpened) else event.iteration
        key = event.task_key if iteration is None else f"{event.task_key}[{iteration}]"
        return f"{run.number} {key}" if len(run.siblings) > 1 else key

    def in_order(self) -> Iterator[tuple[int, str, Row]]:
        """Depth, name and row of every task. The number of its run is in the name where several stand side by side."""
        yield from _in_order(self.roots)

    def _running(self, row: Row, attempt: int) -> None:
        row.started = self.clock() if row.started is None else row.started
        row.state, row.attempt = "retrying" if attempt > 1 else "running", attempt

    def _started(self, row: Row, event: AttemptStarted) -> None:
        tail = LogTail(Path(event.log)) if event.log else None
        if event.iteration is None:
            self._running(row, event.attempt)
            row.tail = tail
            return
        name = f"[{event.iteration}]" + (f" attempt {event.attempt}" if event.attempt > 1 else "")
        row.loop.retries.pop(event.iteration, None)
        row.loop.running[event.iteration] = (name, tail)

    def _ended(self, row: Row, event: TaskEnded) -> None:
        if event.iteration is None:
            row.state, row.duration, row.headline = event.result, event.duration_s, first_line(event.headline)
            return
        row.loop.running.pop(event.iteration, None)
        row.loop.retries.pop(event.iteration, None)
        row.loop.done += 1
        row.loop.failed += event.result in FAILED


def until(remaining: float) -> str:
    """When something starts that starts in so many seconds."""
    return f"in {seconds(remaining)}" if remaining > 0 else "now"


def _in_order(runs: list[RunRows]) -> Iterator[tuple[int, str, Row]]:
    # Copies, for events come while another thread draws.
    several = len(runs) > 1
    for run in list(runs):
        for key, row in list(run.rows.items()):
            yield run.depth, f"{run.number} {key}" if several else key, row
            yield from _in_order(row.children)
