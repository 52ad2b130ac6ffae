"""Drives runs, and the runs that their tasks start, on the engine: one loop, no threads."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from framework.core.errors import LocalEngineError
from framework.core.events import Listener, Note
from framework.local.execution import Clock, Execution
from framework.local.protocol import AttemptEnded, AttemptSpec
from framework.local.units import Running
from framework.records.run_store import RunStore

_LONGEST_WAIT = 0.5
"""Seconds after which an interruption, or a place in a job's queue, is noticed at the latest."""


class AttemptRunner(Protocol):
    """The part of the engine that a scheduler uses. ``ready`` returns when attempts can start."""

    def ready(self) -> object: ...
    def start(self, spec: AttemptSpec) -> None: ...
    def cancel(self, attempt_id: str) -> None: ...
    def wait(self, timeout: float | None) -> list[AttemptEnded]: ...


@dataclass
class Scheduler:
    """Runs ``roots`` to their end. ``max_parallel`` limits the processes at a time; times are in seconds of ``clock``.

    ``is_alive`` says of a run whether the process that drives it lives.
    """

    roots: tuple[Execution, ...]
    engine: AttemptRunner
    store: RunStore
    listener: Listener
    max_parallel: int
    is_alive: Callable[[int], bool] = lambda job_run_id: True
    clock: Clock = time.monotonic
    _parents: dict[int, Execution] = field(default_factory=dict)
    _owners: dict[str, Execution] = field(default_factory=dict)
    _interrupted: bool = False
    _go_on: bool = False
    """Something happened that needs no waiting for."""

    def __post_init__(self) -> None:
        self._executions = list(self.roots)

    def execute(self) -> None:
        """Run to the end, also after ``interrupt``."""
        try:
            while self._executions:
                self._turn()
        except LocalEngineError as error:
            if not self._owners:
                # It lost nothing: the run can go on when the engine can.
                raise
            for execution in reversed(self._executions):
                if execution.state != "DONE":
                    execution.give_up(error)
        self.store.commit()

    def interrupt(self) -> None:
        """Cancel the run; safe in a signal handler, as it only leaves word for ``execute``."""
        self._interrupted = True

    def _turn(self) -> None:
        if self._interrupted:
            self._interrupted = False
            self.listener(Note("canceling: waiting for the running tasks to stop", warning=True))
            for execution in self.roots:
                self._cancel(execution)
        for execution in self._executions:
            if execution.state == "QUEUED" and not execution.stopped:
                execution.admit(self.is_alive)
            execution.advance()
        self._go_on = False
        self._start_what_can_start()
        at_once = self._hand_over_the_done() or self._go_on
        for ended in self.engine.wait(0 if at_once else self._seconds_to_next_moment()):
            self._owners.pop(ended.attempt_id).end_attempt(ended)
        self._enforce_time_limits()

    def _cancel(self, execution: Execution) -> None:
        """Stop a run and everything that it started; one that is done stays what it is."""
        if execution.state != "DONE":
            execution.stop("CANCELED")
        for running in execution.running.values():
            self._kill(execution, running)

    def _kill(self, execution: Execution, running: Running) -> None:
        if running.child_run_id is not None:
            self._cancel(execution.children[running.child_run_id])
        else:
            self.engine.cancel(running.start.task_run_id)

    def _start_what_can_start(self) -> None:
        """Every start is in the store before its process exists."""
        begun = list(self._begin())
        self.store.commit()
        for spec in begun:
            self.engine.start(spec)

    def _begin(self) -> Iterator[AttemptSpec]:
        # A run that a task starts is driven from the next turn on.
        for execution in tuple(self._executions):
            while (start := execution.starts.due(self.clock())) is not None:
                needs_place = execution.needs_process(start)
                if needs_place and (len(self._owners) >= self.max_parallel or not self._engine_is_ready()):
                    execution.starts.put_back(start)
                    break
                if (running := execution.start(start)) is None:
                    self._go_on = True
                    continue
                if running.child_run_id is not None:
                    self._go_on = True
                    self._executions.append(execution.children[running.child_run_id])
                    self._parents[running.child_run_id] = execution
                elif running.process:
                    self._owners[running.start.task_run_id] = execution
                    yield running.process

    def _engine_is_ready(self) -> bool:
        """Whether it could be waited for; the time is nobody's."""
        before = self.clock()
        try:
            self.engine.ready()
        except KeyboardInterrupt:
            self._interrupted = self._go_on = True
            return False
        for execution in self._executions:
            execution.time_limits.postpone(self.clock() - before)
        return True

    def _hand_over_the_done(self) -> bool:
        """Tell the tasks that started runs of the end of those; whether any run was done."""
        done = [each for each in self._executions if each.state == "DONE"]
        for execution in done:
            self._executions.remove(execution)
            if parent := self._parents.pop(execution.run.job_run_id, None):
                parent.end_child(execution)
        return bool(done)

    def _enforce_time_limits(self) -> None:
        now = self.clock()
        for execution in tuple(self._executions):
            for running in list(execution.overdue(now)):
                self._kill(execution, running)

    def _seconds_to_next_moment(self) -> float:
        now = self.clock()
        moments = [execution.next_moment(now) for execution in self._executions]
        return max(0.0, min([*moments, now + _LONGEST_WAIT]) - now)
