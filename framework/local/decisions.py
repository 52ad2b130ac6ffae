"""What a run decides by itself, without a process: whether tasks run, conditions, and loops."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from framework.core.job_run import SUCCEEDED, TaskOutcome
from framework.core.task_run import TaskError
from framework.local import outcomes
from framework.local.conditions import holds, operand
from framework.local.job_graph import JobGraph
from framework.local.loops import inputs_of
from framework.local.outcomes import Made, skipped
from framework.local.past import Past
from framework.local.progress import Progress
from framework.local.references import Place, RunValues, Unfilled
from framework.local.units import Loop, Start, Unit

Report = Callable[[Unit, TaskOutcome], None]


@dataclass(kw_only=True)
class Decisions:
    """The decided part of a run; every outcome, its own and those given to ``finish``, goes to ``report``.

    ``kind`` says what results call a task, ``number`` gives out task run ids, ``loop_opened`` and ``loop_ended`` take
    a try of a loop. Times are in seconds of ``clock``.
    """

    graph: JobGraph
    values: RunValues
    past: Past
    kind: Callable[[Any], str]
    clock: Callable[[], float]
    report: Report
    number: Callable[[], str]
    loop_opened: Callable[[Loop], None]
    loop_ended: Callable[[Loop, TaskOutcome], None]
    loops: dict[str, Loop] = field(default_factory=dict)
    _units: deque[Unit] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.progress = Progress(self.graph, self.past.decided)
        self._decided_iterations = dict(self.past.iterations)

    def to_attempt(self) -> Iterator[Unit]:
        """Decide everything that can be, and give out the units that need an attempt for it: loops, too."""
        while True:
            self._units.extend(Unit(key) for key in self.progress.to_run(self._skip))
            if not self._units:
                return
            while self._units:
                unit = self._units.popleft()
                task = self.task(unit)
                if self.is_overdue(unit):
                    self.finish(unit, skipped(unit.task_key, self.kind(task), "CANCELED"))
                elif task.condition_task:
                    self.finish(unit, self._condition(unit, task.condition_task))
                else:
                    yield unit

    def open_loop(self, start: Start) -> None:
        """Begin a loop; of an earlier try of it, what succeeded stays."""
        unit, task = start.unit, self.task(start.unit)
        for_each, now = task.for_each_task, self.clock()
        written = str(for_each.inputs)
        try:
            inputs = inputs_of(written, self.values.fill(written, self.place(start)))
        except (Unfilled, ValueError) as error:
            self.finish(unit, self.impossible(start, error))
            return
        limit = now + task.timeout_seconds if task.timeout_seconds else float("inf")
        # The same place in other inputs is another iteration.
        known = dict(enumerate(map(json.dumps, inputs)))
        before = {
            i: done for i, done in self._decided_iterations.get(unit.task_key, {}).items() if done.input == known.get(i)
        }
        self.loops[unit.task_key] = Loop(start, inputs, for_each.concurrency or 1, now, limit, before)
        self.loop_opened(self.loops[unit.task_key])
        self._feed(unit.task_key)

    def overdue_loops(self, now: float) -> Iterator[Loop]:
        """The loops that have reached their time limit since the last call."""
        for loop in self.loops.values():
            if now >= loop.deadline and not loop.overdue:
                loop.overdue = True
                yield loop

    def is_overdue(self, unit: Unit) -> bool:
        """Whether the unit is an iteration of a loop that has reached its time limit."""
        return unit.iteration is not None and self.loops[unit.task_key].overdue

    def finish(self, unit: Unit, outcome: TaskOutcome) -> None:
        """A unit is decided."""
        if unit.iteration is not None:
            outcome = replace(outcome, input=json.dumps(self.loops[unit.task_key].inputs[unit.iteration]))
        elif number := self.values.known.task_run_ids.get(unit.task_key):
            outcome = replace(outcome, task_run_id=number)
        self.report(unit, outcome)
        if unit.iteration is None:
            self.values.known.results[unit.task_key] = outcome.result
            self.progress.finish(outcome)
        else:
            self.loops[unit.task_key].finish(unit.iteration, outcome)
            self._feed(unit.task_key)

    def cut_off(self, timed_out: bool) -> None:
        """Give everything that is left an outcome, as nothing runs any more."""
        self._units.clear()
        for key in self.progress.undecided():
            loop = self.loops.pop(key, None)
            left = skipped(key, self.kind(self.task(Unit(key))), "TIMEDOUT" if loop and timed_out else "CANCELED")
            self.finish(Unit(key), replace(left, iterations=loop.in_order() if loop else ()))
        self._units.clear()

    def impossible(self, start: Start, why: Exception) -> TaskOutcome:
        """The outcome of an attempt that the Jobs service would fail before it starts."""
        return self._made(start).outcome("FAILED", TaskError("JobError", str(why)))

    def task(self, unit: Unit) -> Any:
        """The official task that the unit executes."""
        task = self.graph.nodes[unit.task_key].task
        return task if unit.iteration is None else task.for_each_task.task

    def place(self, start: Start) -> Place:
        """Where the references of an attempt stand."""
        unit = start.unit
        notebook = self.task(unit).notebook_task
        place = Place(
            task_key=unit.task_key,
            task_run_id=start.task_run_id,
            execution_count=start.attempt,
            notebook_path=str(notebook.notebook_path) if notebook else "",
        )
        if unit.iteration is None:
            return place
        return replace(place, input=self.loops[unit.task_key].inputs[unit.iteration])

    def _skip(self, outcome: TaskOutcome) -> None:
        unit = Unit(outcome.task_key)
        self.finish(unit, replace(outcome, kind=self.kind(self.task(unit))))

    def _condition(self, unit: Unit, condition: Any) -> TaskOutcome:
        start = Start(unit, task_run_id=self.number())
        self.values.known.task_run_ids[unit.task_key] = start.task_run_id
        place = self.place(start)
        try:
            left, right = (operand(str(each), self.values, place) for each in (condition.left, condition.right))
            branch = str(holds(left, condition.op.value, right)).lower()
        except (Unfilled, ValueError) as error:
            return self.impossible(start, error)
        return self._made(start).outcome("SUCCESS", branch=branch)

    def _feed(self, key: str) -> None:
        """Let a loop go on, or end."""
        loop = self.loops[key]
        self._units.extend(Unit(key, iteration) for iteration in loop.next_iterations())
        if loop.done:
            made = self._made(loop.start, self.clock() - loop.began)
            outcome = outcomes.of_loop(made, loop.in_order(), len(loop.inputs), overdue=loop.overdue)
            self._decided_iterations[key] = {i: done for i, done in loop.outcomes.items() if done.result in SUCCEEDED}
            self.loop_ended(self.loops.pop(key), outcome)

    def _made(self, start: Start, duration_s: float = 0.0) -> Made:
        key = start.unit.task_key
        return Made(task_key=key, kind=self.kind(self.task(start.unit)), attempt=start.attempt, duration_s=duration_s)
