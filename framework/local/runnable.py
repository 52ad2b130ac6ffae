"""What a local run executes: jobs, the files of their native tasks, and the code of ours."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.compile.bundle import Bundle, Plan
from framework.core.errors import UsageError
from framework.core.task_run import TaskRun
from framework.local.job_graph import kind_of
from framework.local.loops import inputs_of

_ADVICE = {
    "dbt_task": "Run dbt by itself: dbt run --target dev. On Databricks the task works.",
    "pipeline_task": "A Lakeflow pipeline runs on Databricks only.",
}
_LEAVE_OUT = "Leave it out with --only, or run the job on Databricks."
LOCAL_KINDS = (
    "condition_task", "for_each_task", "notebook_task", "python_wheel_task", "run_job_task", "spark_python_task",
    "sql_task",
)  # fmt: skip
"""The native tasks that a local run executes."""


@dataclass(frozen=True, kw_only=True)
class Runnable:
    """A bundle and where its parts are.

    ``files`` is the directory that the paths in native tasks start from, ``job_ids`` are the numbers by which jobs
    name each other, ``artifacts`` the directories of wheel projects; ``source_directory`` holds the code of our tasks.
    """

    bundle: Bundle
    files: Path
    job_ids: Mapping[str, int]
    artifacts: Mapping[str, Path] = field(default_factory=dict)
    source_directory: Path | None = None

    @property
    def root(self) -> Path:
        """What a notebook may run others from, and Python files may import: the whole project, or the bundle."""
        return self.source_directory.parent if self.source_directory else self.files

    def job(self, key: str) -> Any:
        """The ``databricks.bundles.jobs.Job`` with that key. Raises UsageError."""
        if key not in self.bundle.jobs:
            raise UsageError(f"there is no job '{key}'", f"The jobs are: {', '.join(sorted(self.job_ids))}.")
        return self.bundle.jobs[key]

    def key_of(self, job_id: object) -> str:
        """The key of the job that a ``run_job_task`` names. Raises UsageError."""
        for key, number in self.job_ids.items():
            if str(job_id) in (str(number), f"${{resources.jobs.{key}.id}}"):
                return key
        raise UsageError(
            f"run_job_task names job {job_id}, which is not in this bundle",
            "A local run knows the jobs of its own bundle: write ${resources.jobs.<key>.id}.",
        )

    def plan(self, key: str) -> Plan | None:
        """The plan of our tasks in a job, if it has some."""
        return self.bundle.plans.get(key)

    def reachable(self, key: str) -> Iterator[str]:
        """The job and those that it runs, directly or not, each once."""
        seen: dict[str, None] = {}
        left = [key]
        while left:
            if (current := left.pop()) not in seen:
                seen[current] = None
                inner = (_innermost(task) for task in self.job(current).tasks if not task.disabled)
                left.extend(self.key_of(task.run_job_task.job_id) for task in inner if task.run_job_task)
        yield from seen

    def save(self, file: Path) -> None:
        """Keep everything for whoever goes on with the run."""
        value = {
            "name": self.bundle.name,
            "target": self.bundle.target,
            "jobs": {key: job.as_dict() for key, job in self.bundle.jobs.items()},
            "plans": {key: plan.as_dict() for key, plan in self.bundle.plans.items()},
            "files": str(self.files),
            "job_ids": dict(self.job_ids),
            "artifacts": {name: str(path) for name, path in self.artifacts.items()},
            "source_directory": str(self.source_directory) if self.source_directory else None,
        }
        file.write_text(json.dumps(value), encoding="utf-8")


def load(file: Path) -> Runnable:
    """The inverse of ``save``. Raises OSError, or ValueError."""
    from databricks.bundles.jobs import Job

    value: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    plans = {
        key: Plan(
            project=plan["project"],
            pipeline=plan["pipeline"],
            target=plan["target"],
            tasks={name: TaskRun.from_dict(task) for name, task in plan["tasks"].items()},
        )
        for key, plan in value["plans"].items()
    }
    jobs = {key: Job.from_dict(job) for key, job in value["jobs"].items()}
    return Runnable(
        bundle=Bundle(name=value["name"], target=value["target"], jobs=jobs, plans=plans),
        files=Path(value["files"]),
        job_ids=value["job_ids"],
        artifacts={name: Path(path) for name, path in value["artifacts"].items()},
        source_directory=Path(value["source_directory"]) if value["source_directory"] else None,
    )


def refuse_unsupported(runnable: Runnable, key: str, selected: Collection[str]) -> None:
    """Raise UsageError for what a local run of the job's ``selected`` tasks could not execute."""
    for each in runnable.reachable(key):
        for task in runnable.job(each).tasks:
            if not task.disabled and (each != key or task.task_key in selected):
                for looked_at in dict.fromkeys((kind_of(task), kind_of(_innermost(task)))):
                    _refuse_kind(str(task.task_key), looked_at)
                _refuse_fields(str(task.task_key), task)


def _refuse_kind(key: str, kind: str) -> None:
    if kind not in LOCAL_KINDS:
        raise UsageError(
            f"task '{key}' is a {kind or 'mere name'}, which a local run cannot execute",
            _ADVICE.get(kind, _LEAVE_OUT),
        )


def _refuse_fields(key: str, task: Any) -> None:
    sql = _innermost(task).sql_task
    if sql and not sql.file:
        raise UsageError(
            f"task '{key}' names a saved query, alert or dashboard, and a local run has only files", _LEAVE_OUT
        )
    inputs = str(task.for_each_task.inputs) if task.for_each_task else "[]"
    if "{{" not in inputs:
        try:
            inputs_of(inputs, inputs)
        except ValueError as error:
            raise UsageError(f"task '{key}': {error}", 'Write them as text: inputs: "[1, 2, 3]"') from None


def _innermost(task: Any) -> Any:
    """The task of a loop, or the task itself."""
    return task.for_each_task.task if task.for_each_task else task
