"""The Jobs service's dynamic value references, ``{{job.parameters.as_of}}`` and the like.

Rules from docs.databricks.com/jobs/dynamic-value-references: an unknown member of a known namespace is an error there;
an unknown namespace stays as it is, silently, so here it is an error before anything runs.

An identifier with special characters stands in backticks, and some write a parameter's in brackets. References are
handed on without these: a task key holds no dot, so the rest of a reference is one name, whatever is in it.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime

_REFERENCE = re.compile(r"\{\{\s*+([^{}\s]*+(?:\s++[^{}\s]++)*+)\s*+\}\}")
_UNCLOSED = re.compile(
    r"\{\{\s*+(?:job|tasks?|input|backfill|workspace)\b(?:[^{}]|\{(?!\{)|\}(?!\}))*+(?!\}\})", re.DOTALL
)
_ESCAPED = re.compile(r"(?<=\.)(?:`([^`]+)`|\[([^\[\]]+)\])(?=\.|$)")

_TIME_PARTS: dict[str, Callable[[datetime], str]] = {
    "iso_weekday": lambda at: str(at.isoweekday()),
    "is_weekday": lambda at: str(at.isoweekday() <= 5).lower(),
    "iso_date": lambda at: at.date().isoformat(),
    "iso_datetime": lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "year": lambda at: str(at.year),
    "month": lambda at: str(at.month),
    "day": lambda at: str(at.day),
    "hour": lambda at: str(at.hour),
    "minute": lambda at: str(at.minute),
    "second": lambda at: str(at.second),
    "timestamp_ms": lambda at: str(int(at.timestamp() * 1000)),
}

FIXED = (
    {f"job.{name}" for name in ("id", "name", "run_id", "repair_count", "trigger.type")}
    | {"job.trigger.file_arrival.location", "job.trigger.table_update.updated_tables"}
    | {f"job.{moment}.{part}" for moment in ("start_time", "trigger.time") for part in _TIME_PARTS}
    | {f"task.{name}" for name in ("name", "run_id", "execution_count", "notebook_path")}
    | {f"backfill.{name}" for name in ("iso_date", "iso_datetime", "year", "month", "day")}
    | {"workspace.id", "workspace.url", "input"}
)
"""The references that name neither a parameter nor a task."""
_TASK_MEMBERS = re.compile(
    r"run_id|result_state|error_code|values\..+|output\.(rows|first_row(\..+)?|alert_state)", re.DOTALL
)
_UPDATED_TABLE = re.compile(
    rf"job\.trigger\.table_update\..+\.(version|commit_timestamp\.({'|'.join(_TIME_PARTS)}))", re.DOTALL
)
OLD_NAMES = {
    "job_id": "job.id",
    "run_id": "task.run_id",
    "parent_run_id": "job.run_id",
    "start_date": "job.start_time.iso_date",
    "start_time": "job.start_time.timestamp_ms",
    "task_key": "task.name",
    "task_retry_count": "task.execution_count",
}
"""What references were called before they had namespaces, and what they are called now."""


def references_in(text: str) -> tuple[str, ...]:
    """The references in ``text``, without their braces, in order."""
    return tuple(_plain(written) for written in _REFERENCE.findall(text))


def unclosed_in(text: str) -> tuple[str, ...]:
    """What in ``text`` begins as a reference does, and has no end."""
    return tuple(written.rstrip() for written in _UNCLOSED.findall(text))


def substitute(text: str, lookup: Callable[[str], str]) -> str:
    """``text`` with each reference replaced by what ``lookup`` gives for it."""
    return _REFERENCE.sub(lambda match: lookup(_plain(match[1])), text)


def only_reference(text: object) -> str:
    """The reference that ``text`` is as a whole, or nothing."""
    match = _REFERENCE.fullmatch(text.strip()) if isinstance(text, str) else None
    return _plain(match[1]) if match else ""


def problem_with(reference: str, parameters: Iterable[str], tasks: Iterable[str]) -> str:
    """What is wrong with ``reference`` in a job with those parameters and task keys, or nothing."""
    namespace, _, member = reference.partition(".")
    if reference in FIXED or namespace == "input" or _UPDATED_TABLE.fullmatch(reference):
        return ""
    if reference.startswith("job.parameters."):
        name = reference.removeprefix("job.parameters.")
        return "" if name in parameters else f"the pipeline has no parameter '{name}'"
    if namespace == "tasks":
        task, _, rest = member.partition(".")
        if task not in tasks:
            return f"the pipeline has no task '{task}'"
        return "" if _TASK_MEMBERS.fullmatch(rest) else f"a task has no '{rest}' to refer to"
    return "the Jobs service knows no such reference"


def time_part(at: datetime, part: str) -> str:
    """A part such as ``iso_date`` of a moment in UTC. Raises KeyError for an unknown part."""
    return _TIME_PARTS[part](at)


def _plain(reference: str) -> str:
    return _ESCAPED.sub(lambda match: match[1] or match[2], reference)
