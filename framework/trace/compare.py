"""Two runs side by side."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from framework.core.errors import UsageError
from framework.core.model_notes import says_kept
from framework.core.ops_tables import JOB_RUNS, TASK_RUNS
from framework.trace.conditions import Row, equals
from framework.trace.described import moment
from framework.trace.ops import Ops
from framework.trace.plain_values import jsonable
from framework.trace.search import run_number

COMPARISON_SCHEMA = 1
_RUN = ("project", "pipeline", "target", "result", "trigger", "backfill")
_CODE = ("commit", "dirty", "release", "project_wheel", "runtime_wheel", "bundle")
_ENVIRONMENT = ("framework", "python", "spark", "runtime", "principal")
_ALWAYS_OTHER = ("started", "duration_s")
"""What differs between any two runs, and is no difference."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing of both runs, as ``first`` and ``second`` have it; None where one does not have it."""

    section: str
    name: str
    first: Any
    second: Any

    @property
    def differs(self) -> bool:
        """Whether it is worth a look."""
        return bool(self.first != self.second) and self.name not in _ALWAYS_OTHER


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What ``runs`` (two numbers) did, line by line."""

    runs: tuple[str, str]
    lines: tuple[Line, ...]

    def as_dict(self) -> dict[str, Any]:
        """The object of ``-o json``; fields may be added, never renamed."""
        lines = [{**jsonable(vars(line)), "differs": line.differs} for line in self.lines]
        return {"schema": COMPARISON_SCHEMA, "runs": list(self.runs), "lines": lines}


def compare(ops: Ops, first: str, second: str) -> Comparison:
    """The two runs of jobs, by their numbers or as 'last'. Raises UsageError when there is none."""
    numbers = (run_number(ops, first), run_number(ops, second))
    (one, tasks_of_one), (other, tasks_of_other) = (_read(ops, number) for number in numbers)
    lines = [*_of_runs(one, other)]
    for key in dict.fromkeys((*tasks_of_one, *tasks_of_other)):
        lines += _lines(f"task {key}", _of_task(tasks_of_one.get(key)), _of_task(tasks_of_other.get(key)))
    return Comparison(runs=numbers, lines=tuple(lines))


def _read(ops: Ops, number: str) -> tuple[Row, dict[str, Row]]:
    """The run's last row, and that of the last attempt of each of its tasks, in the order in which they began."""
    jobs = ops.select(JOB_RUNS, [equals("job_run_id", number)])
    rows = ops.select(TASK_RUNS, [equals("job_run_id", number)])
    if not (jobs and rows):
        raise UsageError(
            f"no record of run {number} was found", "framework runs lists the runs; runs sync brings more."
        )
    tasks: dict[str, Row] = {}
    for row in reversed(rows):
        key = row["task_key"] if row["iteration"] is None else f"{row['task_key']}[{row['iteration']}]"
        earlier = tasks.get(key)
        if earlier is None or (row["repair"], row["attempt"]) >= (earlier["repair"], earlier["attempt"]):
            tasks[key] = row
    return max(jobs, key=lambda row: row["repair"]), tasks


def _of_runs(one: Row, other: Row) -> Iterator[Line]:
    yield from _lines("run", _picked(one, _RUN) | _times(one), _picked(other, _RUN) | _times(other))
    yield from _lines("parameters", one["parameters"], other["parameters"])
    yield from _lines("code", _picked(one, _CODE), _picked(other, _CODE))
    yield from _lines("environment", _environment(one), _environment(other))


def _of_task(row: Row | None) -> dict[str, Any]:
    if row is None:
        return {}
    model = f"{row['model_name']} v{row['model_version']}" if row["model_version"] else ""
    kept = " (kept)" if says_kept(row["kind"], row["notes"]) else ""
    passed = row["verdict_passed"]
    return {
        "result": row["result"],
        **_times(row),
        "attempts": row["attempt"],
        **{f"input {each['table']}": f"v{each['version']}" for each in row["inputs"] or ()},
        **{f"output {each['table']}": _written(each) for each in row["outputs"] or ()},
        **{f"parameter {name}": value for name, value in row["parameters"].items()},
        **{f"metric {name}": value for name, value in row["metrics"].items()},
        **({"model": model + kept} if model else {}),
        **({"verdict": "passed" if passed else "not passed"} if passed is not None else {}),
        **({"error": f"{row['error_type']}: {row['error_message']}"} if row["error_type"] else {}),
    }


def _written(table: Mapping[str, Any]) -> str:
    rows = f", {table['rows']} rows" if table["rows"] is not None else ""
    return f"v{table['version']}{rows}"


def _times(row: Row) -> dict[str, Any]:
    return {"started": moment(row["started_at"]), "duration_s": row["duration_s"]}


def _environment(row: Row) -> dict[str, Any]:
    return {**_picked(row, _ENVIRONMENT), **{f"compute {name}": value for name, value in row["compute"].items()}}


def _picked(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names if row[name] not in ("", None)}


def _lines(section: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Line]:
    for name in dict.fromkeys((*one, *other)):
        yield Line(section=section, name=name, first=one.get(name), second=other.get(name))
