"""Tasks that were done once more, beside what came of them the first time."""

import os
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from framework.trace.reproduced.verdicts import Reproduced, TaskAgain

_STYLES = {"same": "green", "differs": "bold red", "unknown": "yellow"}


def show_reproduced(console: Console, done: Reproduced) -> None:
    """A line for each thing that was compared, why some differ, and the verdict."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold")
    for column in ("task", "", "then", "now", ""):
        table.add_column(column, overflow="fold")
    for task in done.tasks:
        for number, line in enumerate(task.lines):
            name = Text("" if number else task.task)
            judged = Text(line.judgement, _STYLES[line.judgement])
            table.add_row(name, Text(line.what), Text(line.then), Text(line.now), judged)
    console.print(table)
    for task in done.tasks:
        _show_remarks(console, task)
    for skipped, reason in done.skipped.items():
        console.print(Text(f"{skipped}: not done again: {reason}", "dim"), soft_wrap=True)
    _show_verdict(console, done)


def _show_remarks(console: Console, task: TaskAgain) -> None:
    for line in task.lines:
        if line.reason:
            console.print(Text(f"{task.task}: {line.what}: {line.reason}", _STYLES[line.judgement]), soft_wrap=True)
    for note in task.notes:
        console.print(Text(f"{task.task}: {note}", "dim"), soft_wrap=True)
    if task.log and task.judgement != "same":
        console.print(Text(f"{task.task}: its log: {_near(task.log)}", "dim"), soft_wrap=True)


def _show_verdict(console: Console, done: Reproduced) -> None:
    of = f"run {done.job_run_id}" + (f", commit {done.commit[:12]}" if done.commit else "")
    judgements = {each.judgement for each in done.tasks}
    if done.is_same:
        part = f" in {len(done.tasks)} of {len(done.tasks) + len(done.skipped)} tasks" if done.skipped else ""
        left = f" Not done again: {', '.join(done.skipped)}." if done.skipped else ""
        console.print(Text(f"\nThe same{part}: {of}.{left}", "green"), soft_wrap=True)
    elif "differs" in judgements:
        kept = f" The new rows are in {done.scratch}." if done.scratch else ""
        console.print(Text(f"\nNot the same: {of}.{kept}", "bold red"), soft_wrap=True)
    else:
        names = ", ".join(each.task for each in done.tasks if each.judgement == "unknown")
        console.print(Text(f"\nNot all of {names} can be compared: {of}.", "yellow"), soft_wrap=True)


def _near(file: str) -> str:
    return os.path.relpath(file) if Path(file).is_absolute() else file
