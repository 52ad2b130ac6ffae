"""What a long phase tells while it works; the console shows it, nothing depends on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """Something a person should read: what is being done, or that a fallback was taken."""

    message: str
    warning: bool = False


@dataclass(frozen=True)
class RunStarted:
    """A job run begins. ``tasks`` are its keys in topological order; ``parent_run_id`` is the run that started it.

    ``decided`` are the results that stay as they are, by task, when the run was interrupted or is repaired.
    """

    job_run_id: int
    pipeline: str
    target: str
    tasks: tuple[str, ...]
    parent_run_id: int | None = None
    decided: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LoopOpened:
    """A loop has its inputs: ``total`` iterations, ``done`` of which an earlier attempt of the loop has decided."""

    task_key: str
    total: int
    done: int = 0
    attempt: int = 1
    job_run_id: int = 0


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
class RetryWaiting:
    """An attempt has ended with ``result``; the next one, number ``attempt``, begins in ``in_s`` seconds or later.

    ``headline`` says in one line what went wrong.
    """

    task_key: str
    attempt: int
    in_s: float
    result: str
    headline: str = ""
    iteration: int | None = None
    job_run_id: int = 0


@dataclass(frozen=True)
class TaskEnded:
    """A task, or one iteration, has a result of the Jobs service; ``duration_s`` is that of all attempts."""

    task_key: str
    result: str
    duration_s: float
    headline: str = ""
    iteration: int | None = None
    job_run_id: int = 0


TaskEvent = LoopOpened | AttemptStarted | RetryWaiting | TaskEnded
Event = Note | RunStarted | TaskEvent
Listener = Callable[[Event], None]
