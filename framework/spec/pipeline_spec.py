"""``projects/<project>/pipelines/<pipeline>.yml``: a job and its tasks."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar

from pydantic import Field

from framework.core.diagnostics import Diagnostic, Diagnostics, Location
from framework.core.errors import InvalidProject
from framework.core.job_limits import MAX_CONCURRENT_RUNS, MAX_TASKS
from framework.runtime.kinds.options import STRICT
from framework.spec.entry import Entry
from framework.spec.names import check_name, check_parameters
from framework.spec.node_path import quoted
from framework.spec.task_spec import NATIVE_ADVICE, TaskSpec, read_task
from framework.spec.validation import MAX_FINDINGS, validated
from framework.spec.yaml_source import Document

ParameterValue = str | int | float | bool


@dataclass(frozen=True, kw_only=True)
class PipelineFields:
    """What a pipeline file says beside its tasks. Times are in seconds."""

    name: str
    description: str = ""
    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    logical_date: str | None = None
    schedule: dict[str, Any] | None = None
    tags: dict[str, str] = field(default_factory=dict)
    timeout_seconds: Annotated[int, Field(ge=0)] | None = None
    max_concurrent_runs: Annotated[int, Field(ge=0, le=MAX_CONCURRENT_RUNS)] | None = None
    databricks: dict[str, Any] = field(default_factory=dict)
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class PipelineSpec(PipelineFields):
    """A pipeline as written. ``document`` knows the place of every value."""

    tasks: tuple[TaskSpec, ...]
    document: Document


def read_pipeline(document: Document) -> PipelineSpec:
    """The pipeline in ``document``. Raises InvalidProject with every finding in it."""
    findings: list[Diagnostic] = []
    entry = Entry(document, (), {} if document.value is None else document.value)
    tasks = _tasks(entry, findings)
    own = {name: v for name, v in entry.fields.items() if name != "tasks"} if entry.fields else entry.value
    fields = validated(PipelineFields, Entry(document, (), own), findings, known=("tasks",), advice=NATIVE_ADVICE)
    check_name(entry, "name", PurePosixPath(document.file).stem, f"the file '{document.file}'", findings)
    check_parameters(entry, findings)
    if findings or fields is None:
        raise InvalidProject(Diagnostics.of(findings))
    return PipelineSpec(**vars(fields), tasks=tasks, document=document)


def _tasks(entry: Entry, findings: list[Diagnostic]) -> tuple[TaskSpec, ...]:
    if not isinstance(entry.value, dict):
        return ()
    written = entry.fields.get("tasks")
    if "tasks" not in entry.fields:
        findings.append(entry.finding("field 'tasks' is missing"))
    elif not isinstance(written, list) or not written:
        findings.append(entry.finding("tasks must be a list of at least one task", below=("tasks",)))
    else:
        return _each_task([entry.at(("tasks", index)) for index in range(len(written))], findings)
    return ()


def _each_task(entries: list[Entry], findings: list[Diagnostic]) -> tuple[TaskSpec, ...]:
    if len(entries) > MAX_TASKS:
        summary = f"more than {MAX_TASKS:,} tasks: the Jobs service takes no more in one job"
        findings.append(entries[MAX_TASKS].finding(summary, "Split the pipeline and join the parts by run_job_task."))
        return ()
    _refuse_repeated_keys(entries, findings)
    tasks = (read_task(each, findings) for each in entries if len(findings) < MAX_FINDINGS)
    return tuple(task for task in tasks if task)


def _refuse_repeated_keys(tasks: list[Entry], findings: list[Diagnostic]) -> None:
    first: dict[str, Location | None] = {}
    for task in tasks:
        key = task.fields.get("task_key")
        if isinstance(key, str) and key in first:
            hint = f"It stands at {first[key]} already."
            findings.append(task.finding(f"duplicate task key {quoted(key)}", hint, ("task_key",)))
        elif isinstance(key, str):
            first[key] = task.places.location((*task.path, "task_key"))
