"""The rows of attempts in the tables of run records: a cluster's processes append them, here it is done for them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from framework.core.ops_tables import TASK_RUNS, row_of
from framework.core.task_run import DEV_PREFIX, AttemptRecord
from framework.records.ops_arrow import arrow_table
from framework.testing.fake_workspace import Json, State
from framework.testing.fake_workspace.sql import tables

ReadFile = Callable[[str], bytes]


def table_of(record: AttemptRecord, settings: Json, read_file: ReadFile) -> str:
    """The table for the record of a task of the job with these ``settings``; empty for a task that is not of ours."""
    for task in settings["tasks"]:
        given = _parameters(task)
        if given.get("framework.task") == record.task_key:
            template = json.loads(read_file(given["framework.plan"]))["tasks"][record.task_key]
            schema = template.get("ops_schema", "").replace(DEV_PREFIX, given.get("framework.dev_prefix", ""))
            return f"{schema}.{TASK_RUNS.name}" if schema else ""
    return ""


def append(state: State, table: str, record: AttemptRecord, principal: str) -> None:
    """Append the row of ``record``, if ``framework ops install`` made the table."""
    from deltalake import write_deltalake

    if f"table:{table}" in state.securables:
        told = replace(record, environment=replace(record.environment, principal=principal))
        write_deltalake(tables.opened(state, table), arrow_table(TASK_RUNS, [row_of(told)]), mode="append")


def _parameters(task: dict[str, Any]) -> dict[str, str]:
    inner = task.get("for_each_task", {}).get("task", task)
    wheel, notebook = inner.get("python_wheel_task", {}), inner.get("notebook_task", {})
    return {**wheel.get("named_parameters", {}), **notebook.get("base_parameters", {})}
