"""Runs that somebody looks for, by what they did."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from framework.core.errors import UsageError
from framework.core.job_run import JobResult
from framework.core.ops_tables import JOB_RUNS, TASK_RUNS, OpsTable
from framework.core.task_run import TaskResult
from framework.spec.suggestions import did_you_mean
from framework.trace.conditions import COMPARISONS, Condition, Row, begins, entry, equals, number, one_of, since, until
from framework.trace.ops import Ops
from framework.trace.plain_values import jsonable

_METRIC = re.compile(rf"(?P<name>[^<>=!]+?)\s*(?P<comparison>{'|'.join(COMPARISONS)})\s*(?P<value>[^<>=!]+)")
_AGO = re.compile(r"(\d{1,5})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_YEARS = range(1971, 2262)
"""In which SQL engines have every moment, whatever its zone."""
_COMMIT = re.compile(r"[0-9a-f]{4,40}")
_HIDDEN = ("source", "repair")
_STATES = ("QUEUED", "RUNNING", "INTERRUPTED")
"""What stands for the result of a run that has not ended."""
RESULTS = tuple(dict.fromkeys((*get_args(TaskResult), *get_args(JobResult), *_STATES)))
NO_RECORDS = "framework run starts one; framework runs sync, with the same -e, brings records that are not there."


@dataclass(frozen=True)
class MetricLimit:
    """Such as ``wape<0.6``."""

    name: str
    comparison: str
    value: float

    @classmethod
    def parse(cls, text: str) -> "MetricLimit":
        """As it is written on the command line. Raises UsageError."""
        match = _METRIC.fullmatch(text)
        try:
            found = cls(match["name"].strip(), match["comparison"], float(match["value"]))  # type: ignore[index]
        except (TypeError, ValueError):
            found = None
        if found is None or not math.isfinite(found.value):
            hint = f"A name, one of {' '.join(COMPARISONS)}, and a number, in quotes: --metric 'wape<0.6'"
            raise UsageError(f"--metric takes a comparison with a number, and '{text}' is none", hint)
        return found


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for; what is left out may be anything. ``commit`` is how it begins."""

    project: str = ""
    pipeline: str = ""
    task: str = ""
    result: str = ""
    commit: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[MetricLimit, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def table(self) -> OpsTable:
        """What is found: attempts, when it is about tasks; else runs of jobs."""
        return TASK_RUNS if self.task or self.metrics else JOB_RUNS

    @property
    def is_anything(self) -> bool:
        """Whether nothing was said."""
        return self == Wanted()

    def conditions(self) -> list[Condition]:
        """For the rows of ``table``. Raises UsageError."""
        if self.commit and not _COMMIT.fullmatch(self.commit):
            raise UsageError(f"'{self.commit}' is no commit", "Four or more of its hex digits.")
        if self.result and (result := self.result.upper()) not in RESULTS:
            near = did_you_mean(result, RESULTS)
            raise UsageError(f"there is no result '{self.result}'{near}", f"One of: {', '.join(RESULTS)}.")
        named = (("project", self.project), ("pipeline", self.pipeline), ("task_key", self.task))
        found = [equals(column, value) for column, value in (*named, ("result", self.result.upper())) if value]
        found += [begins("commit", self.commit)] if self.commit else []
        found += [entry("parameters", name, value) for name, value in self.params.items()]
        found += [number("metrics", each.name, each.comparison, each.value) for each in self.metrics]
        found += [since(self.since)] if self.since else []
        found += [until(self.until)] if self.until else []
        return found


@dataclass(frozen=True)
class Found:
    """Rows, newest first: of attempts, or of runs of jobs."""

    kind: Literal["attempts", "runs"]
    rows: Sequence[Row]

    def as_dicts(self) -> list[dict[str, Any]]:
        """For ``-o json``; fields may be added, never renamed."""
        return [self._as_dict(row) for row in self.rows]

    def _as_dict(self, row: Row) -> dict[str, Any]:
        plain: dict[str, Any] = jsonable(row)
        if self.kind == "attempts":
            return plain
        shown = {name: value for name, value in plain.items() if name not in _HIDDEN}
        return {**shown, "job_run_id": int(row["job_run_id"]), "repairs": row["repair"]}


def find(ops: Ops, wanted: Wanted, limit: int) -> Found:
    """The latest ``limit`` that are as ``wanted``."""
    where, asked = wanted.conditions(), limit
    if wanted.table is TASK_RUNS:
        return Found("attempts", ops.select(TASK_RUNS, where, limit=limit))
    while True:
        asked *= 2
        rows = ops.select(JOB_RUNS, where, limit=asked)
        found = _last_words(ops, rows)
        if len(found) >= limit or len(rows) < asked:
            return Found("runs", found[:limit])


def run_number(ops: Ops, text: str, *, also_unrecorded: bool = False) -> str:
    """``text``, or the number of the ``last`` run that no other one started. Raises UsageError when there is none.

    ``also_unrecorded``: or of a newer one, whoever started it, that has no record of its own yet.
    """
    if text != "last":
        return text
    latest = ops.select(JOB_RUNS, [equals("parent_run_id", "")], columns=("job_run_id", "started_at"), limit=1)
    if also_unrecorded and (number := unrecorded(ops, latest)):
        return number
    if not latest:
        raise UsageError("there is no run yet in the records", NO_RECORDS)
    return str(latest[0]["job_run_id"])


def unrecorded(ops: Ops, latest: Sequence[Row]) -> str:
    """The number of the run that is newer than the ``latest`` and has records of attempts alone; empty: there is none.

    In a workspace the processes of attempts write theirs at once, and ``framework runs sync`` brings that of the run.
    """
    where = [since(row["started_at"]) for row in latest if row["started_at"]]
    for attempt in ops.select(TASK_RUNS, where, columns=("job_run_id",), limit=1):
        known = [equals("job_run_id", attempt["job_run_id"])]
        if not ops.select(JOB_RUNS, known, columns=("job_run_id",), limit=1):
            return str(attempt["job_run_id"])
    return ""


def moment(option: str, text: str) -> datetime:
    """A date, a date with a time (of this machine's zone, when it names none), or how long ago: 12h, 7d, 4w."""
    try:
        match = _AGO.fullmatch(text)
        found = datetime.now(UTC) - int(match[1]) * _UNITS[match[2]] if match else datetime.fromisoformat(text)
        if found.year in _YEARS:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    hint = f"A date such as {option} 2026-01-31, a moment such as 2026-01-31T18:00, or 12h, 7d, 4w ago."
    raise UsageError(f"{option} takes a date since {_YEARS[0]}, and '{text}' is none", hint)


def _last_words(ops: Ops, rows: Iterable[Row]) -> list[Row]:
    """Those of ``rows`` that are the last of their run: each repair of it leaves one more."""
    rows = list(rows)
    if not rows:
        return []
    where = [one_of("job_run_id", (row["job_run_id"] for row in rows))]
    last: dict[str, int] = {}
    for row in ops.select(JOB_RUNS, where, columns=("job_run_id", "repair")):
        last[row["job_run_id"]] = max(row["repair"], last.get(row["job_run_id"], 0))
    return [row for row in rows if row["repair"] == last[row["job_run_id"]]]
