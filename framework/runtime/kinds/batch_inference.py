"""``batch_inference``: scores a table with a registered model."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from framework.core.errors import DataError
from framework.core.identifiers import Entrypoint, ModelRead, TableRead, TableWritten
from framework.core.task_run import ModelVersion
from framework.runtime import project_calls, project_code, registry, scoring, spark_errors, tables, tracking
from framework.runtime.conflicts import retried
from framework.runtime.kinds.base import KindOptions, Problem
from framework.runtime.kinds.options import STRICT, ReplaceWhere, WriteMode
from framework.runtime.predicates import quoted
from framework.runtime.task import Outcome, Task

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_ADDED = ("model_name", "model_version", "logical_date")


def _by_logical_date() -> WriteMode:
    return ReplaceWhere(replace_where=["logical_date"])


@dataclass(frozen=True, kw_only=True)
class BatchInference(KindOptions):
    """Scores rows with ``model`` and writes them with the predictions, the model's version and the logical date.

    ``reads`` names one table, or ``entrypoint`` makes the rows out of several. ``where`` is a SQL predicate over the
    rows' columns and ``logical_date``: the rows to score. ``columns`` are the ones to keep beside the predictions
    (left out: all of them).
    """

    model: ModelRead
    reads: dict[str, TableRead]
    writes: TableWritten
    entrypoint: Entrypoint | None = None
    params: dict[str, Any] = field(default_factory=dict)
    where: str | None = None
    columns: list[str] | None = None
    write_mode: WriteMode = field(default_factory=_by_logical_date)
    __pydantic_config__: ClassVar = STRICT

    def problems(self) -> Iterator[Problem]:
        """No table, or several of them that nothing makes into one."""
        if not self.entrypoint and len(self.reads) != 1:
            hint = "Read one table, or name a function that makes the rows out of them."
            yield Problem("reads", f"{len(self.reads) or 'no'} tables to score, and no entrypoint", hint)

    def run(self, task: Task) -> Outcome:
        """Score and write.

        Raises DataError when the model, its columns or the rows do not fit each other, or when there are no rows:
        writing none would erase the predictions of an earlier run.
        """
        version = registry.resolve(self.model)
        task.so_far.note(model=version)
        key = f"{version.name}/{version.version}"
        scorer, notes = scoring.prepare(key, tracking.load_model(f"models:/{key}"), task.context.spark)
        return retried(lambda: self._score(scorer, version, notes, task))

    def _score(self, scorer: scoring.Scorer, version: ModelVersion, notes: tuple[str, ...], task: Task) -> Outcome:
        inputs = tables.read(self.reads, task)
        rows = self._rows(inputs, task)
        columns = self._columns(rows, [name for name, _ in scorer.outputs])
        wanted = self._wanted(rows, task)
        self._require_rows(wanted, inputs, task)
        scored = self._with_origin(scoring.score(wanted, scorer, columns), version, task)
        try:
            written = project_calls.write(self.entrypoint, scored, self.writes, self.write_mode, task)
        except Exception as error:
            raise scoring.explain(error, scorer.key) or error from error.__cause__
        return Outcome(inputs=inputs.versions, outputs=(written,), model=version, notes=(*notes, *inputs.notes))

    def _rows(self, inputs: tables.Inputs, task: Task) -> "DataFrame":
        if self.entrypoint:
            return project_calls.frame(self.entrypoint, project_calls.call(self.entrypoint, inputs, task))
        if len(inputs.frames) != 1:
            raise DataError(
                f"task '{task.template.task_key}' reads {len(inputs.frames)} tables and has no entrypoint",
                "read one table, or name a function that makes the rows out of them",
            )
        return next(iter(inputs.frames.values()))

    def _wanted(self, rows: "DataFrame", task: Task) -> "DataFrame":
        from pyspark.sql import functions as F

        if not self.where:
            return rows
        dated = rows.withColumn("logical_date", F.lit(task.context.logical_date).cast("date"))
        try:
            wanted = dated.filter(self.where).select(*[quoted(name) for name in rows.columns])
            _ = wanted.schema  # Spark Connect looks at a query only when asked something about it
            return wanted
        except Exception as error:
            raise DataError(
                f"where cannot be evaluated: {spark_errors.summary(error)}", f"it is {self.where}"
            ) from error

    def _require_rows(self, wanted: "DataFrame", inputs: tables.Inputs, task: Task) -> None:
        with project_code.blamed_on(self.entrypoint) if self.entrypoint else nullcontext():
            if wanted.take(1):
                return
        day = f" for logical date {task.context.logical_date}" if task.context.logical_date else ""
        condition = f": where is {self.where}" if self.where else ""
        empty = [f"the table of reads.{argument} has no rows" for argument in inputs.empty()]
        raise DataError(
            f"no rows to score{day}{condition}", f"{self.writes} was left as it was; {'; '.join(empty)}".rstrip("; ")
        )

    def _columns(self, rows: "DataFrame", predicted: list[str]) -> list[str]:
        """The columns to keep. Raises DataError when one is missing or bears the name of one that is added."""
        kept = rows.columns if self.columns is None else self.columns
        if missing := [name for name in kept if name not in rows.columns]:
            raise DataError(f"columns names '{missing[0]}', which the rows lack; they have {', '.join(rows.columns)}")
        added = {name.lower() for name in (*predicted, *_ADDED)}
        clash = [name for name in kept if name.lower() in added]
        clash += [name for name in rows.columns if self.where and name.lower() == "logical_date"]
        if clash:
            raise DataError(
                f"column '{clash[0]}' of the rows has the name of one that scoring adds",
                "rename it with a function as entrypoint, or leave it out with columns",
            )
        return list(kept)

    def _with_origin(self, scored: "DataFrame", version: ModelVersion, task: Task) -> "DataFrame":
        from pyspark.sql import functions as F

        values = (F.lit(version.name), F.lit(version.version), F.lit(task.context.logical_date).cast("date"))
        return scored.select("*", *[value.alias(name) for name, value in zip(_ADDED, values, strict=True)])
