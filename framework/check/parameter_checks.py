"""Rules about parameters and the ``{{…}}`` in them."""

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile

from framework.check.bundle_references import problems_in
from framework.check.finding import finding, warning
from framework.check.task_code import RUN_CODE
from framework.check.task_texts import texts_of_tasks
from framework.core.diagnostics import Diagnostic
from framework.core.dynamic_values import FIXED, OLD_NAMES, only_reference, problem_with, references_in, unclosed_in
from framework.core.graph import find_cycle
from framework.resolve.resolved import Level, ResolvedPipeline, ResolvedTask
from framework.spec.node_path import NodePath, quoted
from framework.spec.suggestions import close_match
from framework.spec.task_spec import NATIVE_TASKS

_OF_A_TASK = ("task", "tasks", "input")
_OF_THE_JOB = "job.parameters."
_OTHER_RESOURCE = re.compile(r"\$\{resources\.(?!jobs\.)[^{}]*\}")
_RUN_NO_CODE = frozenset(NATIVE_TASKS) - RUN_CODE
_MOST_CYCLES = 10
_KEY_VALUE = {
    "notebook_task": "base_parameters",
    "python_wheel_task": "named_parameters",
    "run_job_task": "job_parameters",
    "sql_task": "parameters",
}
"""The tasks that the Jobs service pushes job parameters into, and what these replace."""


def unknown_references(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``{{…}}`` that stands for nothing, or for nothing yet, and ``${…}`` that the bundle will not have."""
    of_job: list[tuple[NodePath, str]] = [(("logical_date",), pipeline.logical_date)]
    of_job += [(("parameters", name), parameter.value) for name, parameter in pipeline.parameters.items()]
    tasks = {task.task_key: task for task in pipeline.tasks}
    for path, text in of_job:
        yield from _malformed(pipeline, path, text)
        for reference in references_in(text):
            if reference.partition(".")[0] in _OF_A_TASK:
                summary = f"'{{{{{reference}}}}}' has no value here: this is set before any task runs"
                yield finding(pipeline, path, summary, "Write it in the params of the task that needs it.")
            elif problem := problem_with(reference, pipeline.parameters, tasks):
                yield _unknown(pipeline, path, reference, problem)
    for level, path, text in texts_of_tasks(pipeline):
        for reference in references_in(text):
            if problem := _problem(reference, pipeline, tasks, level):
                yield _unknown(pipeline, path, reference, problem)
        yield from _malformed(pipeline, path, text)
        for resource in _OTHER_RESOURCE.findall(text):
            hint = "Write the id itself, or a variable that each target gives a value: ${var.…}."
            yield warning(pipeline, path, f"{quoted(resource)} refers to nothing: the bundle has only jobs", hint)


def circular_parameters(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Parameters whose values refer to each other in a circle."""
    upstream = {
        name: [r.removeprefix(_OF_THE_JOB) for r in references_in(parameter.value) if r.startswith(_OF_THE_JOB)]
        for name, parameter in pipeline.parameters.items()
    }
    left = _MOST_CYCLES
    while (cycle := find_cycle(upstream)) and (left := left - 1) >= 0:
        circle = " → ".join(reversed(cycle))
        hint = "An arrow is a {{job.parameters.…}} in the value: give one of them a value of its own."
        yield finding(pipeline, ("parameters", cycle[0]), f"the parameters refer to each other: {circle}", hint)
        upstream = {name: others for name, others in upstream.items() if name not in cycle}


def shadowed_parameters(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A task's parameter that the job's parameter of the same name silently replaces."""
    for path, name, value in _named_values(pipeline):
        if name in pipeline.parameters and only_reference(value) != f"{_OF_THE_JOB}{name}":
            yield finding(
                pipeline,
                (*path, name),
                f"the pipeline's parameter '{name}' would replace this value",
                f"A job's parameter wins over a task's: rename it, or write '{{{{job.parameters.{name}}}}}'.",
            )


def _malformed(pipeline: ResolvedPipeline, path: NodePath, text: str) -> Iterator[Diagnostic]:
    """References without an end, and those that the bundle cannot fill in."""
    for written in unclosed_in(text) if "{{" in text else ():
        yield finding(pipeline, path, f"{quoted(written)} is not closed", "Write '}}' behind the name.")
    # The job that a run_job_task runs is for another rule to say.
    runs = path[-2:] == ("run_job_task", "job_id") and text.strip().endswith(".id}")
    for summary, hint in problems_in(text, pipeline.siblings) if not runs else ():
        yield finding(pipeline, path, summary, hint)


def _unknown(pipeline: ResolvedPipeline, path: NodePath, reference: str, problem: str) -> Diagnostic:
    close = _meant(reference, pipeline)
    hint = f"Did you mean '{{{{{close}}}}}'?" if close else ""
    if reference in OLD_NAMES:
        hint = f"That is an old name: write {{{{{OLD_NAMES[reference]}}}}}."
    return finding(pipeline, path, f"'{{{{{reference}}}}}' refers to nothing: {problem}", hint)


def _meant(reference: str, pipeline: ResolvedPipeline) -> str:
    """The reference that was probably meant, or nothing."""
    last = reference.rpartition(".")[2]
    if last in pipeline.parameters:
        return f"{_OF_THE_JOB}{last}"
    namespace, _, member = reference.partition(".")
    key, _, result = member.partition(".")
    if namespace == "tasks":
        close = close_match(key, [task.task_key for task in pipeline.tasks])
        return f"tasks.{close}.{result}" if close not in ("", key) else ""
    if reference.startswith(_OF_THE_JOB):
        close = close_match(last, pipeline.parameters)
        return f"{_OF_THE_JOB}{close}" if close else ""
    close = close_match(reference, [*sorted(FIXED), *(f"{_OF_THE_JOB}{name}" for name in pipeline.parameters)])
    # Many begin alike: what comes behind that has to be alike, too.
    same = sum(len(one) + 1 for one, _ in takewhile(_alike, zip(reference.split("."), close.split("."), strict=False)))
    return close if close_match(reference[same:], [close[same:]]) else ""


def _alike(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]


def _problem(reference: str, pipeline: ResolvedPipeline, tasks: Mapping[str, ResolvedTask], level: Level) -> str:
    """What is wrong with ``reference`` in what a task is told, or nothing."""
    namespace, _, member = reference.partition(".")
    if namespace == "input" and not level.in_loop:
        return "only the task inside of a for_each_task has an input"
    key, _, result = member.partition(".")
    if (problem := problem_with(reference, pipeline.parameters, tasks)) or namespace != "tasks":
        return problem
    return (
        "it is the task itself, which has not run yet" if key == level.task.task_key else _lacking(tasks[key], result)
    )


def _lacking(task: ResolvedTask, result: str) -> str:
    """Why ``task`` never has that ``result``, or nothing."""
    native = next(iter(task.native), "")
    fields = task.native.get(native)
    has_alert = native == "alert_task" or (isinstance(fields, Mapping) and "alert" in fields)
    if result == "output.alert_state" and not has_alert:
        return f"only an alert has a state, and '{task.task_key}' is none"
    if result.startswith("output.") and native not in ("alert_task", "sql_task"):
        return f"only a sql_task has an output, and '{task.task_key}' is none"
    sets_none = native in _RUN_NO_CODE or (task.kind and not getattr(task.options, "entrypoint", None))
    return f"a {native or task.kind} sets no task values" if result.startswith("values.") and sets_none else ""


def _named_values(pipeline: ResolvedPipeline) -> Iterator[tuple[NodePath, str, object]]:
    """Each named parameter of a task: the place of all of them, its name, its value."""
    for task in pipeline.tasks:
        for name, parameter in task.params.items():
            yield (*task.path, "params"), name, parameter.value
    for level in pipeline.levels:
        for kind, field in _KEY_VALUE.items():
            values = level.fields(kind).get(field)
            for name, value in values.items() if isinstance(values, Mapping) else ():
                yield (*level.path, kind, field), name, value
