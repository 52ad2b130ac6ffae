"""Rules about what native tasks read before it is there, and about task values that lead nowhere."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial, reduce
from operator import or_

from framework.check.finding import finding, warning
from framework.check.source_files import holds
from framework.check.source_modules import SourceModule, modules_below, modules_in
from framework.check.task_code import RUN_CODE, TaskCode, TaskValue, code_of
from framework.check.task_texts import references_of_tasks
from framework.compile.task_notebooks import tasks_that_set_values
from framework.core.diagnostics import Diagnostic, Location, Severity
from framework.core.graph import topological_order
from framework.core.identifiers import split_entrypoint
from framework.resolve.dependencies import same_name
from framework.resolve.native_files import NativeFile, code_files
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.files import shown
from framework.spec.suggestions import did_you_mean

_Code = tuple[tuple[NativeFile, TaskCode], ...]


def tables_read_in_order(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A native task whose code names a table that another task writes, and nothing says which of them goes first."""
    writers: dict[str, str] = {}
    for task in pipeline.tasks:
        for to, name in task.writes:
            if to == "table":
                # Code may leave out the catalog, which it then has from its session.
                writers[same_name(name)] = writers[same_name(name.partition(".")[2])] = task.task_key
    natives = _code(pipeline)
    if not (writers and natives):
        return
    order = _Order(pipeline)
    for native, code in natives:
        key = native.level.task.task_key
        for writer, name in {writers[name]: name for name in sorted(code.tables & writers.keys())}.items():
            if name in code.writes:
                summary = f"table {name} is written by two tasks, '{writer}' and '{key}'"
                yield warning(pipeline, native.path, summary, f"{native.written} writes it: one task owns a table.")
            elif not order.has(writer, key) and not order.has(key, writer):
                summary = (
                    f"nothing says whether task '{key}' reads table {name} before or after task '{writer}' writes it"
                )
                hint = f"{native.written} names the table: add '{writer}' to depends_on."
                yield warning(pipeline, native.path, summary, hint)


def task_values_read_in_order(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Code that gets a value of a task which has not run before: it is never there."""
    natives = [(native, code) for native, code in _code(pipeline) if code.gets]
    if not natives:
        return
    tasks, order = {task.task_key: task for task in pipeline.tasks}, _Order(pipeline)
    in_notebooks = tasks_that_set_values(pipeline)
    for native, code in natives:
        key = native.level.task.task_key
        for value in (each for each in code.gets if each.needed):
            what = f"task '{key}' gets value '{value.key}' of task '{value.task}'"
            if value.task not in tasks:
                summary = f"{what}, which does not exist{did_you_mean(value.task, tasks)}"
                yield _in_code(
                    pipeline, native, value, summary, "A get with a default may name a task that is not there."
                )
            elif not order.has(value.task, key):
                summary = f"{what}, which does not run before it"
                yield _in_code(pipeline, native, value, summary, f"Add '{value.task}' to depends_on of task '{key}'.")
            elif tasks[value.task].kind and value.task not in in_notebooks:
                summary = f"{what}, which sets none: no task of the pipeline refers to its values"
                hint = f"Make {{{{tasks.{value.task}.values.{value.key}}}}} a parameter of task '{key}', and get that."
                yield _in_code(pipeline, native, value, summary, hint)


def task_values_are_set(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A reference to a task value that the task's code does not set, or cannot set without a context."""
    sets = {
        native.level.task.task_key: [value.key for value in code.sets]
        for native, code in _code(pipeline)
        if code.sets and not code.open_sets
    }
    in_modules = cache(partial(_modules_use_task_values, pipeline))
    without_context = cache(partial(_without_context, pipeline))
    for path, reference in references_of_tasks(pipeline):
        task, _, key = reference.removeprefix("tasks.").partition(".values.")
        if key and task in sets and key not in sets[task] and not in_modules():
            summary = f"task '{task}' sets no value '{key}'{did_you_mean(key, sets[task])}"
            yield finding(pipeline, path, summary, f"Its code sets: {', '.join(sets[task])}.")
        elif key and task in without_context():
            summary = f"task '{task}' sets no value '{key}': its function takes no context"
            hint = f"Let it take 'context' and call context.set_task_value('{key}', …). {without_context()[task]}"
            yield finding(pipeline, path, summary, hint)


def unused_task_values(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """A task value that is read in no pipeline that sets it. Nothing is said unless the whole project is there."""
    code = {each.pipeline: _code(each) for each in pipelines}
    if not any(each.sets for those in code.values() for _, each in those) or set(pipelines[0].siblings) - code.keys():
        return
    if _modules_use_task_values(pipelines[0]):
        return
    read = {each.pipeline: _values_read(each, code[each.pipeline]) for each in pipelines}
    # Tasks may share a file: then it is enough that one of them is asked.
    users: dict[str, list[tuple[ResolvedPipeline, NativeFile, TaskCode]]] = {}
    for pipeline in pipelines:
        for native, each in code[pipeline.pipeline]:
            users.setdefault(str(native.file), []).append((pipeline, native, each))
    for those in users.values():
        keys = [(read[pipeline.pipeline], native.level.task.task_key) for pipeline, native, _ in those]
        pipeline, native, first = those[0]
        for value in first.sets:
            if not any(values is None or (key, value.key) in values for values, key in keys):
                hint = f"Read it as {{{{tasks.{keys[0][1]}.values.{value.key}}}}}, or remove it."
                lost = _in_code(pipeline, native, value, f"nobody reads task value '{value.key}'", hint)
                yield replace(lost, severity=Severity.WARNING)


def _values_read(pipeline: ResolvedPipeline, code: _Code) -> set[tuple[str, str]] | None:
    """The task and the key of every value that is read; None when it may be any."""
    if any(each.open_gets for _, each in code) or _runs_other_code(pipeline, code):
        return None
    named = (reference.removeprefix("tasks.") for _, reference in references_of_tasks(pipeline))
    in_references = {(task, key) for task, _, key in (each.partition(".values.") for each in named)}
    return in_references | {(value.task, value.key) for _, each in code for value in each.gets}


def _code(pipeline: ResolvedPipeline) -> _Code:
    return tuple((each, code_of(each.file)) for each in code_files(pipeline))


def _runs_other_code(pipeline: ResolvedPipeline, code: _Code) -> bool:
    """Whether a task runs code that is in none of those files: it may set and get any task value."""
    read = {native.level.path for native, _ in code}
    return any(level.native.keys() & RUN_CODE and level.path not in read for level in pipeline.levels)


def _without_context(pipeline: ResolvedPipeline) -> dict[str, str]:
    """The tasks of ours whose function cannot set a value, and where it is defined."""
    find, found = modules_below(pipeline.source_directory, pipeline.root), dict[str, str]()
    for task in pipeline.tasks:
        if not (entrypoint := getattr(task.options, "entrypoint", None)):
            continue
        module_name, function_name = split_entrypoint(entrypoint)
        file, module = find(module_name) or (None, None)
        function = module.certain(function_name) if isinstance(module, SourceModule) else None
        if file and function and not function.decorated and "context" not in function.named:
            found[task.task_key] = f"It is defined at {shown(file, pipeline.root)}:{function.line}."
    return found


def _modules_use_task_values(pipeline: ResolvedPipeline) -> bool:
    """Whether a module of the project may: a notebook that calls it then sets and gets what the module does."""
    return any(holds(file, b"taskValues") for file in modules_in(pipeline.source_directory, pipeline.root))


class _Order:
    """Which tasks end before which others start. Of tasks in a circle, which is a finding of its own, all do."""

    def __init__(self, pipeline: ResolvedPipeline) -> None:
        upstream = {task.task_key: [d.task_key for d in task.depends_on] for task in pipeline.tasks}
        self._bits: dict[str, int] = {}
        self._before: dict[str, int] | None = {}
        try:
            order = topological_order(upstream)
        except ValueError:
            self._before = None
            return
        # Sets as bits of a number: a large pipeline has a million pairs of tasks.
        for position, key in enumerate(order):
            self._bits[key] = 1 << position
            self._before[key] = reduce(or_, (self._before[e] | self._bits[e] for e in upstream.get(key, ())), 0)

    def has(self, first: str, then: str) -> bool:
        """Whether task ``first`` ends before task ``then`` starts."""
        return self._before is None or bool(self._before[then] & self._bits[first])


def _in_code(pipeline: ResolvedPipeline, native: NativeFile, value: TaskValue, summary: str, hint: str) -> Diagnostic:
    """A finding in the file that a task runs."""
    found = finding(pipeline, native.path, summary, hint)
    return replace(found, location=Location(shown(native.file, pipeline.root), value.line, value.column))
