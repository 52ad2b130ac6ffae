"""Brings the runs that ended into the tables of records: at the end of a run, and for those that were killed before."""

from collections.abc import Iterable, Iterator, Sequence

from framework.core.errors import FrameworkError
from framework.local.paths import LocalPaths
from framework.local.run_rows import rows_of
from framework.records.ops_store import OpsStore
from framework.records.run_store import RunStore
from framework.records.run_values import StoredRun

_AT_A_TIME = 500
"""Runs in one commit."""
_LEFT_BY_OTHERS = 50
"""Runs of processes that were killed, which the end of a run takes care of too; the rest waits for ``runs sync``."""


def record_ended(store: RunStore, paths: LocalPaths) -> int:
    """Record what ended just now, with what was left lately; how many runs that were. Raises as ``record_all`` does."""
    _notice_lost(store, paths, {run.project for run in store.unrecorded(_LEFT_BY_OTHERS)})
    return _record(store, paths, store.unrecorded(_LEFT_BY_OTHERS))


def record_run(store: RunStore, paths: LocalPaths, job_run_id: int) -> None:
    """Record that run if it has ended and is not recorded yet. Raises FrameworkError when it cannot be."""
    _record(store, paths, [run for run in store.unrecorded() if run.job_run_id == job_run_id])


def record_all(store: RunStore, paths: LocalPaths) -> int:
    """Record every run that ended and is not recorded yet; how many that were.

    Raises FrameworkError for one that cannot be recorded, when all others are.
    """
    _notice_lost(store, paths, store.projects())
    return _record(store, paths, store.unrecorded())


def _notice_lost(store: RunStore, paths: LocalPaths, projects: Iterable[str]) -> None:
    """Whose tables somebody has moved away, its runs are recorded anew."""
    for project in projects:
        if not OpsStore(paths.warehouse).is_there(project):
            store.forget_recorded(project)


def _record(store: RunStore, paths: LocalPaths, runs: Sequence[StoredRun]) -> int:
    parts = [runs[first : first + _AT_A_TIME] for first in range(0, len(runs), _AT_A_TIME)]
    refused = dict(each for part in parts for each in _refused(store, paths, part))
    if refused:
        number, error = next(iter(refused.items()))
        others = f", nor can {len(refused) - 1} more" if len(refused) > 1 else ""
        raise FrameworkError(
            f"run {number} cannot be recorded{others}: {type(error).__name__}: {error}",
            f"Make room on the disk, or see what is wrong with {paths.warehouse}, then: framework runs sync",
        ) from error
    return len(runs)


def _refused(store: RunStore, paths: LocalPaths, runs: Sequence[StoredRun]) -> Iterator[tuple[int, Exception]]:
    """Append ``runs``: those that cannot be, one by one with the reason, must not keep the others from it."""
    try:
        _append(store, paths, runs)
    except Exception as error:
        if len(runs) == 1:
            yield runs[0].job_run_id, error
            return
        for run in runs:
            yield from _refused(store, paths, [run])


def _append(store: RunStore, paths: LocalPaths, runs: Sequence[StoredRun]) -> None:
    OpsStore(paths.warehouse).append([rows_of(store, run, paths) for run in runs])
    # Only now: who is killed in between appends again, and the tables know by the transaction that they have it.
    for run in runs:
        store.note_recorded(run)
    store.commit()
