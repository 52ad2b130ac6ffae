"""``feature_table``: a table of features with a primary key."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from framework.core.errors import DataError
from framework.core.identifiers import Entrypoint, TableRead, TableWritten
from framework.core.task_run import TableVersion
from framework.runtime import project_calls, tables
from framework.runtime.conflicts import retried
from framework.runtime.kinds.base import KindOptions, Problem
from framework.runtime.kinds.options import STRICT, ReplaceWhere, WriteMode
from framework.runtime.task import Outcome, Task


@dataclass(frozen=True, kw_only=True)
class FeatureTable(KindOptions):
    """Computes features with the project's function and writes them as a table.

    The function returns one DataFrame. ``primary_keys`` must be unique and not null; the write is refused as a whole
    when they are not. ``comments`` say what columns mean.
    """

    entrypoint: Entrypoint
    reads: dict[str, TableRead] = field(default_factory=dict)
    writes: TableWritten
    primary_keys: list[str]
    params: dict[str, Any] = field(default_factory=dict)
    write_mode: WriteMode = "overwrite"
    comments: dict[str, str] = field(default_factory=dict)
    __pydantic_config__: ClassVar = STRICT

    def problems(self) -> Iterator[Problem]:
        """A key of no column, or of one twice; a mode that looks at the new rows alone and so cannot keep it unique."""
        if not self.primary_keys:
            yield Problem("primary_keys", "a primary key needs a column", "Write primary_keys: [id].")
        # Spark takes no notice of the case of a column's name.
        columns = [column.lower() for column in self.primary_keys]
        for column in dict.fromkeys(each for each in columns if columns.count(each) > 1):
            yield Problem("primary_keys", f"column '{column}' is in the primary key twice", "Keep one of them.")
        if self.write_mode == "append":
            hint = "Use overwrite, or {replace_where: […]} on columns of the key."
            yield Problem("write_mode", "write_mode append cannot keep a primary key unique", hint)
        for column in self.write_mode.replace_where if isinstance(self.write_mode, ReplaceWhere) else ():
            if column not in self.primary_keys:
                hint = f"Add '{column}' to primary_keys, or use write_mode overwrite."
                summary = f"'{column}' is not part of the primary key, so keys could repeat between slices"
                yield Problem("write_mode", summary, hint)

    def run(self, task: Task) -> Outcome:
        """Compute and write. Raises DataError when the key does not hold, ProjectCodeError when the function fails."""
        if problem := next(self.problems(), None):
            raise DataError(f"{self.writes}: {problem.summary}", problem.hint)
        return retried(lambda: self._compute(task))

    def _compute(self, task: Task) -> Outcome:
        inputs = tables.read(self.reads, task)
        result = project_calls.call(self.entrypoint, inputs, task)
        written = project_calls.write(
            self.entrypoint, result, self.writes, self.write_mode, task, key=self.primary_keys, comments=self.comments
        )
        return Outcome(inputs=inputs.versions, outputs=(written,), notes=(*inputs.notes, *_remarks(written)))


def _remarks(written: TableVersion) -> tuple[str, ...]:
    return () if written.rows else (f"{written.table} was written without any row",)
