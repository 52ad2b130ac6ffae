"""Executes a compiled job's tasks on the engine: order, retries, time limits, results, by the Jobs service's rules."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from framework.core.events import AttemptStarted, Listener, TaskEnded
from framework.core.graph import topological_order
from framework.core.job_run import JobResult, TaskOutcome, TaskResult
from framework.local.engine import Engine
from framework.local.outcomes import outcome_of, skipped
from framework.local.protocol import AttemptEnded, AttemptSpec
from framework.local.rules import decide, job_result

if TYPE_CHECKING:
    from databricks.bundles.jobs import Job

Clock = Callable[[], float]
MakeAttempt = Callable[[Any, str, int, dict[str, TaskResult]], AttemptSpec]
"""(task, task_run_id, attempt, results so far) → the process to start."""


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
    engine: Engine
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
    _attempts_made: int = 0
    _stopped: Literal["", "CANCELED", "TIMEDOUT"] = ""

    def __post_init__(self) -> None:
        self._tasks: dict[str, Any] = {str(task.task_key): task for task in self.job.tasks}  # type: ignore[union-attr]
        self.upstream = {key: [d.task_key for d in task.depends_on] for key, task in self._tasks.items()}
        self.order = topological_order(self.upstream)
        limit: Any = self.job.timeout_seconds
        self._deadline = self.clock() + limit if limit else float("inf")

    def execute(self) -> tuple[JobResult, tuple[TaskOutcome, ...]]:
        """Run to the end, also after ``stop``; the outcomes are in topological order."""
        while len(self._outcomes) < len(self._tasks):
            self._settle()
            self._start_what_can_start()
            if self._running or self._waiting:
                for ended in self.engine.wait(self._seconds_to_next_moment()):
                    self._end(ended)
                self._enforce_time_limits()
        leaves = set(self._tasks) - {up for ups in self.upstream.values() for up in ups}
        outcomes = tuple(self._outcomes[key] for key in self.order)
        if self._stopped == "TIMEDOUT":
            return "TIMEDOUT", outcomes
        return job_result(self._results(), leaves, canceled=self._stopped == "CANCELED"), outcomes

    def stop(self, reason: Literal["CANCELED", "TIMEDOUT"] = "CANCELED") -> None:
        """Start nothing more and kill what runs; ``execute`` then comes to its end."""
        self._stopped = self._stopped or reason
        self._waiting.clear()
        for attempt_id in self._running:
            self.engine.cancel(attempt_id)

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
        spec = self.make_attempt(self._tasks[key], task_run_id, attempt, self._results())
        now = self.clock()
        limit = self._tasks[key].timeout_seconds
        self._first_start.setdefault(key, now)
        self._running[task_run_id] = _Running(key, attempt, spec, now, now + limit if limit else float("inf"))
        self.engine.start(spec)
        self.listener(AttemptStarted(key, attempt, str(spec.directory)))

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
            timed_out=ended.attempt_id in self._timed_out or self._stopped == "TIMEDOUT",
        )
        if self._retries(outcome, running):
            interval = (self._tasks[key].min_retry_interval_millis or 0) / 1000
            self._waiting[key] = (running.started + interval, running.attempt + 1)
        else:
            self._finish(outcome)

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
            self.stop("TIMEDOUT")
        for attempt_id, running in self._running.items():
            if now >= running.deadline and attempt_id not in self._timed_out:
                self._timed_out.add(attempt_id)
                self.engine.cancel(attempt_id)

    def _seconds_to_next_moment(self) -> float | None:
        pending = {a: r.deadline for a, r in self._running.items() if a not in self._timed_out}
        moments = [*pending.values(), *(at for at, _ in self._waiting.values()), self._deadline]
        soonest = min(moments)
        return None if soonest == float("inf") else max(0.0, soonest - self.clock())
