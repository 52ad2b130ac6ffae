"""One run of one job: decides its tasks, makes their attempts, and keeps the run store up to date."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from framework.core.errors import LocalEngineError
from framework.core.events import Listener
from framework.core.job_run import JobResult, TaskOutcome
from framework.local import outcomes, task_values
from framework.local.decisions import Decisions
from framework.local.job_graph import JobGraph
from framework.local.outcomes import Limit, Made
from framework.local.past import Past
from framework.local.protocol import AttemptEnded, AttemptSpec
from framework.local.references import RunValues, Unfilled
from framework.local.reports import Reports
from framework.local.rules import retries
from framework.local.task_values import TaskValues
from framework.local.time_limits import NEVER, TimeLimits
from framework.local.units import ChildRun, Running, Start, StartQueue, Unit
from framework.local.work import Work
from framework.records.run_store import RunStore
from framework.records.run_values import StoredAttempt, StoredRun

Clock = Callable[[], float]
Stop = Literal["", "CANCELED", "TIMEDOUT", "SKIPPED", "FAILED"]
LONGEST_IN_QUEUE = 48 * 3600.0
"""Seconds after which the Jobs service skips a run that waits (docs.databricks.com/jobs/advanced)."""


@dataclass(kw_only=True)
class Execution:
    """The state of a run.

    ``limit`` is the job's timeout_seconds (0: none), ``most_at_once`` its max_concurrent_runs, ``queues`` whether a
    run above that waits; ``begin_child`` begins the run of another job; ``past`` is what the run did before it was
    interrupted or repaired.
    """

    run: StoredRun
    graph: JobGraph
    values: RunValues
    work: Work
    store: RunStore
    listener: Listener
    clock: Clock
    task_values: TaskValues
    begin_child: "Callable[[ChildRun, StoredRun], Execution]"
    limit: float = 0.0
    most_at_once: int = 1
    queues: bool = True
    past: Past = field(default_factory=Past)
    state: Literal["QUEUED", "RUNNING", "DONE"] = "QUEUED"
    stopped: Stop = ""
    running: dict[str, Running] = field(default_factory=dict)
    children: "dict[int, Execution]" = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reports = Reports(self.run.job_run_id, self.store, self.listener)
        self.decisions = Decisions(
            graph=self.graph,
            values=self.values,
            past=self.past,
            kind=self.work.kind,
            clock=self.clock,
            report=self.reports.decided,
            number=self._next_task_run_id,
            loop_opened=self.reports.loop_opened,
            loop_ended=lambda loop, outcome: self._decide(loop.start, loop.began, outcome),
        )
        self.starts = StartQueue()
        self.time_limits = TimeLimits(seconds=self.limit, decisions=self.decisions, starts=self.starts)
        self._queued = self.clock()
        self._said_queued = False
        self._first_start: dict[Unit, float] = {}
        self._attempts: dict[Unit, int] = {}
        self._numbered = self.past.numbered(self.run.job_run_id)
        self.past.tell(self.values.known)
        self.task_values.reset(self.values.known.values)

    @property
    def result(self) -> JobResult:
        """The run's result, once it is done."""
        if self.stopped in ("TIMEDOUT", "SKIPPED", "FAILED"):
            return self.stopped
        return self.decisions.progress.result(canceled=self.stopped == "CANCELED")

    # --- being driven

    def admit(self, is_alive: Callable[[int], bool]) -> None:
        """Begin, if fewer runs of the job are under way than may be."""
        if self.most_at_once and self.store.admit(self.run.job_run_id, self.most_at_once, is_alive) == "RUNNING":
            self.state = "RUNNING"
            self.time_limits.begin(self.clock() - self.past.spent(self.run.repairs))
        elif not self.most_at_once or not self.queues or self.clock() >= self._queued + LONGEST_IN_QUEUE:
            self.stop("SKIPPED")
        elif not self._said_queued:
            self._said_queued = True
            self.reports.queued(self.most_at_once)

    def advance(self) -> None:
        """Decide everything that needs no process, and end when that was all."""
        if self.state == "RUNNING" and not self.stopped:
            for unit in self.decisions.to_attempt():
                self._enqueue(unit)
        if self.state != "DONE" and not self.running and (self.stopped or self.decisions.progress.done):
            self._end()

    def needs_process(self, start: Start) -> bool:
        """Whether the attempt is one; a loop is none by itself, nor is the run of another job."""
        task = self.decisions.task(start.unit)
        return not (task.run_job_task or task.for_each_task)

    def start(self, start: Start) -> Running | None:
        """Make an attempt: its process is for the caller to start, its child to drive. None: it has ended already."""
        unit, lost = start.unit, bool(start.task_run_id)
        start = start if lost else replace(start, task_run_id=self._next_task_run_id())
        self._attempts[unit] = start.attempt
        if unit.iteration is None:
            self.values.known.task_run_ids[unit.task_key] = start.task_run_id
        if self.decisions.task(unit).for_each_task:
            self.decisions.open_loop(start)
            return None
        self._first_start.setdefault(unit, self.clock())
        try:
            work = self.work.prepare(self.decisions.task(unit), unit, self.decisions.place(start), self.values)
            running = self._running(start, work)
        except (Unfilled, OSError) as error:
            self.decisions.finish(unit, self.decisions.impossible(start, error))
            return None
        self.running[start.task_run_id] = running
        self.store.note_attempt(running.row)
        self.reports.started(running)
        return None if lost and self._ended_before(running) else running

    def end_attempt(self, ended: AttemptEnded) -> None:
        """A process of ours has ended."""
        running = self.running.pop(ended.attempt_id)
        directory = Path(running.row.directory)
        self._take_over(running.start.unit, directory)
        limit = self._limit_of(ended.attempt_id)
        self._after(running, self.work.known(outcomes.of_process(self._made(running), ended, directory, limit)))

    def end_child(self, child: "Execution") -> None:
        """The run of another job, which a task of ours started, is done."""
        running = next(each for each in self.running.values() if each.child_run_id == child.run.job_run_id)
        del self.running[running.start.task_run_id]
        limit = self._limit_of(running.start.task_run_id)
        made = self._made(running)
        self._after(running, outcomes.of_child(made, child.run.job, child.run.job_run_id, child.result, limit))

    def stop(self, reason: Stop) -> None:
        """Start nothing more; whoever drives this kills what is ``running``."""
        self.stopped = self.stopped or reason
        self.starts.clear()

    def overdue(self, now: float) -> Iterator[Running]:
        """The attempts that have reached a time limit since the last call; all, when it is that of the job."""
        if self.state != "RUNNING" or self.stopped:
            return
        if self.time_limits.job_is_over(now):
            self.stop("TIMEDOUT")
            yield from self.running.values()
        else:
            yield from self.time_limits.overdue(self.running, now)

    def next_moment(self, now: float) -> float:
        """When there is something to do though nothing ends."""
        if self.state != "RUNNING" or self.stopped:
            return NEVER
        return min(self.time_limits.next_moment(self.running), self.starts.next_moment(now))

    def give_up(self, error: LocalEngineError) -> None:
        """The engine is gone, and with it everything that ran: what is known so far must not be lost with it."""
        self.stop("FAILED")
        for running in self.running.values():
            directory = running.process.directory if running.process else None
            self._after(running, outcomes.of_engine_death(self._made(running), error, directory))
        self.running.clear()
        self._end()

    # --- starting

    def _enqueue(self, unit: Unit) -> None:
        """The next attempt of a unit: at once, unless it waits for its retry since before this run went on."""
        if made := self._attempts.get(unit):
            self.starts.add(Start(unit, made + 1))
            return
        start = self.past.next_start(unit, self.run.repairs)
        if start.task_run_id or start.tries == 1:
            self.starts.add(start)
        else:
            interval = (self.decisions.task(unit).min_retry_interval_millis or 0) / 1000
            self.starts.add_later(start, self.clock() + max(0.0, interval - self.past.since_start(unit)))

    # --- ending

    def _ended_before(self, running: Running) -> bool:
        """Whether the attempt is one that was lost when this run's process died, but had recorded its end."""
        if not running.process:
            return False
        record, _ = outcomes.read_record(running.process.directory)
        if record is None:
            task_values.forget(running.process.directory)
            return False
        code = 0 if record.result == "SUCCESS" else 1
        self.end_attempt(AttemptEnded(running.start.task_run_id, code, None, canceled=False))
        return True

    def _after(self, running: Running, outcome: TaskOutcome) -> None:
        """An attempt has ended: try again, or let it decide its task."""
        self.store.note_attempt(replace(running.row, result=outcome.result, ended_at=_now()))
        self._decide(running.start, running.began, outcome)

    def _decide(self, start: Start, began: float, outcome: TaskOutcome) -> None:
        task, unit = self.decisions.task(start.unit), start.unit
        interval = (task.min_retry_interval_millis or 0) / 1000
        again = retries(outcome.result, start.tries, task.max_retries or 0, bool(task.retry_on_timeout))
        if again and not self.stopped and not self.decisions.is_overdue(unit):
            next_one = Start(unit, start.attempt + 1, start.tries + 1)
            self.starts.add_later(next_one, began + interval)
            self.reports.retry(next_one, began + interval - self.clock(), outcome)
        else:
            self.decisions.finish(unit, outcome)

    def _end(self) -> None:
        self.state = "DONE"
        self.decisions.cut_off(timed_out=self.stopped == "TIMEDOUT")
        ended = _now()
        took = datetime.fromisoformat(ended) - datetime.fromisoformat(self.run.started_at)
        self.store.note_end(self.run.job_run_id, self.result, ended, took.total_seconds())

    # --- looking up

    def _next_task_run_id(self) -> str:
        self._numbered += 1
        return f"{self.run.job_run_id}{self._numbered:04d}"

    def _running(self, start: Start, work: AttemptSpec | ChildRun) -> Running:
        unit, now = start.unit, self.clock()
        limit = self.decisions.task(unit).timeout_seconds
        process = work if isinstance(work, AttemptSpec) else None
        lost = self._lost(start)
        if lost and isinstance(work, ChildRun):
            work = replace(work, child_run_id=lost.child_run_id)
        child = self.begin_child(work, self.run) if isinstance(work, ChildRun) else None
        row = StoredAttempt(
            task_run_id=start.task_run_id,
            job_run_id=self.run.job_run_id,
            task_key=unit.task_key,
            iteration=unit.iteration,
            attempt=start.attempt,
            repair=self.run.repairs,
            # What it wrote before it was lost is looked for since then.
            started_at=lost.started_at if lost else _now(),
            directory=str(process.directory) if process else "",
            child_run_id=child.run.job_run_id if child else None,
        )
        if child:
            self.children[child.run.job_run_id] = child
        return Running(start, row, now, now + limit if limit else NEVER, process)

    def _lost(self, start: Start) -> StoredAttempt | None:
        """The attempt that goes on, with the run that it had begun, if it had."""
        lost = self.past.lost(start.unit, self.run.repairs)
        return lost if lost and lost.task_run_id == start.task_run_id else None

    def _made(self, running: Running) -> Made:
        unit = running.start.unit
        return Made(
            task_key=unit.task_key,
            kind=self.work.kind(self.decisions.task(unit)),
            attempt=running.start.attempt,
            duration_s=self.clock() - self._first_start[unit],
        )

    def _limit_of(self, task_run_id: str) -> Limit:
        return self.time_limits.limit_of(task_run_id) or ("job" if self.stopped == "TIMEDOUT" else "")

    def _take_over(self, unit: Unit, directory: Path) -> None:
        """What the attempt left for those after it; what an iteration sets is nobody's, as on Databricks."""
        if unit.iteration is not None:
            return
        if values := task_values.set_by(directory):
            self.store.note_values(self.run.job_run_id, unit.task_key, values)
            self.values.known.values[unit.task_key] = values
            self.task_values.publish(unit.task_key, values)
        if rows := task_values.rows_of(directory):
            self.values.known.outputs[unit.task_key] = rows


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
