"""Runs of jobs as the run store keeps them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from framework.core.job_run import JobResult, TaskOutcome
from framework.core.task_run import AttemptRecord, TaskError
from framework.runtime.redaction import redacted_values

RunState = Literal["QUEUED", "RUNNING", "INTERRUPTED", "TERMINATED"]
"""INTERRUPTED: its process died before it ended."""


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """A run about to begin. ``job`` names the job among all of this machine's, ``source`` says where it came from.

    ``tasks`` are the keys it runs, in topological order. ``parent_run_id`` and ``owner_run_id`` are the runs whose
    ``run_job_task`` started it, directly and at the top; a run that nothing started owns itself. ``started_at`` and
    ``backfill`` are ISO 8601 in UTC.
    """

    job: str
    project: str
    pipeline: str
    target: str
    tasks: tuple[str, ...]
    parameters: Mapping[str, str]
    source: Mapping[str, Any]
    started_at: str
    trigger: str = "one_time"
    parent_run_id: int | None = None
    owner_run_id: int | None = None
    idempotency_token: str | None = None
    backfill: str | None = None


@dataclass(frozen=True, kw_only=True)
class StoredRun(NewRun):
    """A run as it stands in the store. ``repairs`` counts the repairs, ``repair_id`` is that of the latest."""

    job_run_id: int
    state: RunState
    result: JobResult | None = None
    ended_at: str | None = None
    duration_s: float = 0.0
    repairs: int = 0
    repair_id: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The entry of ``framework runs -o json``; fields may be added, never renamed."""
        hidden = ("owner_run_id", "idempotency_token", "source")
        shown = {name: value for name, value in asdict(self).items() if name not in hidden}
        return {**shown, "parameters": redacted_values(self.parameters)}


@dataclass(frozen=True, kw_only=True)
class StoredAttempt:
    """One attempt; ``iteration`` counts from 0 inside a loop. ``result`` is None while it runs, or when it was lost."""

    task_run_id: str
    job_run_id: int
    task_key: str
    iteration: int | None
    attempt: int
    repair: int
    started_at: str
    result: str | None = None
    ended_at: str | None = None
    directory: str = ""
    child_run_id: int | None = None


Key = tuple[str, int | None]
"""A task, or one iteration of a loop."""


@dataclass(frozen=True, kw_only=True)
class History:
    """Everything that a run has left behind, for whoever goes on with it."""

    outcomes: Mapping[Key, TaskOutcome] = field(default_factory=dict)
    attempts: tuple[StoredAttempt, ...] = ()
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def outcome_to_json(outcome: TaskOutcome) -> str:
    """One line, without the iterations, which are outcomes of their own."""
    value = asdict(replace(outcome, record=None, iterations=()))
    value["record"] = outcome.record.to_json() if outcome.record else None
    return json.dumps(value)


def outcome_from_json(text: str) -> TaskOutcome:
    """The inverse of ``outcome_to_json``."""
    value = json.loads(text)
    value["record"] = AttemptRecord.from_json(value["record"]) if value["record"] else None
    value["error"] = TaskError(**value["error"]) if value["error"] else None
    return TaskOutcome(**{**value, "iterations": ()})
