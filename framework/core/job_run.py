"""What a job run did, wherever it ran: the value behind the summary and behind ``-o json``."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from framework.core.redaction import without_secrets
from framework.core.task_run import AttemptRecord, TaskError, TaskResult

RUN_SCHEMA = 1

JobResult = Literal["SUCCESS", "SUCCESS_WITH_FAILURES", "FAILED", "TIMEDOUT", "CANCELED", "SKIPPED"]

SUCCEEDED: frozenset[str] = frozenset({"SUCCESS", "EXCLUDED"})
FAILED: frozenset[str] = frozenset(
    {"FAILED", "TIMEDOUT", "CANCELED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED", "INTERNAL_ERROR"}
)


@dataclass(frozen=True, kw_only=True)
class TaskOutcome:
    """One task of a run: ``record`` is what its last attempt wrote, if it got that far, ``log`` its log file.

    ``branch`` is what a condition came to ("true" or "false"), ``iterations`` are those of a loop, each with its
    ``input`` as JSON, ``child_run_id`` is the run that a ``run_job_task`` started. ``task_run_id`` is the task's own.
    """

    task_key: str
    kind: str
    result: TaskResult
    attempts: int
    duration_s: float
    record: AttemptRecord | None = None
    error: TaskError | None = None
    log: str = ""
    branch: str = ""
    iterations: "tuple[TaskOutcome, ...]" = ()
    input: str = ""
    child_run_id: int | None = None
    task_run_id: str = ""

    @property
    def headline(self) -> str:
        """What matters most about it, in one line."""
        if self.error:
            return self.error.message
        if self.branch:
            return self.branch
        if self.iterations:
            succeeded = sum(each.result in SUCCEEDED for each in self.iterations)
            return f"{succeeded} of {len(self.iterations)} iterations succeeded"
        if not self.record:
            return ""
        written = [f"{o.table.partition('.')[2]} v{o.version}, {o.rows:,} rows" for o in self.record.outputs if o.rows]
        return "; ".join([*written, *self.record.notes[:1]])

    def as_dict(self) -> dict[str, Any]:
        """The task's entry in ``-o json``; fields may be added, never renamed."""
        record = asdict(self.record) if self.record else {}
        return {
            "task_key": self.task_key,
            "kind": self.kind,
            "result": self.result,
            "attempts": self.attempts,
            "duration_s": round(self.duration_s, 3),
            "inputs": [{"table": t["table"], "version": t["version"]} for t in record.get("inputs", ())],
            "outputs": list(record.get("outputs", ())),
            # JSON has no NaN.
            "metrics": {k: v if math.isfinite(v) else None for k, v in record.get("metrics", {}).items()},
            "model": record.get("model"),
            "verdict": record.get("verdict"),
            "notes": list(record.get("notes", ())),
            "error": asdict(self.error) if self.error else None,
            "log": self.log,
            **({"outcome": self.branch} if self.branch else {}),
            **({"iterations": [each.as_dict() for each in self.iterations]} if self.iterations else {}),
            **({"input": json.loads(self.input)} if self.input else {}),
            **({"run_job_run_id": self.child_run_id} if self.child_run_id else {}),
        }


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """A finished run of a job. On Databricks, ``url`` is its page and ``message`` what the service says of it."""

    job_run_id: int
    project: str
    pipeline: str
    target: str
    result: JobResult
    duration_s: float
    parameters: Mapping[str, str]
    tasks: tuple[TaskOutcome, ...]
    directory: str
    url: str = ""
    message: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the Jobs service would call it a success."""
        return self.result in ("SUCCESS", "SUCCESS_WITH_FAILURES")

    def as_dict(self) -> dict[str, Any]:
        """The object of ``-o json``; fields may be added, never renamed."""
        return {
            "schema": RUN_SCHEMA,
            "job_run_id": self.job_run_id,
            "project": self.project,
            "pipeline": self.pipeline,
            "target": self.target,
            "result": self.result,
            "duration_s": round(self.duration_s, 3),
            "parameters": without_secrets(self.parameters),
            "tasks": [task.as_dict() for task in self.tasks],
            **({"url": self.url} if self.url else {}),
            **({"message": self.message} if self.message else {}),
        }
