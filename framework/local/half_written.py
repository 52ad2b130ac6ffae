"""What an attempt wrote and did not record: its commits say whose they are."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from framework.core.task_run import TableVersion
from framework.records.run_values import StoredAttempt
from framework.trace.delta_tables import DeltaTables


def written_by_attempt(
    warehouse: Path, table: str, attempt: StoredAttempt, before: int | None = None
) -> Iterator[TableVersion]:
    """The versions of ``table`` (three parts) that ``attempt`` committed, ``before`` one that is known of.

    The history is read no further than needed. Raises FrameworkError when it cannot be.
    """
    tables, began = DeltaTables(warehouse), datetime.fromisoformat(attempt.started_at)
    latest = tables.latest(table) if before is None else before - 1
    if latest is None:
        return
    for commit in tables.commits(table, latest):
        if commit.at and commit.at < began:
            return
        if (commit.task_run_id, commit.said.get("attempt")) == (attempt.task_run_id, attempt.attempt):
            yield TableVersion(table, commit.version, commit.rows)
