"""Who executes the runs of jobs: whoever is given, each run in a thread of its own."""

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from framework.core.errors import FrameworkError
from framework.testing.fake_workspace.api import run_progress
from framework.testing.fake_workspace.exchange import Json
from framework.testing.fake_workspace.state import State


class WithState(Protocol):
    """Lets a function look at the workspace's state, or change it, while nobody else does."""

    def __call__(self, work: Callable[[State], Any]) -> Any:
        """What ``work`` answers; it is to be quick."""


@dataclass(frozen=True)
class StartedRun:
    """What is to be executed: ``task_keys`` of a job's ``settings`` (all, the chosen, or those of a repair)."""

    run_id: int
    job_id: int
    settings: Json
    parameters: Mapping[str, str]
    task_keys: tuple[str, ...]
    task_run_ids: Mapping[str, int]
    attempts: Mapping[str, int]
    principal: str
    read_file: Callable[[str], bytes]
    cancelled: Callable[[], bool]
    with_state: WithState


class Report(Protocol):
    """How a runner tells what a task does, at its begin and at its end."""

    def __call__(
        self, task_key: str, result: str, *, message: str = "", output: Json | None = None, details: Json | None = None
    ) -> None:
        """``result`` is RUNNING, or the end: SUCCESS, FAILED, TIMEDOUT, CANCELED, EXCLUDED, SKIPPED, UPSTREAM_FAILED…

        RUNNING after an end is the next attempt. ``output`` is what jobs/runs/get-output gives: ``logs``, ``error``,
        ``error_trace``; ``details`` are more of what jobs/runs/get says, such as
        ``{"condition_task": {"outcome": "true"}}``.
        """


RunJob = Callable[[StartedRun, Report], str | None]
"""Answers the result of the run, or None when it follows from those of its tasks."""


def succeed(run: StartedRun, report: Report) -> None:
    """Every task succeeds at once."""
    for task_key in run.task_keys:
        report(task_key, "SUCCESS")


class JobRunner:
    """Starts runs that are pending. ``lock`` guards the state, which every report changes; ``keep`` saves it."""

    def __init__(
        self,
        run_job: RunJob,
        state: State,
        lock: AbstractContextManager[object],
        *,
        read_file: Callable[[str], bytes],
        keep: Callable[[], None],
    ) -> None:
        self._run_job = run_job
        self._state = state
        self._lock = lock
        self._read_file = read_file
        self._keep = keep
        self._started: set[tuple[int, int]] = set()

    def end_interrupted(self) -> None:
        """End the runs that were going when the workspace was last stopped."""
        for run in self._state.runs.values():
            run_progress.end_run(self._state, run["run_id"], "The workspace was restarted.")

    def start_pending(self) -> None:
        """Start what a request has just made pending; the lock is held. The default runner is done on return."""
        for run in list(self._state.runs.values()):
            begun = (run["run_id"], len(run["repair_history"]))
            pending = run["state"]["life_cycle_state"] == "PENDING" and "parent_run_id" not in run
            if pending and begun not in self._started:
                self._started.add(begun)
                started = self._started_run(run)
                if self._run_job is succeed:
                    self._execute(started)
                else:
                    threading.Thread(
                        target=self._execute, args=(started,), daemon=True, name=f"run {started.run_id}"
                    ).start()

    def _started_run(self, run: Json) -> StartedRun:
        pending = [task for task in run["tasks"] if task["state"]["life_cycle_state"] == "PENDING"]
        return StartedRun(
            run_id=run["run_id"],
            job_id=run["job_id"],
            settings=run["settings"],
            parameters={each["name"]: each.get("value", "") for each in run["job_parameters"]},
            task_keys=tuple(task["task_key"] for task in pending),
            task_run_ids={task["task_key"]: task["run_id"] for task in pending},
            attempts={task["task_key"]: task["attempt_number"] for task in pending},
            principal=self._principal(run),
            read_file=self._read_file,
            cancelled=lambda: run["state"].get("result_state") == "CANCELED",
            with_state=self._with_state,
        )

    def _principal(self, run: Json) -> str:
        job = self._state.jobs.get(str(run["job_id"]), {})
        return str(job.get("run_as_user_name", run["creator_user_name"]))

    def _with_state(self, work: Callable[[State], Any]) -> Any:
        with self._lock:
            return work(self._state)

    def _execute(self, started: StartedRun) -> None:
        def report(
            task_key: str, result: str, *, message: str = "", output: Json | None = None, details: Json | None = None
        ) -> None:
            told: Json = {"message": message, "output": output, "details": details}
            self._with_state(lambda state: run_progress.set_task(state, started.run_id, task_key, result, **told))

        problem, result = "", None
        try:
            result = self._run_job(started, report)
        except FrameworkError as error:
            problem = f"{error.message} {error.hint}".strip()
        except Exception as error:  # whatever the runner raises, the client must see an end
            problem = f"{type(error).__name__}: {error}"
        with self._lock:
            run_progress.end_run(self._state, started.run_id, problem, result if isinstance(result, str) else "")
            self._keep()
