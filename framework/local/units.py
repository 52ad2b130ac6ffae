"""What the scheduler starts: tasks, and single iterations of loops."""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from framework.core.job_run import TaskOutcome
from framework.local.protocol import AttemptSpec
from framework.records.run_values import StoredAttempt


@dataclass(frozen=True)
class Unit:
    """A task, or one iteration (from 0) of a loop."""

    task_key: str
    iteration: int | None = None

    def __str__(self) -> str:
        return self.task_key if self.iteration is None else f"{self.task_key}[{self.iteration}]"


@dataclass(frozen=True)
class Start:
    """An attempt to be made. ``attempt`` counts all of the unit's, ``tries`` those since the run began or was repaired.

    ``task_run_id`` is given when it is an attempt that was lost and is made again.
    """

    unit: Unit
    attempt: int = 1
    tries: int = 1
    task_run_id: str = ""


@dataclass(frozen=True)
class Running:
    """An attempt under way: a process of the engine, or the run of another job. Times are the scheduler's seconds.

    ``row`` is the attempt as the run store has it.
    """

    start: Start
    row: StoredAttempt
    began: float
    deadline: float
    process: AttemptSpec | None = None

    @property
    def child_run_id(self) -> int | None:
        """The run of another job, when the attempt is one."""
        return self.row.child_run_id


@dataclass(frozen=True)
class ChildRun:
    """The run of another job, to be begun, or to go on as ``child_run_id``."""

    job_id: int
    parameters: dict[str, str]
    child_run_id: int | None = None


@dataclass
class StartQueue:
    """Attempts that may start when there is a place for them, those that wait for their retry interval first."""

    _ready: deque[Start] = field(default_factory=deque)
    _later: list[tuple[float, int, Start]] = field(default_factory=list)
    _pushed: int = 0

    def add(self, start: Start) -> None:
        """Start it as soon as possible."""
        self._ready.append(start)

    def add_later(self, start: Start, at: float) -> None:
        """Start it at ``at`` or after that."""
        self._pushed += 1
        heapq.heappush(self._later, (at, self._pushed, start))

    def due(self, now: float) -> Start | None:
        """Take out the next one that may start."""
        if self._later and self._later[0][0] <= now:
            return heapq.heappop(self._later)[2]
        return self._ready.popleft() if self._ready else None

    def put_back(self, start: Start) -> None:
        """It could not start after all."""
        self._ready.appendleft(start)

    def next_moment(self, now: float) -> float:
        """When the next one is due that is not due yet; one that is waits for a place, which is no moment."""
        return min((at for at, _, _ in self._later if at > now), default=float("inf"))

    def drop(self, task_key: str) -> list[Start]:
        """Take out all of a task."""
        dropped = [start for start in (*self._ready, *(later[2] for later in self._later)) if _is_of(start, task_key)]
        self._ready = deque(start for start in self._ready if not _is_of(start, task_key))
        self._later = [later for later in self._later if not _is_of(later[2], task_key)]
        heapq.heapify(self._later)
        return dropped

    def clear(self) -> None:
        """Give up all of them."""
        self._ready.clear()
        self._later.clear()


def _is_of(start: Start, task_key: str) -> bool:
    return start.unit.task_key == task_key


@dataclass
class Loop:
    """One try of a ``for_each_task``: ``inputs`` by iteration, and what has come of them so far.

    ``deadline`` is when its time limit is reached; ``overdue`` that it was, and no further iteration begins.
    """

    start: Start
    inputs: list[object]
    concurrency: int
    began: float
    deadline: float = float("inf")
    outcomes: dict[int, TaskOutcome] = field(default_factory=dict)
    active: int = 0
    overdue: bool = False
    _next: int = 0

    def next_iterations(self) -> Iterator[int]:
        """The iterations that may begin now."""
        while self.active < self.concurrency and self._next < len(self.inputs) and not self.overdue:
            iteration, self._next = self._next, self._next + 1
            if iteration not in self.outcomes:
                self.active += 1
                yield iteration

    def finish(self, iteration: int, outcome: TaskOutcome) -> None:
        """An iteration is decided."""
        self.active -= 1
        self.outcomes[iteration] = outcome

    @property
    def done(self) -> bool:
        """Whether nothing more comes of it."""
        return not self.active and (self.overdue or len(self.outcomes) == len(self.inputs))

    def in_order(self) -> tuple[TaskOutcome, ...]:
        """The outcomes by iteration."""
        return tuple(self.outcomes[i] for i in sorted(self.outcomes))
