"""Runs of deployed jobs: started, followed with the events of a local run, repaired and cancelled."""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from framework.core.errors import DatabricksError, UsageError
from framework.core.events import AttemptStarted, Listener, LoopOpened, RetryWaiting, RunStarted, TaskEnded
from framework.core.job_run import JobRun, TaskOutcome
from framework.deploy.remote_jobs import RemoteJob
from framework.deploy.remote_outcomes import outcome_of
from framework.deploy.run_states import is_ended, is_running, job_result, message_of, waits_for_retry
from framework.deploy.workspace import asking
from framework.spec.node_path import quoted
from framework.spec.suggestions import did_you_mean, listed

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.jobs import RepairRunResponse, Run, RunTask

_EVERY = 2.0
"""Seconds between two looks at a run."""
_LOOKS_FOR_REPAIR = 15
_SEE = "See it in the workspace, under Jobs & Pipelines."


@dataclass(frozen=True, kw_only=True)
class RemoteRequest:
    """What to run: ``only`` some tasks (``+t``, ``t+``), with ``parameters`` that differ from the job's.

    A run with the same ``idempotency_token`` as an earlier one is that run.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    idempotency_token: str = ""


@dataclass(frozen=True, kw_only=True)
class RemoteRepair:
    """What to run again: ``rerun_tasks``, or all that failed, with what succeeded after them if asked."""

    rerun_tasks: tuple[str, ...] = ()
    rerun_dependent_tasks: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)


def start(client: "WorkspaceClient", job: RemoteJob, request: RemoteRequest) -> int:
    """Start a run; its id. Asked again after a broken connection, it is the same run.

    Raises UsageError for a task that the job does not have.
    """
    if request.only:
        with asking("look at the job", "CAN_VIEW on the job"):
            settings = client.jobs.get(job.job_id).settings
        tasks = settings.tasks if settings else None
        _require_tasks(job, request.only, [each.task_key for each in tasks or ()])
    with asking(f"run {job.pipeline}", "CAN_MANAGE_RUN on the job"):
        return client.jobs.run_now(
            job.job_id,
            idempotency_token=request.idempotency_token or str(uuid.uuid4()),
            job_parameters=dict(request.parameters) or None,
            only=list(request.only) or None,
        ).run_id


def repair(client: "WorkspaceClient", job: RemoteJob, run_id: int, request: RemoteRepair) -> int:
    """Run again what failed in a run that is done; the repair's id.

    Raises UsageError for a run of another job, or with nothing to do.
    """
    with asking(f"repair run {run_id}", "CAN_MANAGE_RUN on the job"):
        run = client.jobs.get_run(run_id, include_history=True)
        _require_run_of(job, run)
        _require_tasks(job, request.rerun_tasks, [each.task_key for each in run.tasks or ()])
        repairs = [item.id for item in run.repair_history or () if item.type and item.type.value == "REPAIR"]
        if not request.rerun_tasks and is_ended(run) and job_result(run) == "SUCCESS":
            raise UsageError(f"nothing failed in run {run_id}", "Name what to run again: --rerun-tasks TASK")
        begun: RepairRunResponse = client.jobs.repair_run(
            run_id,
            latest_repair_id=repairs[-1] if repairs else None,
            rerun_tasks=list(request.rerun_tasks) or None,
            rerun_all_failed_tasks=None if request.rerun_tasks else True,
            rerun_dependent_tasks=request.rerun_dependent_tasks or None,
            job_parameters=dict(request.parameters) or None,
        ).response
        return begun.repair_id or 0


def latest_run(client: "WorkspaceClient", job: RemoteJob) -> int:
    """The id of the job's newest run. Raises UsageError when it has none."""
    with asking("list the runs", "CAN_VIEW on the job"):
        run = next(iter(client.jobs.list_runs(job_id=job.job_id, limit=1)), None)
    if run is None or run.run_id is None:
        raise UsageError(f"{job.pipeline} has no run on {job.target}")
    return run.run_id


def cancel(client: "WorkspaceClient", job: RemoteJob, run_id: int) -> str:
    """End a run; nothing, or the result of one that had ended already. Raises UsageError for one of another job."""
    with asking(f"cancel run {run_id}", "CAN_MANAGE_RUN on the job"):
        run = client.jobs.get_run(run_id)
        _require_run_of(job, run)
        if is_ended(run):
            return job_result(run)
        client.jobs.cancel_run(run_id)
        return ""


def page_of(client: "WorkspaceClient", run_id: int) -> str:
    """The address of the run's page."""
    with asking(f"look at run {run_id}", "CAN_VIEW on the job"):
        return client.jobs.get_run(run_id).run_page_url or ""


def follow(
    client: "WorkspaceClient",
    job: RemoteJob,
    run_id: int,
    listener: Listener,
    sleep: Callable[[float], object] = time.sleep,
    *,
    repair_id: int = 0,
) -> JobRun:
    """Tell what happens in a run until it has ended; then what it did. ^C ends the following, not the run.

    ``repair_id`` is that of a repair which has just begun.
    """
    if repair_id:
        _await_repair(client, run_id, repair_id, sleep)
    watch = _Watch(client, job, run_id, listener)
    while True:
        run = _state_of(client, run_id)
        watch.see(run)
        if is_ended(run):
            return watch.job_run(run)
        sleep(_EVERY)


def _await_repair(client: "WorkspaceClient", run_id: int, repair_id: int, sleep: Callable[[float], object]) -> None:
    """Until the service shows it the run looks as ended as before, and who follows it would stop at once."""
    for _ in range(_LOOKS_FOR_REPAIR):
        run = _state_of(client, run_id)
        if not is_ended(run) or any(item.id == repair_id for item in run.repair_history or ()):
            return
        sleep(_EVERY)


def _state_of(client: "WorkspaceClient", run_id: int) -> "Run":
    try:
        with asking(f"follow run {run_id}", "CAN_VIEW on the job"):
            return client.jobs.get_run(run_id, include_history=True)
    except DatabricksError as error:
        # Whatever is advised otherwise: the same command again would be a second run.
        raise type(error)(error.message, f"The run goes on by itself. {_SEE}") from None


def _require_run_of(job: RemoteJob, run: "Run") -> None:
    if run.job_id != job.job_id:
        hint = "Name its project, --pipeline and --env."
        raise UsageError(f"run {run.run_id} is none of {job.pipeline} on {job.target}", hint)


def _require_tasks(job: RemoteJob, named: Iterable[str], known: Sequence[str]) -> None:
    for key in (each.strip("+") for each in named):
        if key not in known:
            message = f"{job.pipeline} on {job.target} has no task {quoted(key)}{did_you_mean(key, known)}"
            raise UsageError(message, f"Its tasks are: {listed(known)}.")


@dataclass
class _Watch:
    """What has been told of a run. ``_told`` has the last word about each task: its attempt, and how far that is.

    ``_iterations`` has how many of a task's attempt are done, and how many of these failed.
    """

    client: "WorkspaceClient"
    job: RemoteJob
    run_id: int
    listener: Listener
    _told: dict[str, tuple[int, str]] = field(default_factory=dict)
    _iterations: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    _outcomes: dict[str, TaskOutcome] = field(default_factory=dict)

    def see(self, run: "Run") -> None:
        """Tell what is new in ``run``."""
        tasks = self._latest(run.tasks or ())
        if not self._told and tasks:
            # What had ended before is told as decided; a run that is over already is told from its beginning.
            decided = {} if is_ended(run) else {key: self._ended(task) for key, task in tasks.items() if is_ended(task)}
            self._told = {key: (_attempt(tasks[key]), "ended" if key in decided else "") for key in tasks}
            job = self.job
            self.listener(RunStarted(self.run_id, job.pipeline, job.target, tuple(tasks), decided=decided))
        for key, task in tasks.items():
            self._see_task(key, task)

    def job_run(self, run: "Run") -> JobRun:
        """What the run did."""
        parameters = {each.name or "": each.value or each.default or "" for each in run.job_parameters or ()}
        ended = run.end_time or run.start_time or 0
        return JobRun(
            job_run_id=self.run_id,
            project=self.job.project,
            pipeline=self.job.pipeline,
            target=self.job.target,
            result=job_result(run),
            duration_s=(ended - (run.start_time or ended)) / 1000,
            parameters=parameters,
            tasks=tuple(self._outcomes[key] for key in self._latest(run.tasks or ()) if key in self._outcomes),
            directory="",
            url=run.run_page_url or "",
            message=message_of(run) if job_result(run) != "SUCCESS" else "",
        )

    def _latest(self, tasks: "Iterable[RunTask]") -> "dict[str, RunTask]":
        """The latest attempt of each task, in the pipeline's order; what the pipeline does not know comes last."""
        found: dict[str, RunTask] = {}
        for task in tasks:
            if task.task_key not in found or _attempt(found[task.task_key]) <= _attempt(task):
                found[task.task_key] = task
        order = [key for key in self.job.kinds if key in found]
        return {key: found[key] for key in (*order, *found)}

    def _see_task(self, key: str, task: "RunTask") -> None:
        attempt, (told_attempt, told) = _attempt(task), self._told.get(key, (0, ""))
        if attempt > told_attempt:
            told = ""
        if told == "ended":
            return
        if is_running(task) or (is_ended(task) and task.start_time):
            if told != "running":
                self.listener(AttemptStarted(key, attempt, job_run_id=self.run_id))
                told = "running"
            self._see_iterations(key, task, attempt)
        if waits_for_retry(task) and told != "waiting":
            self.listener(RetryWaiting(key, attempt + 1, 0.0, "FAILED", message_of(task), job_run_id=self.run_id))
            told = "waiting"
        if is_ended(task):
            result, told = self._ended(task), "ended"
            outcome = self._outcomes[key]
            self.listener(TaskEnded(key, result, outcome.duration_s, outcome.headline, job_run_id=self.run_id))
        self._told[key] = (attempt, told)

    def _see_iterations(self, key: str, task: "RunTask", attempt: int) -> None:
        """The service counts the iterations of a loop; which of them ended is not told without asking for each."""
        stats = task.for_each_task.stats if task.for_each_task else None
        counted = stats.task_run_stats if stats else None
        if counted is None or not counted.total_iterations:
            return
        if (key, attempt) not in self._iterations:
            self.listener(LoopOpened(key, counted.total_iterations, attempt=attempt, job_run_id=self.run_id))
        done, failed = counted.completed_iterations or 0, counted.failed_iterations or 0
        done_before, failed_before = self._iterations.get((key, attempt), (0, 0))
        for number in range(done_before, done):
            result = "FAILED" if number >= done - (failed - failed_before) else "SUCCESS"
            self.listener(TaskEnded(key, result, 0.0, iteration=number, job_run_id=self.run_id))
        self._iterations[key, attempt] = (done, failed)

    def _ended(self, task: "RunTask") -> str:
        kind = self.job.kinds.get(task.task_key, "")
        outcome = self._outcomes[task.task_key] = outcome_of(self.client, task, kind)
        return outcome.result


def _attempt(task: "RunTask") -> int:
    return (task.attempt_number or 0) + 1
