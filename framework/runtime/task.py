"""What a kind gets, what it gives back, and the shape of a kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from framework.core.pinned import Pinned
from framework.core.task_run import ModelVersion, Origin, TableVersion, TaskRun, Verdict
from framework.runtime.context import TaskContext


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a task did, for its record. ``notes`` are sentences that a person should read."""

    inputs: tuple[TableVersion, ...] = ()
    outputs: tuple[TableVersion, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    model: ModelVersion | None = None
    verdict: Verdict | None = None
    notes: tuple[str, ...] = ()


@dataclass
class SoFar:
    """What an attempt has done until now, noted as it happens: what is known of one that fails."""

    outcome: Outcome = field(default_factory=Outcome)

    def note(self, **known: Any) -> None:
        """``known`` are fields of the outcome."""
        self.outcome = replace(self.outcome, **known)

    def wrote(self, written: TableVersion) -> None:
        """A table is committed; when that is done once more, the newer version counts."""
        self.note(outputs=(*(each for each in self.outcome.outputs if each.table != written.table), written))


@dataclass(frozen=True, kw_only=True)
class Task:
    """One attempt at a task: its template, the run it belongs to, and its converted parameters.

    ``writers`` names the task of this pipeline that writes a table, for the hints of errors. ``shared_tables`` are read
    in place of those by which they go, where these do not exist. ``pinned`` is of a task that is done once more.
    ``so_far`` is told what is read, opened and written.
    """

    template: TaskRun
    context: TaskContext
    params: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin)
    writers: Mapping[str, str] = field(default_factory=dict)
    shared_tables: Mapping[str, str] = field(default_factory=dict)
    pinned: Pinned | None = None
    so_far: SoFar = field(default_factory=SoFar)

    def stamp(self) -> dict[str, str]:
        """What is put on everything that this attempt makes, so that it leads back here."""
        return {
            "job_run_id": self.context.job_run_id,
            "task_run_id": self.context.task_run_id,
            "task_key": self.template.task_key,
            "kind": self.template.kind,
            "pipeline": self.template.pipeline,
            "project": self.template.project,
            "target": self.template.target,
            "commit": self.origin.commit,
            **({"dirty": "true"} if self.origin.dirty else {}),
            "release": self.origin.release,
        }


class Kind(Protocol):
    """The options of a task; ``run`` does the task. Raises FrameworkError when it cannot be done."""

    def run(self, task: Task) -> Outcome: ...
