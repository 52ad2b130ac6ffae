"""Whether versions of tables that a run read or wrote can still be read."""

from collections.abc import Sequence

from framework.core.task_run import TableVersion
from framework.trace.reproduced.verdicts import Line, short
from framework.trace.tables import Tables

_ADVICE = (
    "restore its files from a backup, or compare with a new run of the same commit; how long a table keeps its past "
    "is set by delta.deletedFileRetentionDuration and delta.logRetentionDuration"
)


def gone(tables: Tables, table: str, version: int) -> str:
    """Why that version cannot be read any more, and what to do; empty when it can."""
    latest = tables.latest(table)
    if latest is None:
        return f"there is no such table any more; {_ADVICE}"
    if latest < version:
        return f"the table was made anew since and is at v{latest}; {_ADVICE}"
    why = tables.unreadable(table, version)
    return f"{why}; {_ADVICE}" if why else ""


def lines_of_gone(tables: Tables, read: Sequence[TableVersion]) -> list[Line]:
    """A line for each that was read and is gone."""
    whys = {each: gone(tables, each.table, each.version) for each in read}
    return [
        Line(what=f"reads {short(each.table)}", then=f"v{each.version}", now="gone", judgement="unknown", reason=why)
        for each, why in whys.items()
        if why
    ]
