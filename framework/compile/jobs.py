"""Checked pipelines → the Bundle: each a ``databricks.bundles.jobs.Job`` and the plan beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from framework.compile.bundle import RELEASE_PATH, Bundle, Plan
from framework.compile.compute import with_code
from framework.compile.native_files import files_of_tasks, native_fields
from framework.compile.personal import PERSON, is_personal, own_options, shared_tables
from framework.compile.resources import resources_of
from framework.compile.targets import settings
from framework.compile.task_notebooks import PATH, tasks_that_set_values
from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject
from framework.core.ops_tables import ops_schema
from framework.core.task_run import DEV_PREFIX, TaskRun
from framework.resolve.job_references import pipelines_run
from framework.resolve.resolved import CheckedPipeline, ResolvedPipeline, ResolvedTask
from framework.spec.layers import merged
from framework.spec.python_project import RUNTIME
from framework.spec.target_spec import LOCAL

if TYPE_CHECKING:
    from databricks.bundles.jobs import Job

PACKAGE = RUNTIME
ENTRY_POINT = "framework-task"
BACKFILL = "framework.backfill"
"""The job parameter that tells a run that it is a backfill: it then leaves the aliases of models alone."""
_PAGE = {"framework.job_id": "{{job.id}}", "framework.workspace_url": "{{workspace.url}}"}
"""What leads from a record to the run's page."""


def bundle_of(*checked: CheckedPipeline) -> Bundle:
    """The bundle of pipelines of one project. Raises InvalidProject when the official types refuse something in it."""
    pipelines = [each.pipeline for each in checked]
    first, plans = pipelines[0], {each.pipeline.pipeline: _plan(each) for each in checked}
    bundle = Bundle(
        name=first.project,
        target=first.target,
        jobs={pipeline.pipeline: _job(pipeline, plans[pipeline.pipeline]) for pipeline in pipelines},
        plans={key: plan for key, plan in plans.items() if plan.tasks},
    )
    if first.target == LOCAL:
        return bundle
    return replace(bundle, resources=resources_of(pipelines), files=files_of_tasks(pipelines), settings=settings(first))


def _plan(checked: CheckedPipeline) -> Plan:
    pipeline, days = checked.pipeline, checked.training_inputs_days
    tasks = {task.task_key: _task_run(pipeline, task, days) for task in pipeline.tasks if task.kind}
    return Plan(
        project=pipeline.project,
        pipeline=pipeline.pipeline,
        target=pipeline.target,
        tasks=tasks,
        shared_tables=shared_tables(pipeline),
    )


def _task_run(pipeline: ResolvedPipeline, task: ResolvedTask, training_inputs_days: int) -> TaskRun:
    own = own_options(pipeline, task.options)
    options = {name: value for name, value in asdict(own).items() if name != "params"}
    return TaskRun(
        project=pipeline.project,
        pipeline=pipeline.pipeline,
        target=pipeline.target,
        task_key=task.task_key,
        kind=task.kind,
        options=options,
        params=task.params,
        tags=_tags(pipeline),
        ops_schema=_ops_schema(pipeline),
        telemetry=pipeline.workspace.telemetry,
        keep_inputs_days=training_inputs_days if task.options.offers == "model" else 0,
    )


def _tags(pipeline: ResolvedPipeline) -> dict[str, str]:
    """Those of the job, which its tasks put on what they make."""
    tags: Any = merged([pipeline.tags, pipeline.databricks.get("tags") or {}])
    return {name: str(value) for name, value in tags.items() if value is not None}


def _ops_schema(pipeline: ResolvedPipeline) -> str:
    """Where its attempts record themselves, in development each person's own; locally whoever starts a run does it."""
    if pipeline.target == LOCAL:
        return ""
    prefix = DEV_PREFIX if is_personal(pipeline) else ""
    return f"{pipeline.workspace.catalog}.{prefix}{ops_schema(pipeline.project)}"


def _job(pipeline: ResolvedPipeline, plan: Plan) -> "Job":
    from databricks.bundles.jobs import Job

    does = _work(pipeline, plan)
    fields = {
        "name": f"{f'[dev {PERSON}] ' if is_personal(pipeline) else ''}{pipeline.project}.{pipeline.pipeline}",
        "description": pipeline.description,
        "tags": dict(pipeline.tags),
        "parameters": [*_parameters(pipeline)],
        "queue": {"enabled": True},
        **pipeline.settings,
        "tasks": [_task(task, does[task.task_key]) for task in pipeline.tasks],
    }
    job: Any = merged(
        [{name: value for name, value in fields.items() if value not in ("", {}, [])}, pipeline.databricks]
    )
    if pipeline.target != LOCAL:
        job = with_code(job, plan.tasks)
    try:
        return Job.from_dict(job)
    except Exception as error:  # its class depends on the shape of what does not fit
        # The rules find it before, each field at its place; this is for what they do not know yet.
        summary = f"the Jobs service's types refuse the job: {error}"
        raise InvalidProject(Diagnostics((Diagnostic(summary, pipeline.document.location(())),))) from None


def _parameters(pipeline: ResolvedPipeline) -> Iterator[dict[str, str]]:
    yield from ({"name": name, "default": p.value} for name, p in pipeline.parameters.items())
    # A backfill sets it; the Jobs service pushes it into every task of ours, and into the runs of other pipelines.
    if any(task.kind == "register_model" for task in pipeline.tasks) or any(pipelines_run(pipeline)):
        yield {"name": BACKFILL, "default": ""}


def _work(pipeline: ResolvedPipeline, plan: Plan) -> dict[str, Mapping[str, Any]]:
    """What each task does, by task key."""
    native = native_fields(pipeline) if pipeline.target != LOCAL else {}
    in_notebooks = tasks_that_set_values(pipeline)
    return {
        key: _of_ours(_told(pipeline, plan, task), key in in_notebooks) if task.kind else native.get(key, task.native)
        for key, task in ((task.task_key, task) for task in pipeline.tasks)
    }


def _task(task: ResolvedTask, does: Mapping[str, Any]) -> dict[str, Any]:
    depends_on = [{"task_key": d.task_key, **({"outcome": d.outcome} if d.outcome else {})} for d in task.depends_on]
    fields = {
        "task_key": task.task_key,
        **({"depends_on": depends_on} if depends_on else {}),
        **task.settings,
        **does,
    }
    return merged([fields, task.databricks])


def _of_ours(told: Mapping[str, str], in_notebook: bool) -> Mapping[str, Any]:
    if in_notebook:
        return {"notebook_task": {"notebook_path": PATH, "source": "WORKSPACE", "base_parameters": told}}
    return {"python_wheel_task": {"package_name": PACKAGE, "entry_point": ENTRY_POINT, "named_parameters": told}}


def _told(pipeline: ResolvedPipeline, plan: Plan, task: ResolvedTask) -> dict[str, str]:
    return {
        "framework.plan": f"{RELEASE_PATH}/{plan.file_name}",
        "framework.task": task.task_key,
        "framework.job_run_id": "{{job.run_id}}",
        "framework.task_run_id": "{{task.run_id}}",
        "framework.attempt": "{{task.execution_count}}",
        "framework.logical_date": pipeline.logical_date,
        **({"framework.dev_prefix": f"{PERSON}_"} if is_personal(pipeline) else {}),
        **(_PAGE if pipeline.target != LOCAL else {}),
        **{name: parameter.value for name, parameter in task.params.items()},
    }
