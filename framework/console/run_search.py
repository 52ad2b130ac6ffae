"""Runs that were looked for, and two of them side by side."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from framework.console.results import seconds, styled
from framework.core.printable import printable
from framework.trace.compare import Comparison
from framework.trace.conditions import Row
from framework.trace.search import Found


def show_found(console: Console, found: Found, metrics: Sequence[str] = ()) -> None:
    """One line each; of attempts the wanted ``metrics``, too."""
    of_task = ("task", "attempt") if found.kind == "attempts" else ()
    table = _table("run", "job", *of_task, "target", "result", "started", "duration", "commit", *metrics)
    for row in found.rows:
        task = (Text(printable(_task(row))), str(row["attempt"])) if of_task else ()
        named = [f"{row['metrics'][name]:.6g}" for name in metrics]
        table.add_row(
            str(row["job_run_id"]), Text(printable(row["pipeline"])), *task, Text(row["target"]), *_outcome(row), *named
        )
    console.print(table)


def show_comparison(console: Console, comparison: Comparison) -> None:
    """Both, line by line; what differs is marked."""
    table = _table("", "", *(f"run {number}" for number in comparison.runs))
    section = ""
    for line in comparison.lines:
        if line.section != section:
            section = line.section
            table.add_row("", Text(section, "bold"), "", "")
        style = "yellow" if line.differs else "dim"
        values = (Text(printable(_value(value)), style) for value in (line.first, line.second))
        table.add_row(Text("≠" if line.differs else "", style), Text(printable(f"  {line.name}"), style), *values)
    console.print(table)
    count = sum(line.differs for line in comparison.lines)
    console.print(f"\n{count or 'No'} {'difference' if count == 1 else 'differences'}")


def _outcome(row: Row) -> tuple[Text, str, str, str]:
    began: datetime | None = row["started_at"]
    started = began.astimezone().strftime("%Y-%m-%d %H:%M:%S") if began else ""
    duration = seconds(row["duration_s"]) if row["duration_s"] is not None else ""
    return styled(row["result"]), started, duration, (row["commit"] or "")[:12] + ("+" if row["dirty"] else "")


def _task(row: Row) -> str:
    return row["task_key"] if row["iteration"] is None else f"{row['task_key']}[{row['iteration']}]"


def _value(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
