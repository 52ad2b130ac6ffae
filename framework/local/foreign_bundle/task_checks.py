"""The Jobs service's rules about the tasks of one job."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from framework.core.diagnostics import Diagnostic
from framework.core.dynamic_values import OLD_NAMES, problem_with, references_in
from framework.core.graph import find_cycle
from framework.local.foreign_bundle.tree import Placed, finding, leaves
from framework.spec.names import TASK_KEY, TASK_KEY_HINT
from framework.spec.node_path import NodePath, quoted
from framework.spec.suggestions import did_you_mean
from framework.spec.task_spec import NATIVE_TASKS

_OUTCOMES = ("true", "false")


def problems(job: Placed, path: NodePath) -> Iterator[Diagnostic]:
    """What the Jobs service would refuse in the tasks of ``job``, which is resolved and merged."""
    tasks = {task.at("task_key").text: task for task in job.at("tasks").items}
    if not tasks:
        yield finding("the job has no tasks", job.place, path)
    for index, task in enumerate(job.at("tasks").items):
        place = (*path, "tasks", index)
        key = task.at("task_key")
        if not TASK_KEY.fullmatch(key.text):
            summary = f"{quoted(key.text)} is not a valid task key"
            yield finding(summary, key.place, (*place, "task_key"), TASK_KEY_HINT)
        yield from _kinds(task, place)
        yield from _dependencies(task, tasks, place)
    yield from _cycle(tasks, path)
    names = _Names(tuple(parameter.at("name").text for parameter in job.at("parameters").items), tuple(tasks))
    for at, text in _filled_at_run_time(job, path):
        yield from names.problems(at, text)


def _kinds(task: Placed, path: NodePath, inner: bool = False) -> Iterator[Diagnostic]:
    kinds = [name for name in NATIVE_TASKS if name in task.fields]
    if inner and "for_each_task" in kinds:
        hint = "Run the inner loop in a job of its own, by run_job_task."
        yield finding(
            "a for_each_task inside a for_each_task", task.key_place("for_each_task"), (*path, "for_each_task"), hint
        )
    elif not kinds:
        hint = "Give it one of notebook_task, python_wheel_task, sql_task, condition_task, …"
        yield finding("the task says nothing to do", task.at("task_key").place, path, hint)
    elif len(kinds) > 1:
        place = max(task.key_place(kind) for kind in kinds)
        yield finding(f"the task does several things: {', '.join(kinds)}", place, path, "Make a task of each.")
    elif kinds == ["for_each_task"] and task.at("for_each_task", "task").fields:
        yield from _kinds(task.at("for_each_task", "task"), (*path, "for_each_task", "task"), inner=True)


def _dependencies(task: Placed, tasks: Mapping[str, Placed], path: NodePath) -> Iterator[Diagnostic]:
    for index, dependency in enumerate(task.at("depends_on").items):
        at = (*path, "depends_on", index)
        key, outcome = dependency.at("task_key"), dependency.at("outcome")
        if not key.text or "${" in key.text:
            continue
        if key.text == task.at("task_key").text:
            yield finding(f"task {quoted(key.text)} depends on itself", key.place, at)
        elif key.text not in tasks:
            summary = f"the job has no task {quoted(key.text)}{did_you_mean(key.text, tasks)}"
            yield finding(summary, key.place, (*at, "task_key"))
        elif outcome.value is not None and "condition_task" not in tasks[key.text].fields:
            summary = f"task {quoted(key.text)} has no outcome: it is no condition_task"
            yield finding(summary, outcome.place, (*at, "outcome"))
        elif outcome.value is not None and outcome.text not in _OUTCOMES:
            summary = f"{quoted(outcome.text)} is no outcome"
            yield finding(summary, outcome.place, (*at, "outcome"), 'It is "true" or "false".')


def _cycle(tasks: Mapping[str, Placed], path: NodePath) -> Iterator[Diagnostic]:
    upstream = {
        key: [d.at("task_key").text for d in task.at("depends_on").items if d.at("task_key").text not in (key, "")]
        for key, task in tasks.items()
    }
    if cycle := find_cycle(upstream):
        way = cycle[::-1]
        place = tasks[way[0]].at("depends_on").place
        yield finding(f"tasks depend on each other in a circle: {' → '.join(way)}", place, (*path, "tasks"))


def _filled_at_run_time(job: Placed, path: NodePath) -> Iterator[tuple[NodePath, Placed]]:
    """The texts in which the Jobs service replaces references: what a task is told to do, and parameters' defaults."""
    yield from leaves(job.at("parameters"), (*path, "parameters"))
    for index, task in enumerate(job.at("tasks").items):
        yield from _told(task, (*path, "tasks", index))


def _told(task: Placed, path: NodePath) -> Iterator[tuple[NodePath, Placed]]:
    for kind in NATIVE_TASKS:
        for field, value in task.at(kind).fields.items():
            if kind == "for_each_task" and field == "task":
                yield from _told(value, (*path, kind, field))
            else:
                yield from leaves(value, (*path, kind, field))


@dataclass(frozen=True)
class _Names:
    """What references in a job may name."""

    parameters: tuple[str, ...]
    tasks: tuple[str, ...]

    def problems(self, path: NodePath, text: Placed) -> Iterator[Diagnostic]:
        for reference in references_in(text.text):
            if problem := problem_with(reference, self.parameters, self.tasks):
                summary = f"{quoted('{{' + reference + '}}')}: {problem.replace('the pipeline', 'the job')}"
                yield finding(summary + self._meant(reference), text.place, path, _modern(reference))

    def _meant(self, reference: str) -> str:
        namespace, _, rest = reference.partition(".")
        if namespace == "tasks" and (task := rest.partition(".")[0]) not in self.tasks:
            return did_you_mean(task, self.tasks)
        name = reference.removeprefix("job.parameters.")
        return did_you_mean(name, self.parameters) if name != reference else ""


def _modern(reference: str) -> str:
    return f"Write {{{{{OLD_NAMES[reference]}}}}}." if reference in OLD_NAMES else ""
