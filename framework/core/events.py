"""What a long phase tells while it works; the console shows it, nothing depends on it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """Something a person should read: what is being done, or that a fallback was taken."""

    message: str
    warning: bool = False


@dataclass(frozen=True)
class RunStarted:
    """A job run begins. ``tasks`` are its keys in topological order; ``parent_run_id`` is the run that started it."""

    job_run_id: int
    pipeline: str
    target: str
    tasks: tuple[str, ...]
    parent_run_id: int | None = None


@dataclass(frozen=True)
class AttemptStarted:
    """An attempt of a task has its process. ``attempt`` counts from 1, ``iteration`` from 0 inside a loop.

    ``job_run_id`` tells the runs apart that one command follows; ``log`` is the file in which the attempt talks.
    """

    task_key: str
    attempt: int
    iteration: int | None = None
    job_run_id: int = 0
    log: str = ""


@dataclass(frozen=True)
class TaskEnded:
    """A task, or one iteration, has a result of the Jobs service; ``duration_s`` is that of all attempts."""

    task_key: str
    result: str
    duration_s: float
    headline: str = ""
    iteration: int | None = None
    job_run_id: int = 0


Event = Note | RunStarted | AttemptStarted | TaskEnded
Listener = Callable[[Event], None]
