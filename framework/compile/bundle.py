"""The Bundle: what is deployed, and what a local run executes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.core.task_run import PLAN_SCHEMA, TaskRun

if TYPE_CHECKING:
    from databricks.bundles.jobs import Job

RELEASE_PATH = "${var.release_path}"
"""Where a release is in the workspace: a bundle that is committed cannot contain its own hash."""

VARIABLES = {
    "release_path": "The release's directory in the workspace.",
    "project_wheel": "The file name of the project's wheel in the release.",
    "runtime_wheel": "The file name of the runtime's wheel in the release.",
}
"""What a deployment tells every bundle of ours."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The templates of a pipeline's tasks, by task key.

    ``shared_tables`` are read in place of a person's own, which are their keys, where these do not exist.
    """

    project: str
    pipeline: str
    target: str
    tasks: Mapping[str, TaskRun]
    shared_tables: Mapping[str, str] = field(default_factory=dict)

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
            **({"shared_tables": dict(self.shared_tables)} if self.shared_tables else {}),
            "tasks": {key: task.as_dict() for key, task in self.tasks.items()},
        }


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a bundle says of its target.

    ``host`` is empty where an environment variable tells it; ``root_path`` is the CLI's own directory in the workspace.
    """

    mode: str
    host: str
    root_path: str
    run_as: Mapping[str, str] = field(default_factory=dict)
    presets: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Jobs by their key, and a plan for each pipeline of ours.

    ``resources`` are the others that are deployed, by sort and key: plain fields that the official types take, which
    would lose those that say nothing, such as ``snapshot: {}``. ``files`` are those of native tasks: the path below
    ``files/`` in a release, and the file in the checkout. ``settings`` is None where nothing is deployed.
    """

    name: str
    target: str
    jobs: Mapping[str, "Job"]
    plans: Mapping[str, Plan] = field(default_factory=dict)
    resources: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    settings: Settings | None = None
