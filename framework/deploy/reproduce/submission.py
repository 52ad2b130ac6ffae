"""The one-time run: each task as its release has it, with other arguments, and waiting for no other task."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framework.core.errors import FrameworkError, UsageError
from framework.deploy.workspace import asking

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

Job = Mapping[str, Any]
_KEPT = ("environment_key", "existing_cluster_id", "new_cluster", "libraries", "timeout_seconds")
"""Of a task: each is done once and at once, so how it waits and is tried again does not count."""
_OF_JOB = ("budget_policy_id", "usage_policy_id")
_ARGUMENTS = {"python_wheel_task": "named_parameters", "notebook_task": "base_parameters"}
"""What does a task of ours, and where that has its arguments."""


@dataclass
class Submission:
    """What is submitted, as plain values of the Jobs API; ``jobs`` are taken from their releases."""

    tasks: list[dict[str, Any]] = field(default_factory=list)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    of_job: dict[str, Any] = field(default_factory=dict)

    def add(self, job: Job, release: str, task_key: str, told: Mapping[str, str]) -> None:
        """A task of ``job`` in ``release``, with the arguments ``told``. Raises FrameworkError when it has none."""
        task: Mapping[str, Any] = next((each for each in job["tasks"] if each["task_key"] == task_key), {})
        does = next((name for name in _ARGUMENTS if name in task), "")
        if not does:
            raise FrameworkError(f"release {release} has no task of ours '{task_key}'")
        added = {name: task[name] for name in _KEPT if name in task}
        if "job_cluster_key" in task:  # a one-time run has none
            added["new_cluster"] = _named(job, "job_clusters", "job_cluster_key", task)["new_cluster"]
        if "environment_key" in task:
            # Another release has another one of that name.
            key = f"{task['environment_key']}_{release[:8]}"
            environment = _named(job, "environments", "environment_key", task)
            self.environments[key] = {**environment, "environment_key": key}
            added["environment_key"] = key
        if "${" in json.dumps([added, *self.environments.values()]):
            raise FrameworkError(f"task '{task_key}' of release {release} refers to what only a deployment knows")
        self.tasks.append({"task_key": task_key, **added, does: {**task[does], _ARGUMENTS[does]: dict(told)}})
        self.of_job |= {name: job[name] for name in _OF_JOB if name in job}

    def submit(self, client: "WorkspaceClient", run_name: str) -> int:
        """Start it; the run's id. Asked again after a broken connection, it is the same run. Raises DatabricksError."""
        from databricks.sdk.service.jobs import JobEnvironment, SubmitTask

        with asking(f"start the run '{run_name}'", "the right to run jobs on that compute"):
            return client.jobs.submit(
                run_name=run_name,
                idempotency_token=str(uuid.uuid4()),
                tasks=[SubmitTask.from_dict(each) for each in self.tasks],
                environments=[JobEnvironment.from_dict(each) for each in self.environments.values()] or None,
                **self.of_job,
            ).run_id


def require_none(client: "WorkspaceClient", run_name: str) -> None:
    """Raises UsageError while a run of that name goes on: its rows would be taken away under it."""
    from databricks.sdk.service.jobs import RunType

    with asking("list the runs"):
        runs = list(client.jobs.list_runs(active_only=True, run_type=RunType.SUBMIT_RUN))
    if found := next((each for each in runs if each.run_name == run_name), None):
        cancel = f"Wait for it, or cancel it: databricks jobs cancel-run {found.run_id}"
        raise UsageError(f"run {found.run_id} does that already: {found.run_page_url}", cancel)


def _named(job: Job, section: str, key: str, task: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(each for each in job[section] if each[key] == task[key])
