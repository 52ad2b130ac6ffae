"""Brings the runs that ended into the tables of records: at the end of a run, and for those that were killed before."""

from collections.abc import Sequence

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
    """Record what ended just now, with what was left lately; how many runs that were."""
    return _record(store, paths, store.unrecorded(_LEFT_BY_OTHERS))


def record_all(store: RunStore, paths: LocalPaths) -> int:
    """Record every run that ended and is not recorded yet; how many that were."""
    done = 0
    while runs := store.unrecorded(_AT_A_TIME):
        done += _record(store, paths, runs)
    return done


def _record(store: RunStore, paths: LocalPaths, runs: Sequence[StoredRun]) -> int:
    if not runs:
        return 0
    OpsStore(paths.warehouse).append([rows_of(store, run, paths) for run in runs])
    # Only now: who is killed in between appends again, and the tables know by the transaction that they have it.
    for run in runs:
        store.note_recorded(run)
    store.commit()
    return len(runs)
