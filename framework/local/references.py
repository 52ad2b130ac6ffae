"""What dynamic value references stand for in a local run."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from framework.core.dynamic_values import substitute, time_part
from framework.local.loops import as_text, input_text
from framework.runtime.arguments import NO_WORKSPACE

_NO_INPUT = object()


class Unfilled(Exception):
    """A reference that has no value in this run; the message says why."""


@dataclass(frozen=True)
class Known:
    """What the tasks of a run have left for those after them, by task key; grows while the run goes on.

    ``outputs`` are the files in which SQL tasks left their rows.
    """

    results: dict[str, str] = field(default_factory=dict)
    task_run_ids: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a reference stands: in which attempt of which task, in which iteration of a loop."""

    task_key: str = ""
    task_run_id: str = ""
    execution_count: int = 1
    notebook_path: str = ""
    input: Any = _NO_INPUT


@dataclass(frozen=True, kw_only=True)
class RunValues:
    """The values of one run. Times are in UTC; ``backfill`` is the date that a backfill runs for."""

    job_run_id: int
    job_name: str
    parameters: Mapping[str, str]
    started: datetime
    job_id: int = 0
    repair_count: int = 0
    trigger: str = "one_time"
    backfill: datetime | None = None
    known: Known = field(default_factory=Known)

    def fill(self, text: str, place: Place) -> str:
        """``text`` with every reference replaced. Raises Unfilled."""
        return substitute(text, lambda reference: self._value(reference, place))

    def with_filled_parameters(self) -> "RunValues":
        """The same with the references in the parameters replaced: they may refer to each other."""
        return replace(self, parameters={name: self._parameter(name, ()) for name in self.parameters})

    def _parameter(self, name: str, within: tuple[str, ...]) -> str:
        if name in within:
            raise Unfilled(f"job parameter '{name}' refers to itself: {' → '.join((*within, name))}")
        if name not in self.parameters:
            raise Unfilled(f"the job has no parameter '{name}'")

        def look_up(reference: str) -> str:
            own = reference.removeprefix("job.parameters.")
            if own == reference:
                return self._value(reference, Place())
            return self._parameter(own, (*within, name))

        return substitute(self.parameters[name], look_up)

    def _value(self, reference: str, place: Place) -> str:
        namespace, _, member = reference.partition(".")
        read = _NAMESPACES.get(namespace)
        if read is None:
            raise Unfilled(f"the Jobs service knows no {{{{{reference}}}}}")
        try:
            return read(self, member, place)
        except KeyError:
            raise Unfilled(f"{{{{{reference}}}}} has no value in this run") from None


def _job(run: RunValues, member: str, place: Place) -> str:
    if member.startswith("parameters."):
        return run._parameter(member.removeprefix("parameters."), ())
    if member.startswith(("start_time.", "trigger.time.")):
        return time_part(run.started, member.rpartition(".")[2])
    return {
        "id": str(run.job_id),
        "name": run.job_name,
        "run_id": str(run.job_run_id),
        "repair_count": str(run.repair_count),
        "trigger.type": run.trigger,
    }[member]


def _task(run: RunValues, member: str, place: Place) -> str:
    return {
        "name": place.task_key,
        "run_id": place.task_run_id,
        "execution_count": str(place.execution_count),
        **({"notebook_path": place.notebook_path} if place.notebook_path else {}),
    }[member]


def _tasks(run: RunValues, member: str, place: Place) -> str:
    task, _, member = member.partition(".")
    if member == "run_id":
        return run.known.task_run_ids[task]
    if member == "result_state":
        return run.known.results[task].lower()
    if member.startswith("values."):
        return _task_value(run.known, task, member.removeprefix("values."))
    if member == "error_code":
        raise Unfilled(f"{{{{tasks.{task}.error_code}}}} has no value in a local run")
    return _output(run.known, task, member)


def _task_value(known: Known, task: str, key: str) -> str:
    if key in known.values.get(task, {}):
        return as_text(known.values[task][key])
    how = known.results.get(task, "not run")
    raise Unfilled(f"{{{{tasks.{task}.values.{key}}}}} has no value: task '{task}' ({how}) set no '{key}'")


def _output(known: Known, task: str, member: str) -> str:
    if task not in known.outputs:
        raise Unfilled(f"{{{{tasks.{task}.{member}}}}} has no value: task '{task}' left no rows")
    rows = json.loads(known.outputs[task].read_text(encoding="utf-8"))["rows"]
    if member == "output.rows":
        return as_text(rows)
    if not rows:
        raise Unfilled(f"{{{{tasks.{task}.{member}}}}} has no value: the query of task '{task}' gave no row")
    column = member.removeprefix("output.first_row").removeprefix(".")
    return as_text(rows[0][column] if column else rows[0])


def _workspace(run: RunValues, member: str, place: Place) -> str:
    return {"id": "0", "url": NO_WORKSPACE}[member]


def _backfill(run: RunValues, member: str, place: Place) -> str:
    if run.backfill is None:
        raise Unfilled(f"{{{{backfill.{member}}}}} has a value in a backfill only: framework backfill")
    return time_part(run.backfill, member)


def _input(run: RunValues, member: str, place: Place) -> str:
    if place.input is _NO_INPUT:
        raise Unfilled("{{input}} has a value inside a for_each_task only")
    return input_text(place.input, member)


_NAMESPACES: dict[str, Callable[[RunValues, str, Place], str]] = {
    "job": _job,
    "task": _task,
    "tasks": _tasks,
    "workspace": _workspace,
    "backfill": _backfill,
    "input": _input,
}
