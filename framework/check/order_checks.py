"""Rules about what native tasks read before it is there, and about task values that lead nowhere."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from framework.check.finding import finding, warning
from framework.check.native_files import NativeFile, native_files
from framework.check.task_code import TaskCode, TaskValue, code_of
from framework.check.task_levels import references_of_tasks
from framework.core.diagnostics import Diagnostic, Location, Severity
from framework.resolve.dependencies import names_written, same_name
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.files import shown
from framework.spec.suggestions import did_you_mean

_Code = tuple[tuple[NativeFile, TaskCode], ...]


def tables_read_in_order(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A native task whose code names a table that another task writes, and nothing says which of them goes first."""
    writers: dict[str, str] = {}
    for task in pipeline.tasks:
        for to, name in names_written(task.options) if task.kind else ():
            if to == "table":
                # Code may leave out the catalog, which it then has from its session.
                writers[same_name(name)] = writers[same_name(name.partition(".")[2])] = task.task_key
    upstream = _upstream(pipeline)
    for native, code in _code(pipeline) if writers else ():
        key = native.level.task.task_key
        for writer, name in {writers[name]: name for name in sorted(code.tables & writers.keys())}.items():
            if writer not in _all_before(key, upstream) and key not in _all_before(writer, upstream):
                summary = (
                    f"nothing says whether task '{key}' reads table {name} before or after task '{writer}' writes it"
                )
                hint = f"{native.written} names the table: add '{writer}' to depends_on."
                yield warning(pipeline, native.path, summary, hint)


def task_values_read_in_order(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Code that gets a value of a task which has not run before: it is never there."""
    upstream = _upstream(pipeline)
    for native, code in _code(pipeline):
        key = native.level.task.task_key
        for value in (each for each in code.gets if each.needed):
            what = f"task '{key}' gets value '{value.key}' of task '{value.task}'"
            if value.task not in upstream:
                summary = f"{what}, which does not exist{did_you_mean(value.task, upstream)}"
                yield _in_code(
                    pipeline, native, value, summary, "A get with a default may name a task that is not there."
                )
            elif value.task not in _all_before(key, upstream):
                summary = f"{what}, which does not run before it"
                yield _in_code(pipeline, native, value, summary, f"Add '{value.task}' to depends_on of task '{key}'.")


def task_values_are_set(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A reference to a task value where the task's code sets others, but not this one."""
    sets = {
        native.level.task.task_key: [value.key for value in code.sets]
        for native, code in _code(pipeline)
        if code.sets and not code.open_sets
    }
    for path, reference in references_of_tasks(pipeline) if sets else ():
        task, _, key = reference.removeprefix("tasks.").partition(".values.")
        if key and task in sets and key not in sets[task]:
            summary = f"task '{task}' sets no value '{key}'{did_you_mean(key, sets[task])}"
            yield finding(pipeline, path, summary, f"Its code sets: {', '.join(sets[task])}.")


def unused_task_values(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A task value that nobody reads."""
    code = _code(pipeline)
    if not any(each.sets for _, each in code) or any(each.open_gets for _, each in code):
        return
    read = {(value.task, value.key) for _, each in code for value in each.gets}
    named = (reference.removeprefix("tasks.") for _, reference in references_of_tasks(pipeline))
    read |= {(task, key) for task, _, key in (each.partition(".values.") for each in named)}
    # Tasks may share a file: then it is enough that one of them is asked.
    users: dict[str, list[str]] = {}
    for native, _ in code:
        users.setdefault(str(native.file), []).append(native.level.task.task_key)
    for native, each in code:
        for value in each.sets:
            tasks = users[str(native.file)]
            if not any((task, value.key) in read for task in tasks):
                hint = f"Read it as {{{{tasks.{tasks[0]}.values.{value.key}}}}}, or remove it."
                lost = _in_code(pipeline, native, value, f"nobody reads task value '{value.key}'", hint)
                yield replace(lost, severity=Severity.WARNING)


def _code(pipeline: ResolvedPipeline) -> _Code:
    files = native_files(pipeline)
    return tuple((each, code_of(each.file)) for each in files if each.kind != "dbt_task" and each.exists)


def _upstream(pipeline: ResolvedPipeline) -> Mapping[str, list[str]]:
    return {task.task_key: [d.task_key for d in task.depends_on] for task in pipeline.tasks}


def _all_before(key: str, upstream: Mapping[str, list[str]]) -> set[str]:
    """Every task that ends before ``key`` starts."""
    before: set[str] = set()
    left = [*upstream[key]]
    while left:
        if (each := left.pop()) not in before:
            before.add(each)
            left.extend(upstream.get(each, ()))
    return before


def _in_code(pipeline: ResolvedPipeline, native: NativeFile, value: TaskValue, summary: str, hint: str) -> Diagnostic:
    """A finding in the file that a task runs."""
    found = finding(pipeline, native.path, summary, hint)
    return replace(found, location=Location(shown(native.file, pipeline.root), value.line, value.column))
