"""What dynamic value references stand for in a local run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from framework.core.dynamic_values import substitute, time_part

_UNKNOWN_HERE = {"job.trigger.file_arrival.location", "job.trigger.table_update.updated_tables", "task.notebook_path"}


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

    def parameter(self, name: str) -> str:
        """A job parameter's value, whose own references are replaced when the run starts."""
        return self.fill(self.parameters[name], "", "", 1)

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
            return self.fill(self.parameters[reference.removeprefix("job.parameters.")], task_key, task_run_id, attempt)
        if reference.startswith(("job.start_time.", "job.trigger.time.")):
            return time_part(self.started, reference.rpartition(".")[2])
        _, upstream, member = reference.split(".", 2)
        return self.task_run_ids[upstream] if member == "run_id" else self.results[upstream].lower()


def can_be_filled(reference: str) -> bool:
    """Whether a local run has a value for ``reference``."""
    namespace, _, member = reference.partition(".")
    if namespace == "tasks":
        return member.partition(".")[2] in ("run_id", "result_state")
    return namespace in ("job", "task", "workspace") and reference not in _UNKNOWN_HERE
