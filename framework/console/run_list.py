"""The runs in the store: a table of the latest, and all about one."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from framework.console.results import seconds, styled
from framework.console.run_summary import show_run
from framework.local.stored_runs import RunDetails
from framework.records.run_values import StoredRun


def show_no_runs(console: Console) -> None:
    """There is nothing to list."""
    console.print("There is no run here yet; framework run starts one.")


def show_runs(console: Console, runs: Sequence[StoredRun]) -> None:
    """One line per run."""
    dated = any(run.backfill for run in runs)
    table = _table("run", "job", *(["date"] if dated else []), "target", "result", "started", "duration", "repairs")
    for run in runs:
        date = [Text((run.backfill or "")[:10])] if dated else []
        repairs = str(run.repairs or "")
        result, started, duration = styled(run.result or run.state), _local(run.started_at), _duration(run)
        table.add_row(
            str(run.job_run_id), Text(run.pipeline), *date, Text(run.target), result, started, duration, repairs
        )
    console.print(table)


def show_run_details(console: Console, details: RunDetails) -> None:
    """The summary as after the run, its attempts, and the runs that it started."""
    run = details.run
    if details.attempts:
        console.print(_attempts(details))
    if details.children:
        console.print()
        show_runs(console, details.children)
    if run.parent_run_id:
        console.print(f"\nstarted by run {run.parent_run_id}")
    show_run(console, details.outcome, run.state, run.owner_run_id)
    if run.state != "TERMINATED" and (
        left := set(run.tasks).difference(task.task_key for task in details.outcome.tasks)
    ):
        console.print(Text(f"\nNot done: {', '.join(key for key in run.tasks if key in left)}"))


def _attempts(details: RunDetails) -> Table:
    # One that a kill broke off and that was made once more began before the kill: the task knows how long it took.
    took = {task.task_key: task.duration_s for task in details.outcome.tasks if task.attempts == 1}
    table = _table("attempt of", "number", "result", "started", "duration", "run")
    for attempt in details.attempts:
        name = attempt.task_key if attempt.iteration is None else f"{attempt.task_key}[{attempt.iteration}]"
        number = f"{attempt.attempt}" + (f", repair {attempt.repair}" if attempt.repair else "")
        child = str(attempt.child_run_id or "")
        result = styled(attempt.result) if attempt.result else Text("")
        duration = took.get(name, _between(attempt.started_at, attempt.ended_at)) if attempt.ended_at else None
        shown = "" if duration is None else seconds(duration)
        table.add_row(Text(name), number, result, _local(attempt.started_at), shown, child)
    return table


def _duration(run: StoredRun) -> str:
    """How long it took, or takes so far; nothing of a run whose end nobody saw."""
    if run.state == "TERMINATED":
        return seconds(run.duration_s)
    if run.state == "INTERRUPTED":
        return ""
    return seconds(_between(run.started_at, datetime.now(UTC).isoformat()))


def _between(first: str, second: str) -> float:
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
