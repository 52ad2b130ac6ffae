"""What ``framework runs`` does with the tables of records."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from framework.cli.options import Output
from framework.cli.trace_sources import LOCAL, sources_of
from framework.core.errors import UsageError

if TYPE_CHECKING:
    from framework.trace.search import Found, Wanted


def search(wanted: "Wanted", limit: int, target: str | None, output: Output) -> None:
    """Show the latest that are as ``wanted``. Raises UsageError."""
    from framework.trace.search import NO_RECORDS, find, unrecorded

    ops = sources_of(target, wanted.project).ops
    found = find(ops, wanted, limit)
    number = unrecorded(ops, found.rows[:1]) if wanted.is_anything else ""
    if found.rows or output is Output.JSON:
        _show_found(found, output, tuple(each.name for each in wanted.metrics))
    elif wanted.is_anything:
        typer.echo("No run is recorded yet." if number else f"No run is recorded yet: {NO_RECORDS}")
    else:
        from framework.trace.unfound import unfound

        for line in ("No run is like that.", *unfound(sources_of(target).ops, wanted)):
            typer.echo(line)
    if number:
        there = f" -e {target}" if target else ""
        hint = f"framework runs sync{there}; its tasks: framework trace {number}{there}"
        typer.echo(f"Run {number} is newer, and has no record of its own yet: {hint}", err=True)


def show(run: str, target: str | None, output: Output) -> None:
    """Show the attempts of a run, by its number or as 'last'. Raises UsageError when there is none."""
    from framework.core.ops_tables import TASK_RUNS
    from framework.trace.conditions import equals
    from framework.trace.search import Found, run_number

    ops = sources_of(target).ops
    number = run_number(ops, run, also_unrecorded=True)
    rows = ops.select(TASK_RUNS, [equals("job_run_id", number)])
    if not rows:
        raise UsageError(f"no record of run {run} was found", f"framework runs sync -e {target} may bring it.")
    _show_found(Found("attempts", rows), output)


def compare(first: str, second: str, target: str | None, output: Output) -> None:
    """Show two runs side by side. Raises UsageError when there is none."""
    from framework.trace.compare import compare as compared

    comparison = compared(sources_of(target).ops, first, second)
    if output is Output.JSON:
        typer.echo(json.dumps(comparison.as_dict(), indent=2))
        return
    from framework.console.run_search import show_comparison
    from framework.console.streams import stdout

    show_comparison(stdout(), comparison)


def sync(target: str | None, wanted: "Wanted", output: Output) -> None:
    """Bring the records that runs could not write themselves, of runs begun ``since``, of a target's or a project's.

    Raises UsageError.
    """
    from framework.trace.search import Wanted

    is_here = target in (None, LOCAL)
    if wanted != Wanted(since=wanted.since, project="" if is_here else wanted.project):
        raise UsageError("sync takes --since, and --project of a target, but no other search", "framework runs --help")
    if is_here:
        _sync_here(output)
        return
    from framework.cli.ops import bring

    bring(str(target), output, wanted.since, wanted.project)


def _sync_here(output: Output) -> None:
    from framework.local import stored_runs
    from framework.local.ops_records import record_all
    from framework.records.run_store import RunStore

    paths = stored_runs.with_runs(Path.cwd())
    with RunStore(paths.run_store) as store:
        done = record_all(store, paths)
    typer.echo(json.dumps({"runs": done}) if output is Output.JSON else f"Runs recorded: {done}.")


def _show_found(found: "Found", output: Output, metrics: tuple[str, ...] = ()) -> None:
    if output is Output.JSON:
        typer.echo(json.dumps(found.as_dicts()))
        return
    from framework.console.run_search import show_found
    from framework.console.streams import stdout

    show_found(stdout(), found, metrics)
