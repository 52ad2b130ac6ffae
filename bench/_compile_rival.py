"""The jobs of ``compile.py`` as Python for bundles ('pydabs'): what ``python -m databricks.bundles.build`` loads."""

import os

from databricks.bundles.core import Bundle, Resources
from databricks.bundles.jobs import Job

JOBS, TASKS = (int(os.environ[name]) for name in ("BENCH_JOBS", "BENCH_TASKS"))


def load_resources(bundle: Bundle) -> Resources:
    resources = Resources()
    for number in range(JOBS):
        resources.add_job(f"p{number:04d}", Job.from_dict(_job(number)))
    return resources


def _job(number: int) -> dict:
    """The fields that ``framework compile`` writes for one of its pipelines."""
    wheels = [f"${{var.release_path}}/wheels/${{var.{name}}}" for name in ("project_wheel", "runtime_wheel")]
    dependencies = [*wheels, "-r ${var.release_path}/requirements.txt"]
    return {
        "name": f"project.p{number:04d}",
        "description": "Made for a benchmark.",
        "tags": {"owner": "team", "cost_center": "0", "domain": "retail"},
        "parameters": [{"name": "as_of", "default": "2030-01-01"}],
        "queue": {"enabled": True},
        "schedule": {"quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "Europe/Berlin"},
        "environments": [
            {"environment_key": "default", "spec": {"environment_version": "4", "dependencies": dependencies}}
        ],
        "budget_policy_id": "7",
        "run_as": {"service_principal_name": "robot-prod"},
        "permissions": [{"level": "CAN_VIEW", "group_name": "everyone"}],
        "tasks": [_task(number, key) for key in range(TASKS)],
    }


def _task(pipeline: int, number: int) -> dict:
    named = {
        "framework.plan": f"${{var.release_path}}/plans/p{pipeline:04d}.json",
        "framework.task": f"t{number:02d}",
        "framework.job_run_id": "{{job.run_id}}",
        "framework.task_run_id": "{{task.run_id}}",
        "framework.attempt": "{{task.execution_count}}",
        "framework.logical_date": "{{job.parameters.as_of}}",
        "as_of": "{{job.parameters.as_of}}",
        "top": str(number),
    }
    return {
        "task_key": f"t{number:02d}",
        "timeout_seconds": 3600,
        "environment_key": "default",
        "python_wheel_task": {
            "package_name": "bundle_framework", "entry_point": "framework-task", "named_parameters": named,
        },
    }  # fmt: skip
