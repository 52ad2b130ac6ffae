"""A pipeline for one target: every name in three parts, every dependency written out, every default filled in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from framework.core.diagnostics import Diagnostics, Location
from framework.core.task_run import Parameter
from framework.spec.entry import Places
from framework.spec.layers import merged
from framework.spec.node_path import NodePath
from framework.spec.references import Named
from framework.spec.task_spec import NATIVE_TASKS
from framework.spec.yaml_source import Document


@dataclass(frozen=True)
class Origin:
    """Where a value stands that the pipeline's own file does not set: at ``path`` in ``places``."""

    places: Places
    path: NodePath

    def location(self, below: NodePath = ()) -> Location | None:
        """The place of the value, or of one further down."""
        return self.places.location((*self.path, *below))


@dataclass(frozen=True)
class Dependency:
    """An edge to the task that goes first; ``outcome`` ("true", "false" or "") is that of a condition task."""

    task_key: str
    outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class ResolvedTask:
    """One task. A task of ours has ``kind`` and ``options`` (a dataclass of that kind), any other one ``native``.

    ``settings`` are the Jobs service's own fields, such as ``max_retries``; ``databricks`` is merged over everything.
    ``names`` are the tables, models, functions and tasks in its options. ``path`` is the task's place in its document.
    """

    task_key: str
    kind: str
    options: Any
    names: tuple[Named, ...]
    params: Mapping[str, Parameter]
    native: Mapping[str, Any]
    depends_on: tuple[Dependency, ...]
    settings: Mapping[str, Any]
    databricks: Mapping[str, Any]
    path: NodePath

    @cached_property
    def all_settings(self) -> Mapping[str, Any]:
        """``settings``, and ``databricks`` over them."""
        return merged([self.settings, self.databricks])

    @property
    def inner_task(self) -> Mapping[str, Any] | None:
        """The task inside of a loop, as written; None when this is no loop."""
        loop = self.native.get("for_each_task")
        inner = loop.get("task") if isinstance(loop, Mapping) else None
        return inner if isinstance(inner, Mapping) else None

    @cached_property
    def writes(self) -> tuple[tuple[str, str], ...]:
        """("table" or "model", three-part name) for everything that the task writes."""
        return tuple((reference.to, name) for _, reference, name in self.names if reference.role == "writes")


@dataclass(frozen=True)
class Level:
    """A task, or the task inside of a loop: ``native`` says what it does, ``settings`` is what stands beside that.

    ``path`` leads to what it does, ``settings_path`` to the settings: a task's own stand under 'databricks:', but for
    those that the framework knows, and the compute that the target gives to a task of ours.
    """

    task: ResolvedTask
    path: NodePath
    native: Mapping[str, Any]
    settings: Mapping[str, Any]
    settings_path: NodePath
    in_loop: bool

    def fields(self, kind: str) -> Mapping[str, Any]:
        """The fields of ``kind`` if this task is one, else nothing."""
        value = self.native.get(kind)
        return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True, kw_only=True)
class ResolvedSource:
    """A file that a local run loads into ``table``; ``sample`` makes the rows when the file is not there.

    ``given`` says that the file was named on the command line: then it has to exist.
    """

    table: str
    path: Path
    sample: str
    given: bool
    location: Location | None


@dataclass(frozen=True, kw_only=True)
class ResolvedWorkspace:
    """Where the pipelines of a target are deployed.

    ``host`` is empty where an environment variable tells it: a bundle says nothing of one machine. ``deploy_root`` and
    ``experiment_root`` are paths of the workspace. Tables of ``shared_schemas`` are read where a person has none.
    ``telemetry`` says where runs are told to.
    """

    mode: str
    host: str
    catalog: str
    deploy_root: str
    experiment_root: str
    run_as: Mapping[str, str]
    permissions: Sequence[Mapping[str, Any]]
    shared_schemas: tuple[str, ...]
    telemetry: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ResolvedPipeline:
    """Everything that check, compile and run need to know of one pipeline for one target.

    ``settings`` are the job's native fields as they will be compiled, those of the target included; ``databricks`` is
    merged over them. ``resources`` are those that the project declares, by sort and key. ``siblings`` are the names of
    the project's pipelines. ``document`` is the pipeline's file; ``origins`` says of the values that another file sets
    which one that is.
    """

    root: Path
    project: str
    source_directory: Path
    pipeline: str
    description: str
    target: str
    workspace: ResolvedWorkspace
    resources: Mapping[str, Mapping[str, Mapping[str, Any]]]
    parameters: Mapping[str, Parameter]
    logical_date: str
    tags: Mapping[str, str]
    settings: Mapping[str, Any]
    databricks: Mapping[str, Any]
    tasks: tuple[ResolvedTask, ...]
    sources: tuple[ResolvedSource, ...]
    siblings: tuple[str, ...]
    document: Document
    project_document: Document
    origins: Mapping[NodePath, Origin]

    @cached_property
    def job(self) -> Mapping[str, Any]:
        """The job's native fields as they will be compiled, without its tasks and parameters."""
        return merged([self.settings, self.databricks])

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """Every task, each loop followed by the task inside of it."""
        return tuple(level for task in self.tasks for level in _levels(task))

    def location(self, path: NodePath) -> Location:
        """Where the value at ``path`` was written: in the target's file if it sets it, else in the pipeline's."""
        for length in range(len(path), 0, -1):
            if origin := self.origins.get(path[:length]):
                return origin.location(path[length:]) or self.document.location(path)
        return self.document.location(path)


@dataclass(frozen=True)
class CheckedPipeline:
    """A pipeline in which ``check`` found no error: only ``check`` makes one, and ``compile`` takes nothing else.

    ``training_inputs_days`` is how long the policy wants the versions that a model is trained on to be kept.
    """

    pipeline: ResolvedPipeline
    warnings: Diagnostics
    training_inputs_days: int = 0


def _levels(task: ResolvedTask) -> Iterator[Level]:
    yield Level(task, task.path, task.native, task.all_settings, (*task.path, "databricks"), in_loop=False)
    if (inner := task.inner_task) is not None:
        path = (*task.path, "for_each_task", "task")
        native = {name: value for name, value in inner.items() if name in NATIVE_TASKS}
        yield Level(task, path, native, inner, path, in_loop=True)
