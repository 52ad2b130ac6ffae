"""Makes the executions of a run and of the runs that its tasks start."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from framework.core.events import Listener, RunStarted
from framework.local.execution import Execution
from framework.local.job_graph import JobGraph
from framework.local.job_work import CodeOfRun, JobWork
from framework.local.past import Past
from framework.local.paths import LocalPaths
from framework.local.references import RunValues
from framework.local.runnable import Runnable
from framework.local.task_values import TaskValues
from framework.local.units import ChildRun
from framework.records.run_store import RunStore
from framework.records.run_values import NewRun, StoredRun


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What every execution of a run shares."""

    store: RunStore
    paths: LocalPaths
    runnable: Runnable
    code: CodeOfRun | None
    listener: Listener

    def execution(self, run: StoredRun, past: Past) -> Execution:
        """The execution of a run that is in the store."""
        key = str(run.source["job_key"])
        job: Any = self.runnable.job(key)
        graph = JobGraph.of(job, run.tasks if run.source.get("partial") else None)
        decided = {key: outcome.result for key, outcome in past.decided.items()}
        keys = tuple(graph.nodes)
        self.listener(RunStarted(run.job_run_id, run.pipeline, run.target, keys, run.parent_run_id, decided))
        # A backfill is one queue of runs, whatever the job says of those that are started one by one.
        queue = bool(run.backfill) or job.queue is None or job.queue.enabled is not False
        return Execution(
            run=run,
            graph=graph,
            values=job_values(self.runnable, run),
            work=JobWork(
                runnable=self.runnable,
                job_key=key,
                job_run_id=run.job_run_id,
                paths=self.paths,
                code=self.code,
            ),
            store=self.store,
            listener=self.listener,
            clock=time.monotonic,
            task_values=TaskValues(self.paths.task_values(run.job_run_id)),
            begin_child=self._begin_child,
            limit=job.timeout_seconds or 0,
            most_at_once=1 if job.max_concurrent_runs is None else job.max_concurrent_runs,
            queues=queue,
            past=past,
        )

    def _begin_child(self, child: ChildRun, parent: StoredRun) -> Execution:
        if child.child_run_id is not None:
            run = self.store.run(child.child_run_id)
            self.store.reopen(run.job_run_id, run.parameters)
            return self.execution(run, Past.of(self.store.history(run.job_run_id)))
        key = self.runnable.key_of(child.job_id)
        job: Any = self.runnable.job(key)
        new = NewRun(
            job=f"{self.runnable.bundle.name}/{self.runnable.bundle.target}/{key}",
            project=self.runnable.bundle.name,
            pipeline=key,
            target=self.runnable.bundle.target,
            tasks=tuple(str(task.task_key) for task in job.tasks),
            parameters=child.parameters,
            source={"job_key": key},
            started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            trigger="run_job_task",
            parent_run_id=parent.job_run_id,
            owner_run_id=parent.owner_run_id,
        )
        # Raises Unfilled while there is no such run yet.
        job_values(self.runnable, StoredRun(**vars(new), job_run_id=0, state="QUEUED"))
        return self.execution(self.store.begin(new), Past())


def job_values(runnable: Runnable, run: StoredRun) -> RunValues:
    """What a run was given over the job's defaults, which may refer to each other. Raises Unfilled."""
    key = str(run.source["job_key"])
    job: Any = runnable.job(key)
    defaults = {str(parameter.name): str(parameter.default) for parameter in job.parameters}
    return RunValues(
        job_run_id=run.job_run_id,
        job_name=str(job.name or key),
        job_id=runnable.job_ids.get(key, 0),
        parameters={**defaults, **run.parameters},
        started=datetime.fromisoformat(run.started_at),
        repair_count=run.repairs,
        trigger=run.trigger,
        backfill=datetime.fromisoformat(run.backfill) if run.backfill else None,
    ).with_filled_parameters()
