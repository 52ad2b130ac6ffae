"""Rules about ``for_each_task`` (docs.databricks.com/jobs/for-each)."""

import json
from collections.abc import Iterator
from typing import Any

from framework.check.finding import finding
from framework.check.limit_checks import whole_number
from framework.core.diagnostics import Diagnostic
from framework.core.dynamic_values import only_reference, substitute
from framework.core.job_limits import MAX_INLINE_INPUTS, MAX_LOOP_CONCURRENCY
from framework.resolve.resolved import Level, ResolvedPipeline
from framework.spec.names import TASK_KEY, TASK_KEY_HINT
from framework.spec.node_path import NodePath, quoted
from framework.spec.task_spec import NATIVE_TASKS

_ARRAY = 'Write a JSON array as text, such as inputs: "[1, 2]", or name a parameter or a task\'s value that is one.'


def loop_inputs(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Inputs that are no JSON array, or too long to stand in the job."""
    for level in _loops(pipeline):
        inputs, path = level.fields("for_each_task").get("inputs"), (*level.path, "for_each_task", "inputs")
        if isinstance(inputs, str):
            if len(inputs) > MAX_INLINE_INPUTS:
                hint = "Let a task before the loop set them as a task value."
                yield finding(pipeline, path, f"inputs of more than {MAX_INLINE_INPUTS:,} characters", hint)
            elif not _may_be_array(inputs, pipeline):
                yield finding(pipeline, path, f"the inputs are no JSON array: {quoted(inputs)}", _ARRAY)


def loop_concurrency(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """More iterations side by side than the Jobs service runs, or none."""
    for level in _loops(pipeline):
        concurrency = whole_number(level.fields("for_each_task").get("concurrency"))
        if concurrency is not None and not 1 <= concurrency <= MAX_LOOP_CONCURRENCY:
            summary = f"concurrency must be from 1 to {MAX_LOOP_CONCURRENCY}, found {concurrency}"
            yield finding(pipeline, (*level.path, "for_each_task", "concurrency"), summary)


def loop_bodies(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """The task inside of a loop: one thing to do, and no place of its own in the graph."""
    keys = {task.task_key for task in pipeline.tasks}
    for task in pipeline.tasks:
        if (inner := task.inner_task) is not None:
            path = (*task.path, "for_each_task", "task")
            for below, summary, hint in _body_problems(inner, keys):
                yield finding(pipeline, (*path, *below), summary, hint)


def _loops(pipeline: ResolvedPipeline) -> Iterator[Level]:
    return (level for level in pipeline.levels if "for_each_task" in level.native and not level.in_loop)


def _may_be_array(text: str, pipeline: ResolvedPipeline) -> bool:
    if (reference := only_reference(text)) or text.startswith("${"):
        parameter = pipeline.parameters.get(reference.removeprefix("job.parameters."))
        if parameter is None or not reference.startswith("job.parameters.") or not parameter.value:
            return True
        return bool(only_reference(parameter.value)) or _is_array(parameter.value)
    return _is_array(text)


def _is_array(text: str) -> bool:
    """Whether ``text`` is a JSON array, once its references are replaced by what fits in quotes and outside of them."""
    try:
        return isinstance(json.loads(substitute(text, lambda _: "1")), list)
    except (ValueError, RecursionError):
        return False


def _body_problems(inner: Any, keys: set[str]) -> Iterator[tuple[NodePath, str, str]]:
    """Where below the task inside of a loop, what is wrong, what to do."""
    things = [name for name in inner if name in NATIVE_TASKS]
    if "for_each_task" in things:
        yield (
            ("for_each_task",),
            "a loop inside of a loop",
            "Run the inner loop in a pipeline of its own: run_job_task.",
        )
    elif not things:
        hint = "Give it a native field such as notebook_task: a kind cannot stand here."
        yield (), "the task inside of the loop says nothing to do", hint
    elif len(things) > 1:
        names = " and ".join(f"'{name}'" for name in things)
        yield (things[1],), f"a task does one thing, but here are {names}", "Make a loop of its own for each."
    if "depends_on" in inner:
        hint = "Write it beside for_each_task: the loop as a whole waits."
        yield ("depends_on",), "the task inside of a loop depends on nothing", hint
    key = inner.get("task_key")
    if isinstance(key, str) and not TASK_KEY.fullmatch(key):
        yield ("task_key",), f"{quoted(key)} is not a valid task key", TASK_KEY_HINT
    elif isinstance(key, int | float):  # the Jobs service's types refuse all else
        yield ("task_key",), f"the task key must be text, found {key}", TASK_KEY_HINT
    elif isinstance(key, str) and key in keys:
        yield ("task_key",), f"duplicate task key '{key}'", "The task inside of a loop needs a key of its own."
