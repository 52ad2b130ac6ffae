"""Runs in the store as the values that people and machines are shown."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from framework.core.errors import UsageError
from framework.core.job_run import JobRun, TaskOutcome
from framework.local.known_secrets import keep_known_secrets
from framework.local.ownership import is_owned
from framework.local.paths import LocalPaths
from framework.records.run_store import RunStore
from framework.records.run_values import Key, StoredAttempt, StoredRun
from framework.runtime.redaction import redacted_values

_NAMED = 20
"""Logs that a message names."""
_LOOK_EVERY = 0.5
"""Seconds between looks for an attempt that is still to come."""


@dataclass(frozen=True, kw_only=True)
class RunDetails:
    """All that is known of a run: ``outcome`` so far, every attempt, and the runs that its tasks started."""

    run: StoredRun
    outcome: JobRun
    attempts: tuple[StoredAttempt, ...]
    children: tuple[StoredRun, ...]

    def as_dict(self) -> dict[str, Any]:
        """The object of ``framework runs RUN -o json``: that of a finished run, and what led there."""
        return {
            **self.outcome.as_dict(),
            "result": self.run.result,
            "state": self.run.state,
            "started_at": self.run.started_at,
            "ended_at": self.run.ended_at,
            "attempts": [asdict(attempt) for attempt in self.attempts],
            "runs": [child.as_dict() for child in self.children],
        }


def runs_from(directory: Path) -> LocalPaths | None:
    """The state with the runs that are meant in ``directory``: its own, or the nearest above. None: no run so far.

    Of its secrets nothing is shown from then on.
    """
    return _nearest(directory, lambda paths: paths.run_store.exists())


def with_runs(directory: Path) -> LocalPaths:
    """The same. Raises UsageError when there has been no run."""
    return runs_from(directory) or _no_run(directory)


def with_tables(directory: Path) -> LocalPaths:
    """The state with the tables that are meant, though its run store may be lost. Raises UsageError when none is."""
    return _nearest(directory, lambda paths: paths.run_store.exists() or paths.warehouse.is_dir()) or _no_run(directory)


def latest_runs(paths: LocalPaths, count: int) -> list[StoredRun]:
    """The last ``count`` runs that no other run started, newest first."""
    with RunStore(paths.run_store) as store:
        return [settled(store, run, paths) for run in store.latest(count)]


def stored_run(paths: LocalPaths, which: str) -> StoredRun:
    """The run with that number, or the ``last``. Raises UsageError when there is none."""
    with RunStore(paths.run_store) as store:
        return settled(store, _meant(store, which), paths)


def run_details(paths: LocalPaths, which: str) -> RunDetails:
    """The run with that number, or the ``last``. Raises UsageError when there is none."""
    with RunStore(paths.run_store) as store:
        run = settled(store, _meant(store, which), paths)
        return RunDetails(
            run=run,
            outcome=job_run_of(store, run, paths),
            attempts=store.history(run.job_run_id).attempts,
            children=tuple(settled(store, child, paths) for child in store.children(run.job_run_id)),
        )


def attempt_with_log(paths: LocalPaths, which: str, task: str, number: int | None, wait: bool = False) -> StoredAttempt:
    """An attempt of a task, or of an iteration (``loop[3]``): the last one, when no number is given.

    With ``wait`` one of a run that is under way may be still to come. Raises UsageError, which names what there is,
    when it has no log.
    """
    run = stored_run(paths, which)
    made = _attempts(paths, run)
    while wait and not _logged(made, task, number) and run.state in ("QUEUED", "RUNNING") and _may_come(run, task):
        time.sleep(_LOOK_EVERY)
        run = stored_run(paths, str(run.job_run_id))
        made = _attempts(paths, run)
    return _logged(made, task, number) or _no_log(run, made, task, number)


def is_under_way(paths: LocalPaths, attempt: StoredAttempt) -> bool:
    """Whether the attempt may still write to its log."""
    with RunStore(paths.run_store) as store:
        run = settled(store, store.run(attempt.job_run_id), paths)
        now = next(each for each in store.history(run.job_run_id).attempts if each.task_run_id == attempt.task_run_id)
    return run.state in ("QUEUED", "RUNNING") and now.result is None


def job_run_of(store: RunStore, run: StoredRun, paths: LocalPaths) -> JobRun:
    """A run with the outcomes of its tasks so far."""
    history = store.history(run.job_run_id)
    outcomes = [_whole(history.outcomes, key) for key in run.tasks if (key, None) in history.outcomes]
    return JobRun(
        job_run_id=run.job_run_id,
        project=run.project,
        pipeline=run.pipeline,
        target=run.target,
        result=run.result or "CANCELED",
        duration_s=run.duration_s,
        parameters=redacted_values({n: v for n, v in run.parameters.items() if not n.startswith("framework.")}),
        tasks=tuple(outcomes),
        directory=str(paths.run(run.job_run_id)),
    )


def settled(store: RunStore, run: StoredRun, paths: LocalPaths) -> StoredRun:
    """``run``, marked as interrupted when the process that drove it is gone."""
    owner = paths.owner(run.owner_run_id or run.job_run_id)
    if run.state in ("QUEUED", "RUNNING") and not is_owned(owner):
        # It may have ended, or gone on, since it was read.
        store.interrupted(run.job_run_id, lambda: is_owned(owner))
        return store.run(run.job_run_id)
    return run


def _nearest(directory: Path, is_meant: Callable[[LocalPaths], bool]) -> LocalPaths | None:
    candidates = (LocalPaths(each) for each in (directory, *directory.parents))
    if found := next(filter(is_meant, candidates), None):
        keep_known_secrets(found)
    return found


def _no_run(directory: Path) -> NoReturn:
    raise UsageError(f"there is no run in {directory} or above it", "framework run starts one.")


def _attempts(paths: LocalPaths, run: StoredRun) -> tuple[StoredAttempt, ...]:
    with RunStore(paths.run_store) as store:
        return store.history(run.job_run_id).attempts


def _may_come(run: StoredRun, task: str) -> bool:
    return task.partition("[")[0] in run.tasks


def _logged(made: Sequence[StoredAttempt], task: str, number: int | None) -> StoredAttempt | None:
    of_task = (each for each in reversed(made) if _name(each) == task)
    return next((each for each in of_task if each.directory and number in (None, each.attempt)), None)


def _no_log(run: StoredRun, made: Sequence[StoredAttempt], task: str, number: int | None) -> NoReturn:
    of_task = [attempt for attempt in made if _name(attempt) == task]
    if child := next((attempt.child_run_id for attempt in reversed(of_task) if attempt.child_run_id), None):
        raise UsageError(f"task '{task}' was the run {child}, whose tasks have the logs", f"framework runs {child}")
    if number is not None and any(attempt.directory for attempt in of_task):
        numbers = ", ".join(str(attempt.attempt) for attempt in of_task)
        raise UsageError(f"task '{task}' has no attempt {number}", f"Its attempts are: {numbers}.")
    names = list(dict.fromkeys(_name(attempt) for attempt in made if attempt.directory))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    hint = f"Those with a log are: {', '.join(names[:_NAMED])}{more}." if names else "No task of it has one."
    raise UsageError(f"run {run.job_run_id} has no log of a task '{task}'", hint)


def _meant(store: RunStore, which: str) -> StoredRun:
    if which == "last":
        if latest := store.latest(1):
            return latest[0]
        raise UsageError("there is no run yet", "framework run starts one.")
    if not re.fullmatch(r"[0-9]{1,18}", which):
        raise UsageError(f"'{which}' is no run: a run is a number, or 'last'", "framework runs lists them.")
    return store.run(int(which))


def _name(attempt: StoredAttempt) -> str:
    return attempt.task_key if attempt.iteration is None else f"{attempt.task_key}[{attempt.iteration}]"


def _whole(outcomes: Mapping[Key, TaskOutcome], key: str) -> TaskOutcome:
    of_loop = sorted((i, outcome) for (name, i), outcome in outcomes.items() if name == key and i is not None)
    return replace(outcomes[(key, None)], iterations=tuple(outcome for _, outcome in of_loop))
