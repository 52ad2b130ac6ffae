"""Executes a compiled job's tasks on the engine: order, retries, time limits, results, by the Jobs service's rules."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from framework.core.errors import LocalEngineError
from framework.core.events import AttemptStarted, Listener, Note, TaskEnded
from framework.core.graph import topological_order
from framework.core.job_run import JobResult, TaskOutcome, TaskResult
from framework.local.outcomes import engine_died, outcome_of, skipped
from framework.local.protocol import AttemptEnded, AttemptSpec
from framework.local.rules import decide, job_result

if TYPE_CHECKING:
    from databricks.bundles.jobs import Job

Clock = Callable[[], float]
_LONGEST_WAIT = 0.5
"""Seconds after which an interruption is noticed at the latest."""


@dataclass(frozen=True)
class Progress:
    """How far a run is, for the references of the next attempt: by task key."""

    results: dict[str, TaskResult]
    task_run_ids: dict[str, str]


MakeAttempt = Callable[[Any, str, int, Progress], AttemptSpec]
"""(task, task_run_id, attempt, progress) → the process to start."""


class AttemptRunner(Protocol):
    """The part of the engine that a scheduler uses."""

    def start(self, spec: AttemptSpec) -> None: ...
    def cancel(self, attempt_id: str) -> None: ...
    def wait(self, timeout: float | None) -> list[AttemptEnded]: ...


@dataclass(frozen=True)
class _Running:
    task_key: str
    attempt: int
    spec: AttemptSpec
    started: float
    deadline: float


@dataclass
class Scheduler:
    """One run of one job. ``max_parallel`` limits the attempts at a time; time is in seconds of ``clock``."""

    job: "Job"
    job_run_id: int
    engine: AttemptRunner
    make_attempt: MakeAttempt
    kinds: dict[str, str]
    listener: Listener
    max_parallel: int
    clock: Clock = time.monotonic
    _outcomes: dict[str, TaskOutcome] = field(default_factory=dict)
    _running: dict[str, _Running] = field(default_factory=dict)
    _waiting: dict[str, tuple[float, int]] = field(default_factory=dict)
    _first_start: dict[str, float] = field(default_factory=dict)
    _timed_out: set[str] = field(default_factory=set)
    _task_run_ids: dict[str, str] = field(default_factory=dict)
    _attempts_made: int = 0
    _interrupted: bool = False
    _stopped: Literal["", "CANCELED", "TIMEDOUT"] = ""

    def __post_init__(self) -> None:
        self._tasks: dict[str, Any] = {str(task.task_key): task for task in self.job.tasks}  # type: ignore[union-attr]
        self.upstream = {key: [d.task_key for d in task.depends_on] for key, task in self._tasks.items()}
        self.order = topological_order(self.upstream)
        limit: Any = self.job.timeout_seconds
        self._deadline = self.clock() + limit if limit else float("inf")

    def execute(self) -> tuple[JobResult, tuple[TaskOutcome, ...]]:
        """Run to the end, also after ``interrupt``; the outcomes are in topological order."""
        try:
            self._run_all()
        except LocalEngineError as error:
            self._give_up(error)
            return "FAILED", self._in_order()
        if self._stopped == "TIMEDOUT":
            return "TIMEDOUT", self._in_order()
        leaves = set(self._tasks) - {up for ups in self.upstream.values() for up in ups}
        return job_result(self._results(), leaves, canceled=self._stopped == "CANCELED"), self._in_order()

    def interrupt(self) -> None:
        """Cancel the run; safe in a signal handler, as it only leaves word for ``execute``."""
        self._interrupted = True

    def _run_all(self) -> None:
        while len(self._outcomes) < len(self._tasks):
            if self._interrupted and not self._stopped:
                self.listener(Note("canceling: waiting for the running tasks to stop", warning=True))
                self._stop("CANCELED")
            self._settle()
            self._start_what_can_start()
            if self._running or self._waiting:
                for ended in self.engine.wait(self._seconds_to_next_moment()):
                    self._end(ended)
                self._enforce_time_limits()

    def _stop(self, reason: Literal["CANCELED", "TIMEDOUT"]) -> None:
        """Start nothing more and kill what runs."""
        self._stopped = reason
        self._waiting.clear()
        for attempt_id in self._running:
            self.engine.cancel(attempt_id)

    def _give_up(self, error: LocalEngineError) -> None:
        """The engine is gone, and with it everything that ran: what is known so far must not be lost with it."""
        running = {r.task_key: r for r in self._running.values()}
        for key in self.order:
            if key in self._outcomes:
                continue
            if key in running:
                died = engine_died(
                    error,
                    running[key].spec,
                    task_key=key,
                    kind=self.kinds[key],
                    attempt=running[key].attempt,
                    duration_s=self.clock() - self._first_start[key],
                )
                self._finish(died)
            else:
                self._finish(skipped(key, self.kinds[key], "CANCELED"))

    def _in_order(self) -> tuple[TaskOutcome, ...]:
        return tuple(self._outcomes[key] for key in self.order)

    def _results(self) -> dict[str, TaskResult]:
        return {key: outcome.result for key, outcome in self._outcomes.items()}

    def _settle(self) -> None:
        """Decide every task that will not run; in topological order, so that one pass is enough."""
        for key in self.order:
            if key in self._first_start or key in self._outcomes:
                continue
            if self._stopped:
                self._finish(skipped(key, self.kinds[key], "CANCELED"))
            elif all(up in self._outcomes for up in self.upstream[key]):
                decision = self._decision(key)
                if decision != "RUN":
                    self._finish(skipped(key, self.kinds[key], decision))
        for key in set(self._first_start) - set(self._outcomes) - {r.task_key for r in self._running.values()}:
            if self._stopped and key not in self._waiting:
                self._finish(skipped(key, self.kinds[key], "CANCELED"))

    def _decision(self, key: str) -> Any:
        run_if = self._tasks[key].run_if
        return decide(run_if.value if run_if else "ALL_SUCCESS", [self._outcomes[u].result for u in self.upstream[key]])

    def _start_what_can_start(self) -> None:
        for key, attempt in self._ready():
            if len(self._running) >= self.max_parallel:
                return
            self._waiting.pop(key, None)
            self._start(key, attempt)

    def _ready(self) -> Iterator[tuple[str, int]]:
        now = self.clock()
        yield from [(key, attempt) for key, (at, attempt) in self._waiting.items() if at <= now]
        if not self._stopped:
            for key in self.order:
                new = key not in self._first_start and key not in self._outcomes
                if new and all(up in self._outcomes for up in self.upstream[key]):
                    yield key, 1

    def _start(self, key: str, attempt: int) -> None:
        self._attempts_made += 1
        task_run_id = f"{self.job_run_id}{self._attempts_made:04d}"
        progress = Progress(self._results(), self._task_run_ids)
        spec = self.make_attempt(self._tasks[key], task_run_id, attempt, progress)
        self._task_run_ids[key] = task_run_id
        now = self.clock()
        limit = self._tasks[key].timeout_seconds
        self._first_start.setdefault(key, now)
        self._running[task_run_id] = _Running(key, attempt, spec, now, now + limit if limit else float("inf"))
        self.engine.start(spec)
        self.listener(AttemptStarted(key, attempt))

    def _end(self, ended: AttemptEnded) -> None:
        running = self._running.pop(ended.attempt_id)
        key = running.task_key
        outcome = outcome_of(
            ended,
            running.spec,
            task_key=key,
            kind=self.kinds[key],
            attempt=running.attempt,
            duration_s=self.clock() - self._first_start[key],
            limit=self._limit_of(ended.attempt_id),
        )
        if self._retries(outcome, running):
            interval = (self._tasks[key].min_retry_interval_millis or 0) / 1000
            self._waiting[key] = (running.started + interval, running.attempt + 1)
        else:
            self._finish(outcome)

    def _limit_of(self, attempt_id: str) -> Literal["", "task", "job"]:
        """Whose time limit ended the attempt, if one did."""
        if attempt_id in self._timed_out:
            return "task"
        return "job" if self._stopped == "TIMEDOUT" else ""

    def _retries(self, outcome: TaskOutcome, running: _Running) -> bool:
        task = self._tasks[running.task_key]
        retryable = {"FAILED", "INTERNAL_ERROR"} | ({"TIMEDOUT"} if task.retry_on_timeout else set())
        left = (task.max_retries or 0) == -1 or running.attempt <= (task.max_retries or 0)
        return not self._stopped and outcome.result in retryable and left

    def _finish(self, outcome: TaskOutcome) -> None:
        self._outcomes[outcome.task_key] = outcome
        self.listener(TaskEnded(outcome.task_key, outcome.result, outcome.duration_s, outcome.headline))

    def _enforce_time_limits(self) -> None:
        now = self.clock()
        if now >= self._deadline and not self._stopped:
            self._stop("TIMEDOUT")
        for attempt_id, running in self._running.items():
            if now >= running.deadline and attempt_id not in self._timed_out:
                self._timed_out.add(attempt_id)
                self.engine.cancel(attempt_id)

    def _seconds_to_next_moment(self) -> float:
        now = self.clock()
        limits = [r.deadline for attempt_id, r in self._running.items() if attempt_id not in self._timed_out]
        # A retry that is due waits for a free place, which is no moment to wake up at.
        retries = [at for at, _ in self._waiting.values() if at > now]
        job = [] if self._stopped else [self._deadline]
        return max(0.0, min([*limits, *retries, *job, now + _LONGEST_WAIT]) - now)
