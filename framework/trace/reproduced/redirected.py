"""A task's template and record → what does it once more without touching anything that is there."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from framework.core.pinned import Pinned
from framework.core.task_run import PLAN_SCHEMA, AttemptRecord, TaskRun
from framework.runtime import arguments, plain_values, plans
from framework.runtime.kinds import KINDS
from framework.runtime.predicates import slice_predicate
from framework.trace.reproduced.written import Written

EXPERIMENT_SUFFIX = ".reproduced"
"""Of the experiment that gets the MLflow runs: nobody should take them for those of the pipeline."""


@dataclass(frozen=True, kw_only=True)
class Redirected:
    """``template`` writes into a scratch schema; ``written`` are its tables there, and what to compare them with."""

    template: TaskRun
    pinned: Pinned
    written: tuple[Written, ...]


def redirected(template: TaskRun, record: AttemptRecord, scratch: str, number: int) -> Redirected:
    """``template`` with the model in ``record``, its tables in the schema ``scratch``. ``number`` is the task's own."""
    places = {table: _place(table, scratch, number) for table in plans.written_by(template)}
    against = record.verdict.against if record.verdict else ""
    return Redirected(
        template=replace(template, options=_options(template, record, places), ops_schema="", telemetry={}),
        pinned=Pinned(
            tables={each.table: each.version for each in record.inputs},
            candidate=record.model.mlflow_run_id if record.model else "",
            # "champion v3", or "no model".
            rival=against.rpartition(" v")[2] if " v" in against else "",
        ),
        written=tuple(_written(template, record, places)),
    )


def plan_of(again: Redirected, shared_tables: Mapping[str, str] = MappingProxyType({})) -> str:
    """The text of a plan of this task alone; ``shared_tables`` are those of the plan that it comes from."""
    template = again.template
    head = {"project": template.project, "pipeline": template.pipeline, "target": template.target}
    shared = {"shared_tables": dict(shared_tables)} if shared_tables else {}
    return json.dumps({"schema": PLAN_SCHEMA, **head, **shared, "tasks": {template.task_key: template.as_dict()}})


def told(again: Redirected, record: AttemptRecord, plan: str, own: Mapping[str, str]) -> dict[str, str]:
    """The arguments of the attempt by name; ``own`` are some of ours beside those that are always given."""
    given = {
        "plan": plan,
        "task": record.task_key,
        "attempt": str(record.attempt),
        "logical_date": record.logical_date,
        "pinned": again.pinned.to_json(),
        **own,
    }
    return {**record.parameters, **{f"{arguments.OWN}{name}": value for name, value in given.items() if value}}


def _place(table: str, scratch: str, number: int) -> str:
    _, schema, name = table.split(".")
    return f"{scratch}.{schema}__{name}__{number}"


def _options(template: TaskRun, record: AttemptRecord, places: Mapping[str, str]) -> dict[str, Any]:
    options = dict(template.options)
    writes = options.get("writes")
    if isinstance(writes, Mapping):
        options["writes"] = {name: places[table] for name, table in writes.items()}
    elif writes:
        options["writes"] = places[writes]
    if options.get("experiment"):
        options["experiment"] += EXPERIMENT_SUFFIX
    # One that is used, not one that is only named.
    if record.model and record.model.version and any(sign in str(options.get("model", "")) for sign in "@/"):
        options["model"] = f"{record.model.name}/{record.model.version}"
    return options


def _written(template: TaskRun, record: AttemptRecord, places: Mapping[str, str]) -> Iterator[Written]:
    part = _part(template, record) if record.outputs else ""
    for each in record.outputs:
        if each.table in places:
            yield Written(table=each.table, version=each.version, scratch=places[each.table], part=part)


def _part(template: TaskRun, record: AttemptRecord) -> str:
    mode = getattr(plain_values.load(KINDS[template.kind], template.options), "write_mode", "overwrite")
    if isinstance(mode, str):
        return "added" if mode == "append" else "all"
    day = date.fromisoformat(record.logical_date) if record.logical_date else None
    params = arguments.convert_params(template, record.parameters)
    return slice_predicate(mode.replace_where, day, params)
