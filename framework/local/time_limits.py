"""The time limits of a run: that of the job, of each attempt, and of each loop as a whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from framework.local.decisions import Decisions
from framework.local.outcomes import Limit, skipped
from framework.local.units import Running, StartQueue

NEVER = float("inf")


@dataclass(kw_only=True)
class TimeLimits:
    """Times are in seconds of the run's clock; ``seconds`` is the job's limit, 0 for none.

    A loop over its limit begins nothing more, so its waiting ``starts`` are given up.
    """

    seconds: float
    decisions: Decisions
    starts: StartQueue
    _of_job: float = NEVER
    _reached: set[str] = field(default_factory=set)

    def begin(self, now: float) -> None:
        """The job's time runs from now on."""
        self._of_job = now + self.seconds if self.seconds else NEVER

    def postpone(self, seconds: float) -> None:
        """Time that is nobody's: what the engine takes to start is not the job's, nor its loops'."""
        self._of_job += seconds
        for loop in self.decisions.loops.values():
            loop.deadline += seconds

    def job_is_over(self, now: float) -> bool:
        """Whether the job has reached its limit."""
        return now >= self._of_job

    def overdue(self, running: Mapping[str, Running], now: float) -> Iterator[Running]:
        """The attempts that have reached their limit, or that of their loop, since the last call."""
        for loop in list(self.decisions.overdue_loops(now)):
            self._give_up(loop.start.unit.task_key)
        for task_run_id, each in running.items():
            late = now >= each.deadline or self.decisions.is_overdue(each.start.unit)
            if late and task_run_id not in self._reached:
                self._reached.add(task_run_id)
                yield each

    def next_moment(self, running: Mapping[str, Running]) -> float:
        """When the next limit is reached."""
        attempts = [each.deadline for name, each in running.items() if name not in self._reached]
        loops = [loop.deadline for loop in self.decisions.loops.values() if not loop.overdue]
        return min([self._of_job, *attempts, *loops])

    def limit_of(self, task_run_id: str) -> Limit:
        """Whose limit an attempt that was killed had reached, if it had."""
        return "task" if task_run_id in self._reached else ""

    def _give_up(self, loop: str) -> None:
        for start in self.starts.drop(loop):
            kind = self.decisions.kind(self.decisions.task(start.unit))
            self.decisions.finish(start.unit, skipped(loop, kind, "CANCELED"))
