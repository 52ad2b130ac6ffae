"""The Bundle: what is deployed, and what a local run executes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framework.core.task_run import PLAN_SCHEMA, TaskRun

if TYPE_CHECKING:
    from databricks.bundles.jobs import Job

RELEASE_PATH = "${var.release_path}"
"""Where a release's plans and wheels are: a bundle that is committed cannot contain its own hash."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The templates of a pipeline's tasks, by task key."""

    project: str
    pipeline: str
    target: str
    tasks: Mapping[str, TaskRun]

    @property
    def file_name(self) -> str:
        """Where the plan stands in a release."""
        return f"plans/{self.pipeline}.json"

    def as_dict(self) -> dict[str, Any]:
        """The content of the plan's file."""
        return {
            "schema": PLAN_SCHEMA,
            "project": self.project,
            "pipeline": self.pipeline,
            "target": self.target,
            "tasks": {key: task.as_dict() for key, task in self.tasks.items()},
        }


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Jobs by their key, and a plan for each pipeline of ours."""

    name: str
    target: str
    jobs: Mapping[str, "Job"]
    plans: Mapping[str, Plan] = field(default_factory=dict)
