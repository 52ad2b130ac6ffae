"""Where a value of a pipeline comes from: every file that sets it, and which of them wins."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from framework.core.diagnostics import Location
from framework.core.errors import UsageError
from framework.resolve.job_settings import OF_COMPUTE
from framework.resolve.pipeline import resolve
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.runtime.kinds import KINDS
from framework.spec.layers import merged
from framework.spec.loader import ProjectSource
from framework.spec.node_path import NodePath, quoted
from framework.spec.pipeline_spec import PipelineFields
from framework.spec.suggestions import did_you_mean, listed
from framework.spec.target_spec import LOCAL
from framework.spec.task_spec import TaskFields
from framework.spec.variables import SECTION, names_in
from framework.spec.yaml_source import Document

_STEP = re.compile(r"\.?(?:([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\])")
_OF_PROJECT = ("owner", "package", "sources")
_OF_TARGET = ("host", "mode", "catalog", "experiment_root", "compute")
_NAMED = {SECTION: "variable", "parameters": "parameter", "tags": "tag"}
"""Maps whose names are the project's own, and what one of them is called."""
_TASKS_RUN_ON = {"environment_key": "environments", "job_cluster_key": "job_clusters"}


@dataclass(frozen=True)
class Setting:
    """One file that says something: ``written`` as it stands there, at ``location``."""

    written: Any
    location: Location | None


@dataclass(frozen=True)
class Explained:
    """A value for one target. ``settings`` are in the order in which one overrides the other; none: a default.

    ``variables`` are those that the last of them refers to. Of a map that several files make together, ``parts`` has
    each key by itself. ``follows_from`` is what says the value, or more of it, where no file does.
    """

    target: str
    value: Any
    is_set: bool
    settings: tuple[Setting, ...]
    variables: dict[str, Setting]
    parts: dict[str, "Explained"] = field(default_factory=dict)
    follows_from: str = ""


def explain_each(sources: Sequence[ProjectSource], path: str) -> list[Explained]:
    """The value at ``path``, such as ``tasks.train.timeout_seconds``, for the targets of ``sources``.

    Raises UsageError when a pipeline has no such field or task, or no target such a name, InvalidProject as
    ``resolve`` does.
    """
    explained = [explain(source, path) for source in sources]
    section, *below = _steps(path)
    if section in _NAMED and below and not any(each.is_set for each in explained):
        known = sorted({name for source in sources for name in _names(source, str(section))})
        if below[0] not in known:
            what, name = _NAMED[str(section)], str(below[0])
            there_are = f"There are: {listed(known)}." if known else f"There is no {what} at all."
            raise UsageError(f"no {what} {quoted(name)}{did_you_mean(name, known)}", there_are)
    return explained


def explain(source: ProjectSource, path: str) -> Explained:
    """The same for one target, which may lack the name."""
    pipeline = resolve(source)
    steps = _meant(_steps(path), pipeline)
    return _explained(source, pipeline, _view(source, pipeline), steps)


def _explained(source: ProjectSource, pipeline: ResolvedPipeline, view: dict[str, Any], steps: NodePath) -> Explained:
    value, is_there = _value(view, steps)
    settings = tuple(_settings(source, pipeline, steps)) if is_there else ()
    names = names_in(settings[-1].written) if settings else ()
    is_set = bool(settings) or value not in (None, "", {}, [])
    # The value of a variable is replaced as a whole.
    merged_here = len(settings) > 1 and isinstance(value, dict) and not (steps[0] == SECTION and len(steps) > 1)
    below = {name: (*steps, name) for name in value} if merged_here else {}
    parts = {str(name): _explained(source, pipeline, view, path) for name, path in below.items()}
    variables = {name: _variable(source, name) for name in names}
    more = _follows_from(steps, value, settings)
    return Explained(source.target.name, value, is_set, settings, variables, parts, more)


def _follows_from(steps: NodePath, value: Any, settings: tuple[Setting, ...]) -> str:
    of_edges = len(steps) > 2 and (steps[0], steps[2]) == ("tasks", "depends_on")
    written = settings[-1].written if settings else ()
    if of_edges and value and not (isinstance(value, list) and len(written) == len(value)):
        return "what it reads"
    return ""


def _names(source: ProjectSource, section: str) -> Iterable[str]:
    if section == SECTION:
        return source.target.values.names
    names: Iterable[str] = _view(source, resolve(source))[section]
    return names


def _steps(path: str) -> NodePath:
    matches = list(_STEP.finditer(path))
    if not path or "".join(match[0] for match in matches) != path:
        raise UsageError(
            f"'{path}' is no path of a field", "For example: tasks.train.timeout_seconds, parameters.as_of"
        )
    return tuple(int(match[2]) if match[2] else match[1] or match[3] for match in matches)


def _meant(steps: NodePath, pipeline: ResolvedPipeline) -> NodePath:
    """``steps`` with a task's key for its number, and without ``databricks``, which is merged over the rest.

    Raises UsageError for what no pipeline or task has.
    """
    head: NodePath = ()
    if steps[0] == "tasks" and len(steps) > 1:
        head, steps = ("tasks", _task(pipeline, steps[1]).task_key), steps[2:]
    if len(steps) > 1 and steps[0] == "databricks":
        steps = steps[1:]
    known = _known(_task(pipeline, head[1]) if head else None)
    if steps and steps[0] not in known:
        where = f"task {quoted(str(head[1]))}" if head else "a pipeline"
        name = str(steps[0])
        hint = "Name a field below it." if name == "databricks" else ""
        raise UsageError(f"{where} has no field {quoted(name)}{did_you_mean(name, known)}", hint)
    return (*head, *steps)


def _known(task: ResolvedTask | None) -> list[str]:
    """The fields of a task, or of a pipeline: ours and those of the Jobs service."""
    from databricks.bundles.jobs import Job, Task

    ours: list[Any] = [PipelineFields, Job] if task is None else [TaskFields, Task]
    names = [each.name for cls in (*ours, *([KINDS[task.kind]] if task and task.kind else [])) for each in fields(cls)]
    others = () if task else (*_OF_PROJECT, *_OF_TARGET, SECTION, "tasks")
    return sorted({*names, *others} - {"databricks"})


def _task(pipeline: ResolvedPipeline, named: str | int) -> ResolvedTask:
    for index, task in enumerate(pipeline.tasks):
        if named in (index, task.task_key):
            return task
    keys = [task.task_key for task in pipeline.tasks]
    name = str(named)
    raise UsageError(f"no task {quoted(name)}{did_you_mean(name, keys)}", f"The tasks are: {listed(keys)}.")


def _view(source: ProjectSource, pipeline: ResolvedPipeline) -> dict[str, Any]:
    """Everything as one mapping, tasks by their keys."""
    target, project = source.target, source.project
    of_pipeline = {
        "name": pipeline.pipeline,
        "description": pipeline.description,
        "parameters": {name: parameter.value for name, parameter in pipeline.parameters.items()},
        "logical_date": pipeline.logical_date,
        "tags": dict(pipeline.tags),
    }
    return {
        **{name: getattr(project, name) for name in ("owner", "package")},
        "sources": {name: asdict(each) for name, each in project.sources.items()},
        **{name: getattr(target, name) for name in _OF_TARGET},
        "compute": asdict(target.compute),
        SECTION: target.values.values,
        **merged([of_pipeline, pipeline.job]),
        "tasks": {task.task_key: _task_view(task) for task in pipeline.tasks},
    }


def _task_view(task: ResolvedTask) -> dict[str, Any]:
    own = {
        "task_key": task.task_key,
        **({"kind": task.kind, **asdict(task.options)} if task.kind else {}),
        "params": {name: parameter.value for name, parameter in task.params.items()},
        "depends_on": [edge.task_key for edge in task.depends_on],
    }
    return merged([own, task.settings, task.native, task.databricks])


def _value(view: Any, steps: NodePath) -> tuple[Any, bool]:
    """What is there, and whether anything is."""
    for step in steps:
        try:
            view = view[step]
        except (KeyError, IndexError, TypeError):
            return None, False
    return view, True


def _settings(source: ProjectSource, pipeline: ResolvedPipeline, steps: NodePath) -> Iterator[Setting]:
    """What the files say about the value, the one that wins last."""
    if steps[0] == SECTION and len(steps) > 1 and steps[1] in source.target.values.given:
        yield _variable(source, str(steps[1]))
        return
    for document, where in _places(source, pipeline, steps):
        if document.depth(where) < len(where) or (document.at(where) is None and "databricks" not in where):
            continue
        # Below a variable the file has nothing but the reference.
        original = document.original or document
        yield Setting(original.at(where[: original.depth(where)]), document.location(where))


def _places(source: ProjectSource, pipeline: ResolvedPipeline, steps: NodePath) -> Iterator[tuple[Document, NodePath]]:
    """Where the value may be set, in the order in which ``resolve`` lays one over the other."""
    first = steps[0]
    # All that 'local' takes from conf/ are tags and variables.
    layers = source.target.documents if source.target.name != LOCAL or first in ("tags", SECTION) else ()
    if first in (*_OF_TARGET, SECTION):
        yield from ((document, _below_default(document, steps)) for document in layers)
    elif first in _OF_PROJECT:
        yield source.project.document, steps
    elif first == "tasks" and len(steps) > 1:
        task, rest = _task(pipeline, steps[1]), steps[2:]
        if rest and rest[0] in _TASKS_RUN_ON:
            yield from _each(layers, ("compute", _TASKS_RUN_ON[str(rest[0])], 0, *rest))
        yield from _changed(source, task.path, steps[:2], rest)
    else:
        of_target: NodePath = ("compute", *steps) if first in OF_COMPUTE else steps
        if first in (*OF_COMPUTE, "run_as", "permissions", "tags"):
            yield from _each(layers, of_target)
        if first == "tags":
            yield source.project.document, steps
        yield from _changed(source, (), (), steps)


def _changed(
    source: ProjectSource, written: NodePath, named: NodePath, rest: NodePath
) -> Iterator[tuple[Document, NodePath]]:
    """The pipeline's file (at ``written``) and what the target changes in it (at ``named``), then ``databricks``."""
    target, own = source.target, source.pipeline.document
    layers = target.documents if target.name != LOCAL else ()
    change: NodePath = ("pipelines", target.key_of(source.project.name, source.pipeline.name), *named)
    for below in (rest, ("databricks", *rest)) if rest else (rest,):
        yield own, (*written, *below)
        yield from _each(layers, (*change, *below))


def _each(documents: Iterable[Document], where: NodePath) -> Iterator[tuple[Document, NodePath]]:
    return ((document, where) for document in documents)


def _below_default(document: Document, steps: NodePath) -> NodePath:
    """A variable's value may stand under its ``default``."""
    inner = (*steps[:2], "default", *steps[2:])
    return inner if steps[0] == SECTION and len(steps) > 1 and document.depth(inner) == len(inner) else steps


def _variable(source: ProjectSource, name: str) -> Setting:
    """Its value; the place is that of the file that gives it one, or none for the command line."""
    values = source.target.values
    return Setting(values.values.get(name), None if name in values.given else values.places.get(name))
