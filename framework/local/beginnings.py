"""What must be right before a run or a repair begins."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from framework.compile.bundle import Plan
from framework.core.errors import UsageError
from framework.local.job_graph import JobGraph
from framework.local.job_work import check_arguments
from framework.local.new_execution import job_values
from framework.local.references import Unfilled
from framework.local.requests import RepairRequest, RunRequest, Selected
from framework.local.runnable import Runnable, refuse_unsupported
from framework.local.selection import chosen
from framework.records.run_values import NewRun, StoredRun
from framework.runtime.kinds import KINDS
from framework.spec.references import references


def new_run(runnable: Runnable, request: RunRequest) -> NewRun:
    """The run that ``request`` asks for. Raises UsageError for what no run of the job could be given."""
    job, plan, selected = runnable.job(request.job_key), runnable.plan(request.job_key), request.selected
    graph = JobGraph.of(job, chosen(JobGraph.of(job), selected.only, selected.first, selected.last))
    refuse_unsupported(runnable, request.job_key, graph.nodes)
    if plan:
        _refuse_torn_apart(plan, graph, selected)
    _refuse_unknown(job, request.job_key, request.parameters)
    new = NewRun(
        job=f"{runnable.bundle.name}/{runnable.bundle.target}/{request.job_key}",
        project=runnable.bundle.name,
        pipeline=plan.pipeline if plan else request.job_key,
        target=runnable.bundle.target,
        tasks=tuple(graph.nodes),
        parameters=request.parameters,
        source={**request.source, "job_key": request.job_key, "partial": len(graph.nodes) < len(job.tasks)},
        started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        idempotency_token=request.idempotency_token,
        trigger="one_time",
        backfill=request.backfill.isoformat() if request.backfill else None,
    )
    _check_values(runnable, graph, StoredRun(**vars(new), job_run_id=0, state="QUEUED"))
    return new


def of_repair(runnable: Runnable, run: StoredRun, request: RepairRequest) -> tuple[JobGraph, dict[str, str]]:
    """The job as it is now, and what a repair of ``run`` is given. Raises UsageError as ``new_run`` does."""
    key = str(run.source["job_key"])
    job = runnable.job(key)
    there = {str(task.task_key) for task in job.tasks}
    graph = JobGraph.of(job, there.intersection(run.tasks) if run.source.get("partial") else None)
    refuse_unsupported(runnable, key, graph.nodes)
    _refuse_unknown(job, key, request.parameters)
    declared = {parameter.name for parameter in job.parameters}
    kept = {name: value for name, value in run.parameters.items() if name in declared}
    given = {**kept, **request.parameters}
    _check_values(runnable, graph, StoredRun(**{**vars(run), "parameters": given}))
    return graph, given


def _refuse_torn_apart(plan: Plan, graph: JobGraph, selected: Selected) -> None:
    """A task that takes what another one made takes it from the same run."""
    for key, task in plan.tasks.items():
        if key not in graph.nodes:
            continue
        for _, reference, name in references(KINDS[task.kind](**task.options)):
            if reference.to == "task" and name not in graph.nodes:
                after = "+" if selected.first else ""
                raise UsageError(
                    f"task '{key}' takes what task '{name}' makes in the same run, and '{name}' is not selected",
                    f"With all that it needs: --only +{key}{after}",
                )


def _refuse_unknown(job: Any, key: str, parameters: Iterable[str]) -> None:
    declared = [str(parameter.name) for parameter in job.parameters]
    if unknown := next((name for name in parameters if name not in declared), ""):
        hint = f"Its parameters are: {', '.join(declared)}." if declared else "It has none."
        raise UsageError(f"job '{key}' has no parameter '{unknown}'", hint)


def _check_values(runnable: Runnable, graph: JobGraph, run: StoredRun) -> None:
    key = str(run.source["job_key"])
    try:
        values = job_values(runnable, run)
    except Unfilled as error:
        raise UsageError(
            f"job '{key}' cannot begin: {error}", "Give the parameter a value: --params name=value"
        ) from None
    if plan := runnable.plan(key):
        check_arguments([node.task for node in graph.nodes.values()], plan, values)
