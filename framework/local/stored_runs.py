"""Runs in the store as the values that people and machines are shown."""

from collections.abc import Mapping
from dataclasses import replace

from framework.core.job_run import JobRun, TaskOutcome
from framework.local.ownership import is_owned
from framework.local.paths import LocalPaths
from framework.records.run_store import RunStore
from framework.records.run_values import Key, StoredRun


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
        parameters={name: value for name, value in run.parameters.items() if not name.startswith("framework.")},
        tasks=tuple(outcomes),
        directory=str(paths.run(run.job_run_id)),
    )


def settled(store: RunStore, run: StoredRun, paths: LocalPaths) -> StoredRun:
    """``run``, marked as interrupted when the process that drove it is gone."""
    owner = paths.owner(run.owner_run_id or run.job_run_id)
    if run.state in ("QUEUED", "RUNNING") and not is_owned(owner):
        store.interrupted(run.job_run_id)
        return replace(run, state="INTERRUPTED")
    return run


def _whole(outcomes: Mapping[Key, TaskOutcome], key: str) -> TaskOutcome:
    of_loop = sorted((i, outcome) for (name, i), outcome in outcomes.items() if name == key and i is not None)
    return replace(outcomes[(key, None)], iterations=tuple(outcome for _, outcome in of_loop))
