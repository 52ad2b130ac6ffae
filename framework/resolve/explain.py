"""Where a value of a pipeline comes from: every file that sets it, and which of them wins."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from framework.core.diagnostics import Location
from framework.core.errors import UsageError
from framework.resolve.pipeline import resolve
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.loader import ProjectSource
from framework.spec.node_path import NodePath
from framework.spec.suggestions import did_you_mean
from framework.spec.variables import SECTION, names_in
from framework.spec.yaml_source import Document

_STEP = re.compile(r"\.?(?:([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\])")
_OF_TARGET = {"job_clusters": "compute", "environments": "compute", "budget_policy_id": "compute"}


@dataclass(frozen=True)
class Setting:
    """One file that says something: ``written`` as it stands there, at ``location``."""

    written: Any
    location: Location | None


@dataclass(frozen=True)
class Explained:
    """A value for one target. ``settings`` are in the order in which one overrides the other; none: a default.

    ``variables`` are those that the last of them refers to.
    """

    target: str
    value: Any
    is_set: bool
    settings: tuple[Setting, ...]
    variables: dict[str, Setting]


def explain(source: ProjectSource, path: str) -> Explained:
    """The value at ``path``, such as ``tasks.train.timeout_seconds``, for the target of ``source``.

    Raises UsageError when a pipeline has no such field or task, InvalidProject as ``resolve`` does.
    """
    steps = _steps(path)
    pipeline = resolve(source)
    value, is_set = _value(_view(pipeline), steps, path)
    settings = tuple(
        Setting((document.original or document).at(where), document.location(where))
        for document, where in _candidates(source, pipeline, steps)
        if document.depth(where) == len(where)
    )
    names = names_in(settings[-1].written) if settings else ()
    return Explained(source.target.name, value, is_set, settings, {name: _variable(source, name) for name in names})


def _steps(path: str) -> NodePath:
    matches = list(_STEP.finditer(path))
    if not path or "".join(match[0] for match in matches) != path:
        raise UsageError(
            f"'{path}' is no path of a field", "For example: tasks.train.timeout_seconds, parameters.as_of"
        )
    return tuple(int(match[2]) if match[2] else match[1] or match[3] for match in matches)


def _view(pipeline: ResolvedPipeline) -> dict[str, Any]:
    """The pipeline as one mapping, tasks by their keys."""
    tasks = {
        task.task_key: {
            **(asdict(task.options) if task.kind else {}),
            "params": {name: parameter.value for name, parameter in task.params.items()},
            "depends_on": [edge.task_key for edge in task.depends_on],
            **task.settings,
            **task.native,
            **task.databricks,
        }
        for task in pipeline.tasks
    }
    return {
        "description": pipeline.description,
        "parameters": {name: parameter.value for name, parameter in pipeline.parameters.items()},
        "logical_date": pipeline.logical_date,
        "tags": dict(pipeline.tags),
        **pipeline.job,
        "tasks": tasks,
    }


def _value(view: Any, steps: NodePath, path: str) -> tuple[Any, bool]:
    """What is there, and whether anything is. A task that does not exist is an error, a field may just not be set."""
    if steps[0] == "tasks" and len(steps) > 1 and steps[1] not in view["tasks"]:
        keys = list(view["tasks"])
        raise UsageError(
            f"no task '{steps[1]}'{did_you_mean(str(steps[1]), keys)}", f"The tasks are: {', '.join(keys)}."
        )
    for step in steps:
        try:
            view = view[step]
        except (KeyError, IndexError, TypeError):
            return None, False
    return view, True


def _candidates(
    source: ProjectSource, pipeline: ResolvedPipeline, steps: NodePath
) -> Iterator[tuple[Document, NodePath]]:
    """Where the value may be set, the place that wins last."""
    own, layers = source.pipeline.document, source.target.documents
    override: NodePath = ("pipelines", source.pipeline.name)
    if steps[0] == "tags":
        yield from ((document, steps) for document in (*layers, source.project.document, own))
        return
    written, changed = steps, (*override, *steps)
    if steps[0] == "tasks" and len(steps) > 1:
        task = next(task for task in pipeline.tasks if task.task_key == steps[1])
        written = (*task.path, *steps[2:])
    yield own, written
    of_target: NodePath = (_OF_TARGET[str(steps[0])], *steps) if steps[0] in _OF_TARGET else steps
    yield from ((document, of_target) for document in layers if steps[0] in (*_OF_TARGET, "run_as", "permissions"))
    yield from ((document, changed) for document in layers)
    # What stands under 'databricks:' is merged over everything.
    below = len(written) - len(steps[2:]) if steps[0] == "tasks" else 0
    yield own, (*written[:below], "databricks", *written[below:])
    yield from ((document, (*changed[:-1], "databricks", *changed[-1:])) for document in layers)


def _variable(source: ProjectSource, name: str) -> Setting:
    """Its value; the place is that of the file that gives it one, or none for the command line."""
    where: NodePath = (SECTION, name)
    places = [document.location(where) for document in source.target.documents if document.depth(where) == len(where)]
    given = name in source.target.values.given
    return Setting(source.target.values.values.get(name), places[-1] if places and not given else None)
