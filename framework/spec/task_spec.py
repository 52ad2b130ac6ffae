"""One entry of a pipeline's ``tasks``: a kind of ours with its options, or a native task of the Jobs service."""

from dataclasses import dataclass, field
from itertools import islice
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from framework.core.diagnostics import Diagnostic
from framework.runtime.kinds import KINDS
from framework.runtime.kinds.options import STRICT
from framework.spec.declared_types import field_types
from framework.spec.entry import Entry
from framework.spec.names import check_references, check_task_key
from framework.spec.node_path import NodePath, quoted
from framework.spec.suggestions import did_you_mean
from framework.spec.validation import MAX_FINDINGS, validated

NATIVE_TASKS = (
    "ai_runtime_task", "alert_task", "clean_rooms_notebook_task", "condition_task", "dashboard_task",
    "dbt_platform_task", "dbt_task", "for_each_task", "gen_ai_compute_task", "notebook_task", "pipeline_task",
    "power_bi_task", "python_operator_task", "python_wheel_task", "run_job_task", "spark_jar_task",
    "spark_python_task", "spark_submit_task", "sql_task",
)  # fmt: skip
"""The fields of the official ``Task`` that say what it does."""

NATIVE_ADVICE = "Other fields of the Jobs service go under 'databricks:'."

RunIf = Literal["ALL_SUCCESS", "ALL_DONE", "NONE_FAILED", "AT_LEAST_ONE_SUCCESS", "ALL_FAILED", "AT_LEAST_ONE_FAILED"]


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """A task that must end first; ``outcome`` is the side of a ``condition_task``."""

    task_key: str
    outcome: Literal["true", "false"] | None = None
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class AttemptFields:
    """How often and how long a task is tried: it has no bearing on its data. Times are in the unit of their names."""

    max_retries: Annotated[int, Field(ge=-1)] | None = None
    min_retry_interval_millis: Annotated[int, Field(ge=0)] | None = None
    retry_on_timeout: bool | None = None
    timeout_seconds: Annotated[int, Field(ge=0)] | None = None
    databricks: dict[str, Any] = field(default_factory=dict)
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class _Head:
    task_key: str
    kind: str | None = None
    description: str = ""
    depends_on: tuple[str | Dependency, ...] = ()
    run_if: RunIf | None = None


@dataclass(frozen=True, kw_only=True)
class TaskFields(AttemptFields, _Head):
    """What every task may say, whatever it does: its head first."""


@dataclass(frozen=True, kw_only=True)
class TaskSpec(TaskFields):
    """A task as written: either ``options`` (an instance of ``KINDS[kind]``) or ``native`` (its field and value).

    ``path`` leads to the task in the pipeline's document.
    """

    depends_on: tuple[Dependency, ...] = ()
    options: Any = None
    native: tuple[str, dict[str, Any]] | None = None
    path: NodePath = ()


def read_task(entry: Entry, findings: list[Diagnostic]) -> TaskSpec | None:
    """The task written in ``entry``; None, and ``findings`` added, when it is not right."""
    if not isinstance(entry.value, dict):
        findings.append(entry.finding("a task must be a mapping"))
        return None
    before = len(findings)
    own = {name: value for name, value in entry.fields.items() if name in field_types(TaskFields)}
    fields = validated(TaskFields, Entry(entry.places, entry.path, own), findings)
    check_task_key(entry, findings)
    options, native = _work(entry, findings)
    if fields is None or len(findings) > before:
        return None
    depends_on = tuple(Dependency(task_key=d) if isinstance(d, str) else d for d in fields.depends_on)
    written = {**vars(fields), "depends_on": depends_on}
    return TaskSpec(**written, options=options, native=native, path=entry.path)


def _work(entry: Entry, findings: list[Diagnostic]) -> tuple[Any, tuple[str, dict[str, Any]] | None]:
    """What the task does: the options of its kind, or its native field and value."""
    native = [name for name in entry.fields if name in NATIVE_TASKS]
    things = ["kind", *native] if "kind" in entry.fields else native
    if len(things) > 1:
        summary = f"a task does one thing, but here are {' and '.join(map(quoted, things))}"
        findings.append(entry.key_finding(summary, "Make a task of its own for each.", things[1]))
    if "kind" in entry.fields:
        return _options(entry, findings), None
    _refuse_unknown(entry, findings)
    if not native:
        hint = f"Give it a kind ({', '.join(KINDS)}) or a native field such as sql_task."
        findings.append(entry.finding("the task says nothing to do", hint))
        return None, None
    name, value = native[0], entry.fields[native[0]]
    if not isinstance(value, dict):
        findings.append(entry.finding(f"{name} must be a mapping", below=(name,)))
    return None, (name, value)


def _options(entry: Entry, findings: list[Diagnostic]) -> Any:
    """The options of the task's kind, when all of them are right."""
    kind = entry.fields["kind"]
    if isinstance(kind, str) and kind in KINDS:
        return _of_kind(KINDS[kind], entry, findings)
    there = f"There are: {', '.join(KINDS)}."
    if isinstance(kind, str):
        findings.append(entry.finding(f"unknown kind {quoted(kind)}{did_you_mean(kind, KINDS)}", there, ("kind",)))
    elif kind is None:
        findings.append(entry.finding("kind must be text, found nothing", there, ("kind",)))
    return None


def _of_kind(cls: type[Any], entry: Entry, findings: list[Diagnostic]) -> Any:
    taken = {*field_types(TaskFields), *NATIVE_TASKS}
    own = Entry(entry.places, entry.path, {name: v for name, v in entry.fields.items() if name not in taken})
    options = validated(cls, own, findings, known=field_types(TaskFields), advice=NATIVE_ADVICE)
    if options is not None:
        check_references(options, own, findings)
    return options


def _refuse_unknown(entry: Entry, findings: list[Diagnostic]) -> None:
    """For a task without a kind: only our fields and the native ones are known."""
    known = (*field_types(TaskFields), *NATIVE_TASKS)
    for name in islice((name for name in entry.fields if name not in known), MAX_FINDINGS):
        is_kind = isinstance(entry.fields[name], str) and entry.fields[name] in KINDS
        summary = f"unknown field {quoted(name)}{did_you_mean('kind' if is_kind else name, known)}"
        findings.append(entry.key_finding(summary, NATIVE_ADVICE, name))
