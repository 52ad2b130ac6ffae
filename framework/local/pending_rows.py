"""What the tables of records do not have yet: the runs that are under way or were interrupted, and those just ended."""

from typing import Any

from framework.core.ops_tables import JOB_RUNS, TASK_RUNS
from framework.local.paths import LocalPaths
from framework.local.stored_runs import settled
from framework.records.run_store import RunStore
from framework.records.run_values import StoredRun

Row = dict[str, Any]


def pending_rows(paths: LocalPaths, project: str = "") -> dict[str, list[Row]]:
    """Their rows, by the name of the table: of every project, or of one."""
    if not paths.run_store.exists():
        return {}
    found: dict[str, list[Row]] = {TASK_RUNS.name: [], JOB_RUNS.name: []}
    with RunStore(paths.run_store) as store:
        for run in store.pending():
            if project in ("", run.project):
                _add(store, settled(store, run, paths), paths, found)
    return found


def _add(store: RunStore, run: StoredRun, paths: LocalPaths, found: dict[str, list[Row]]) -> None:
    from framework.local.run_rows import rows_of

    rows = rows_of(store, run, paths)
    if run.state != "TERMINATED":
        # To whoever makes rows, all has ended.
        ended = {each.task_run_id for each in store.history(run.job_run_id).attempts if each.result}
        for row in rows.task_runs:
            if row["task_run_id"] not in ended:
                row |= {"result": run.state, "error_type": "", "error_message": ""}
        for row in rows.job_runs:
            row["result"] = run.state
    found[TASK_RUNS.name] += rows.task_runs
    found[JOB_RUNS.name] += rows.job_runs
