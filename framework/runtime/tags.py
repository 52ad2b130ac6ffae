"""Tags and properties of tables: properties only where they differ, so a run that changes nothing makes no commit."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from framework.core.task_run import TableVersion, TaskRun
from framework.runtime import spark_errors
from framework.runtime.predicates import literal
from framework.runtime.registry import unity_tags
from framework.runtime.task import Task

PROJECT = "framework.project"
"""The property that says whose table it is."""
_TAG = "framework.tag."
_LOG, _FILES = "delta.logRetentionDuration", "delta.deletedFileRetentionDuration"
_DEFAULT_DAYS = {_LOG: 30.0, _FILES: 7.0}
_PART = re.compile(r"(\d+)\s+(second|minute|hour|day|week)s?")
_DAYS = {"second": 1 / 86400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0}
_LOCAL = "local"
_logger = logging.getLogger("framework.tags")


def put_on(table: str, task: Task) -> None:
    """The task's tags on ``table``: properties, and in a workspace tags of Unity Catalog, too.

    The rows are written by then, so a table that cannot be tagged stays, and the log says why.
    """
    with _told(table):
        for statement in statements(table, _properties(table, task), task.template):
            # Each by itself: who may not set tags may set properties.
            with _told(table):
                task.context.spark.sql(statement)


def statements(table: str, there: Mapping[str, str], template: TaskRun) -> Iterator[str]:
    """Those that put the tags of ``template`` on ``table``, which has the properties ``there``."""
    wanted = {PROJECT: template.project, **{_TAG + name: value for name, value in template.tags.items()}}
    if new := {name: value for name, value in wanted.items() if there.get(name) != value}:
        yield _with_properties(table, new)
    if template.tags and template.target != _LOCAL:
        # Whether code took one away is slower to ask than to set them again, which makes no commit.
        yield f"ALTER TABLE {table} SET TAGS ({_pairs(unity_tags(template.tags))})"


def keep_past(inputs: Iterable[TableVersion], task: Task) -> tuple[str, ...]:
    """Keep the versions of ``inputs`` as long as the policy wants; notes about tables where that was not so.

    A table of another project is never altered, nor is anything by a task that is done once more.
    """
    if not task.template.keep_inputs_days or task.pinned:
        return ()
    return tuple(note for each in inputs for note in _kept(each.table, task.template.keep_inputs_days, task))


def days(interval: str) -> float:
    """How long ``interval 30 days`` is; 0 for what cannot be read."""
    return sum(int(number) * _DAYS[unit] for number, unit in _PART.findall(interval.lower()))


def _kept(table: str, wanted: int, task: Task) -> Iterator[str]:
    try:
        there = _properties(table, task)
        now = {name: days(there[name]) if name in there else default for name, default in _DEFAULT_DAYS.items()}
        if min(now.values()) >= wanted:
            return
        if there.get(PROJECT) != task.template.project or table in task.shared_tables.values():
            shortest = f"{table} keeps its versions for {min(now.values()):g} days only"
            yield f"{shortest}: the policy wants {wanted} for training, but the table is not this project's to change"
            return
        # Both at once: Delta refuses files that are kept for longer than the log.
        longest = {name: there[name] if now[name] >= wanted else f"interval {wanted} days" for name in now}
        task.context.spark.sql(_with_properties(table, longest))
        yield f"{table} keeps its versions for {wanted} days from now on"
    except Exception as error:
        yield f"{table} could not be made to keep its versions for {wanted} days: {_why(error)}"


@contextmanager
def _told(table: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        _logger.warning("%s could not be tagged: %s", table, _why(error))


def _properties(table: str, task: Task) -> dict[str, str]:
    return {row[0]: row[1] for row in task.context.spark.sql(f"SHOW TBLPROPERTIES {table}").collect()}


def _with_properties(table: str, properties: Mapping[str, str]) -> str:
    return f"ALTER TABLE {table} SET TBLPROPERTIES ({_pairs(properties)})"


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{literal(name)} = {literal(value)}" for name, value in sorted(values.items()))


def _why(error: Exception) -> str:
    return spark_errors.summary(error) or repr(error)
