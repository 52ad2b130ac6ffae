"""A run that ended, as the Jobs API tells it, as rows of the tables of run records."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from framework.core.errors import DatabricksRefused, FrameworkError
from framework.core.graph import topological_order
from framework.core.ops_tables import JOB_RUNS, in_order, row_of, times
from framework.core.task_run import AttemptRecord, Environment, Origin, TableVersion, TaskRun
from framework.deploy.deployed_jobs import DeployedJob
from framework.deploy.ops_origins import release_of
from framework.deploy.ops_statements import name
from framework.deploy.remote_outcomes import outcome_of
from framework.deploy.run_states import job_result
from framework.deploy.sql_warehouse import SqlWarehouse
from framework.deploy.workspace import asking
from framework.runtime.plans import written_by
from framework.runtime.redaction import redacted_error, redacted_values
from framework.runtime.tables import rows_written

if TYPE_CHECKING:
    from databricks.sdk.service.jobs import RepairHistoryItem, Run, RunTask

Row = dict[str, Any]
_LOOKED_THROUGH = 1000
"""Commits of a table, the newest first: what a killed attempt wrote is among them, or was long ago."""
_NEVER_RAN = ("EXCLUDED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED", "DISABLED")
_OF_THE_SERVICE = ("job_run_id", "task_run_id", "project", "pipeline", "target", "task_key", "result", "iteration")
_BACKFILL = "framework.backfill"


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Of one run of ``job``; ``plan`` are the templates of its tasks, empty for a job that is not of ours."""

    warehouse: SqlWarehouse
    project: str
    target: str
    job: DeployedJob
    run: "Run"
    origin: Origin
    plan: Mapping[str, TaskRun]

    def attempts(self) -> "Iterator[tuple[RunTask, int | None]]":
        """Each attempt that the service tells of; those of the iterations of a loop with their number."""
        for task in self.run.tasks or ():
            yield task, None
            if task.for_each_task and task.run_id:
                with asking(f"look at the iterations of {task.task_key}", "CAN_VIEW on the job"):
                    loop = self.warehouse.client.jobs.get_run(task.run_id)
                for number, iteration in enumerate(loop.iterations or ()):
                    yield replace(iteration, task_key=task.task_key), number

    def task_run(self, task: "RunTask", iteration: int | None) -> Row:
        """The row of an attempt that has none; what its process told in its log is in it."""
        template = self.plan.get(task.task_key)
        outcome = outcome_of(self.warehouse.client, task, template.kind if template else "")
        began = bool(task.start_time) and outcome.result not in _NEVER_RAN
        told = AttemptRecord(
            job_run_id=str(self.run.run_id),
            task_run_id=str(task.run_id) if began else "",
            attempt=(task.attempt_number or 0) + 1 if began else 0,
            project=self.project,
            pipeline=self.job.key,
            target=self.target,
            task_key=task.task_key,
            kind=outcome.kind,
            result=outcome.result,
            started_at=_moment(task.start_time) if began else "",
            ended_at=_moment(task.end_time) if began else "",
            error=redacted_error(outcome.error) if outcome.error else None,
            origin=self.origin,
            environment=self._environment(task),
            iteration=iteration,
        )
        if outcome.record:
            told = _of_process(outcome.record, told, bool(release_of(task)))
        if template and told.task_run_id and not (outcome.record and outcome.result == "SUCCESS"):
            told = replace(told, outputs=(*told.outputs, *self._half_written(template, told)))
        return row_of(told, "jobs_api", repair=self._repair_of(task))

    def job_runs(self) -> Iterator[Row]:
        """The row of the run, and those of what it had come to before its repairs."""
        repairs = self.repairs
        originals = (each for each in self.run.repair_history or () if each not in repairs)
        earlier = [*((0, each) for each in originals), *enumerate(repairs[:-1], 1)] if repairs else []
        # The service does not always say what they had come to.
        yield from (self._job_run(number, each) for number, each in earlier if each.state or each.status)
        yield self._job_run(len(repairs), self.run)

    @property
    def repairs(self) -> "list[RepairHistoryItem]":
        """The oldest first."""
        return [each for each in self.run.repair_history or () if each.type is None or each.type.value == "REPAIR"]

    def _job_run(self, number: int, ending: "RepairHistoryItem | Run") -> Row:
        run = self.run
        parameters = {each.name or "": each.value or each.default or "" for each in run.job_parameters or ()}
        values = {
            **times(_moment(ending.start_time), _moment(ending.end_time)),
            **asdict(self.origin),
            **asdict(self._environment()),
            "job_run_id": str(run.run_id),
            "repair": number,
            "project": self.project,
            "pipeline": self.job.key,
            "target": self.target,
            "source": "jobs_api",
            "result": job_result(ending),
            "job": run.run_name or self.job.name,
            "trigger": run.trigger.value.lower() if run.trigger else "",
            "parameters": redacted_values(
                {k: value for k, value in parameters.items() if not k.startswith("framework.")}
            ),
            "tasks": self._tasks(),
            "parent_run_id": self._parent(),
            "backfill": parameters.get(_BACKFILL, ""),
        }
        return in_order(JOB_RUNS, values)

    def _tasks(self) -> list[str]:
        tasks = {task.task_key: task.depends_on or () for task in self.run.tasks or ()}
        return list(
            topological_order({key: [d.task_key for d in needs if d.task_key in tasks] for key, needs in tasks.items()})
        )

    def _parent(self) -> str:
        """The run whose task started this one: the service tells the task's own run."""
        info = self.run.trigger_info
        if info is None or not info.run_id:
            return ""
        try:
            with asking(f"look at run {info.run_id}", "CAN_VIEW on its job"):
                return str(self.warehouse.client.jobs.get_run(info.run_id).job_run_id or "")
        except DatabricksRefused as refused:
            if refused.status not in (403, 404):
                raise
            return ""  # it is deleted, or not for this login to see

    def _repair_of(self, task: "RunTask") -> int:
        made = (n for n, each in enumerate(self.repairs, 1) if task.run_id in (each.task_run_ids or ()))
        return next(made, 0)

    def _environment(self, task: "RunTask | None" = None) -> Environment:
        instance = task.cluster_instance if task else None
        return Environment(
            compute={"cluster_id": instance.cluster_id} if instance and instance.cluster_id else {},
            job_id=str(self.job.job_id),
            run_url=(task and task.run_page_url) or self.run.run_page_url or "",
        )

    def _half_written(self, template: TaskRun, told: AttemptRecord) -> Iterator[TableVersion]:
        """What an attempt had committed that it does not tell: its commits say whose they are."""
        known = {each.key for each in told.outputs}
        for table in written_by(template):
            statement = f"DESCRIBE HISTORY {name(table)} LIMIT {_LOOKED_THROUGH}"
            try:
                commits = self.warehouse.rows(statement, f"read the history of {table}")
            except FrameworkError:  # it was never made, or this login may not see it
                continue
            for commit in commits:
                found = TableVersion(table, commit["version"], rows_written(commit["operationMetrics"] or {}))
                is_own = f'"task_run_id": "{told.task_run_id}"' in (commit["userMetadata"] or "")
                if is_own and found.key not in known:
                    yield found


def _of_process(record: AttemptRecord, known: AttemptRecord, is_of_release: bool) -> AttemptRecord:
    """What the process told, of the attempt that the service says it is: one that failed early knows no ids."""
    own, run_url = record.environment, record.environment.run_url or known.environment.run_url
    # A process that found no code was refused for it; only a plan of a release leads to that code all the same.
    is_found = record.origin == Origin() and is_of_release
    return replace(
        record,
        # The service's word counts: a process may have told of success and then not ended in time.
        **{name: getattr(known, name) for name in _OF_THE_SERVICE},
        attempt=record.attempt if record.task_run_id == known.task_run_id else known.attempt,
        kind=record.kind or known.kind,
        origin=known.origin if is_found else record.origin,
        environment=replace(own, job_id=own.job_id or known.environment.job_id, run_url=run_url),
    )


def _moment(milliseconds: int | None) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat() if milliseconds else ""
