"""What dynamic value references stand for in a local run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from framework.core.dynamic_values import substitute, time_part

_RESULT_STATES = {
    "SUCCESS": "success",
    "FAILED": "failed",
    "EXCLUDED": "excluded",
    "CANCELED": "canceled",
    "TIMEDOUT": "timedout",
    "UPSTREAM_FAILED": "upstream_failed",
    "UPSTREAM_CANCELED": "upstream_canceled",
}


@dataclass(frozen=True, kw_only=True)
class RunValues:
    """The values of one run. ``started`` is in UTC; ``results`` and ``task_run_ids`` are by task key."""

    job_run_id: int
    job_name: str
    parameters: Mapping[str, str]
    started: datetime
    results: Mapping[str, str] = field(default_factory=dict)
    task_run_ids: Mapping[str, str] = field(default_factory=dict)

    def fill(self, text: str, task_key: str, task_run_id: str, attempt: int) -> str:
        """``text`` with every reference replaced, for one attempt of a task."""
        return substitute(text, lambda reference: self._value(reference, task_key, task_run_id, attempt))

    def parameter(self, text: str) -> str:
        """A job parameter's default, whose own references are replaced when the run starts."""
        return self.fill(text, "", "", 1)

    def _value(self, reference: str, task_key: str, task_run_id: str, attempt: int) -> str:
        fixed = {
            "job.id": "0",
            "job.name": self.job_name,
            "job.run_id": str(self.job_run_id),
            "job.repair_count": "0",
            "job.trigger.type": "one_time",
            "task.name": task_key,
            "task.run_id": task_run_id,
            "task.execution_count": str(attempt),
            "workspace.id": "0",
            "workspace.url": "http://localhost",
        }
        if reference in fixed:
            return fixed[reference]
        if reference.startswith("job.parameters."):
            return self.parameters[reference.removeprefix("job.parameters.")]
        if reference.startswith(("job.start_time.", "job.trigger.time.")):
            return time_part(self.started, reference.rpartition(".")[2])
        if reference.startswith("tasks."):
            return self._task_value(reference)
        return "{{" + reference + "}}"

    def _task_value(self, reference: str) -> str:
        _, task_key, member = reference.split(".", 2)
        if member == "run_id":
            return self.task_run_ids.get(task_key, "")
        if member == "result_state":
            return _RESULT_STATES.get(self.results.get(task_key, ""), "")
        return "{{" + reference + "}}"
