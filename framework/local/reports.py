"""What happens to the tasks of a run, told to whoever listens; what decides them is noted in the run store, too."""

from dataclasses import dataclass

from framework.core.events import AttemptStarted, Listener, LoopOpened, Note, RetryWaiting, TaskEnded
from framework.core.job_run import TaskOutcome
from framework.local import outcomes
from framework.local.units import Loop, Running, Start, Unit
from framework.records.run_store import RunStore


@dataclass(frozen=True)
class Reports:
    """Of one run."""

    job_run_id: int
    store: RunStore
    listener: Listener

    def queued(self, most_at_once: int) -> None:
        """The run waits for others of its job."""
        others = "another run of the job is" if most_at_once == 1 else f"{most_at_once} other runs of the job are"
        self.listener(Note(f"run {self.job_run_id} waits: {others} under way (framework runs shows them)"))

    def started(self, running: Running) -> None:
        """An attempt is about to have its process, or the run of another job has begun."""
        start, process = running.start, running.process
        log = str(outcomes.log_file(process.directory)) if process else ""
        self.listener(AttemptStarted(start.unit.task_key, start.attempt, start.unit.iteration, self.job_run_id, log))

    def loop_opened(self, loop: Loop) -> None:
        """A try of a loop has its inputs."""
        start, done = loop.start, len(loop.outcomes)
        self.store.note_inputs(self.job_run_id, start.unit.task_key, len(loop.inputs))
        self.listener(LoopOpened(start.unit.task_key, len(loop.inputs), done, start.attempt, self.job_run_id))

    def retry(self, again: Start, in_s: float, outcome: TaskOutcome) -> None:
        """An attempt ended with ``outcome``, and ``again`` may start in so many seconds."""
        told = (max(in_s, 0.0), outcome.result, outcome.headline, again.unit.iteration, self.job_run_id)
        self.listener(RetryWaiting(again.unit.task_key, again.attempt, *told))

    def decided(self, unit: Unit, outcome: TaskOutcome) -> None:
        """A task, or one iteration, has its outcome."""
        self.store.note_outcome(self.job_run_id, outcome, unit.iteration)
        told = (outcome.result, outcome.duration_s, outcome.headline, unit.iteration, self.job_run_id)
        self.listener(TaskEnded(unit.task_key, *told))
