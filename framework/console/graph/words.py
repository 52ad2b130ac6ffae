"""The words on a task: what it does in a line, what is unusual about it, and its details."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from framework.console.graph.text_width import shortened
from framework.resolve.resolved import ResolvedTask
from framework.spec.task_spec import NATIVE_TASKS

Details = tuple[tuple[str, str], ...]
"""(name, text) pairs, in the order of reading."""

_SHAPES = {"condition_task": "condition", "for_each_task": "loop", "run_job_task": "job"}
_OPERATORS = {
    "EQUAL_TO": "=", "NOT_EQUAL": "≠", "GREATER_THAN": ">", "GREATER_THAN_OR_EQUAL": "≥", "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "≤",
}  # fmt: skip


def shape_of(task: ResolvedTask) -> str:
    """ "task", or the shape of a condition, a loop or a run of another job."""
    return _SHAPES.get(_native(task), "task")


def headline(task: ResolvedTask) -> str:
    """What the task does: its kind, or what its native field says."""
    return task.kind or _of_native(task.native)


def remarks(task: ResolvedTask) -> tuple[str, ...]:
    """What a loop goes over, and what decides whether the task runs, if not just the success of all before it."""
    job = task.all_settings
    inputs = task.native.get("for_each_task", {}).get("inputs")
    run_if = job.get("run_if") or "ALL_SUCCESS"
    return (
        *((f"over {shortened(_short(inputs))}",) if inputs else ()),
        *((f"run if {_word(run_if)}",) if run_if != "ALL_SUCCESS" else ()),
        *(("disabled",) if job.get("disabled") else ()),
    )


def details(task: ResolvedTask) -> Details:
    """Everything else that the pipeline says about the task, as one line of text for each option."""
    return tuple((name, _text(value)) for name, value in _options(task) if value not in (None, "", {}, [], ()))


def _native(task: ResolvedTask) -> str:
    return next(iter(task.native), "")


def _of_native(native: Mapping[str, Any]) -> str:
    name = next(iter(native), "")
    given: Mapping[str, Any] = native.get(name, {})
    if name == "condition_task":
        operator = _OPERATORS.get(str(given.get("op")), str(given.get("op")))
        return f"if {_short(given.get('left'))} {operator} {_short(given.get('right'))}"
    if name == "for_each_task":
        inner = given.get("task")
        work = (
            {k: v for k, v in inner.items() if k in NATIVE_TASKS and isinstance(v, Mapping)}
            if isinstance(inner, Mapping)
            else {}
        )
        return f"for each: {_of_native(work) or 'nothing'}"
    if name == "run_job_task":
        return f"run job {_short(given.get('job_id')).removeprefix('resources.jobs.').removesuffix('.id')}"
    return name


def _options(task: ResolvedTask) -> Iterator[tuple[str, Any]]:
    if task.kind:
        params = {name: getattr(value, "value", value) for name, value in task.params.items()}
        own = {each.name: getattr(task.options, each.name) for each in fields(task.options)}
        yield from {**own, "params": params}.items()
    for given in task.native.values():
        yield from given.items()
    yield from task.settings.items()
    yield from task.databricks.items()


def _short(operand: Any) -> str:
    """Without the braces of a reference, which takes most of the room."""
    text = str(operand).strip()
    for start, end in (("{{", "}}"), ("${", "}")):
        if text.startswith(start) and text.endswith(end):
            text = text[len(start) : -len(end)].strip()
    return text.removeprefix("tasks.").replace(".values.", ".") or "''"


def _word(text: Any) -> str:
    return str(text).lower().replace("_", " ")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return {k: v for k, v in vars(value).items() if v is not None} if hasattr(value, "__dict__") else str(value)
