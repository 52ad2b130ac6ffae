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
    """A job run begins. ``tasks`` are its task keys in topological order."""

    job_run_id: int
    pipeline: str
    target: str
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class AttemptStarted:
    """An attempt of a task has its process. ``attempt`` counts from 1."""

    task_key: str
    attempt: int


@dataclass(frozen=True)
class TaskEnded:
    """A task is decided. ``result`` is one of the Jobs service's results; ``duration_s`` covers all attempts."""

    task_key: str
    result: str
    duration_s: float
    headline: str = ""


Event = Note | RunStarted | AttemptStarted | TaskEnded
Listener = Callable[[Event], None]
