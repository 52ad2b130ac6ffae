"""Fields of the Jobs service that the framework writes itself: they cannot stand under ``databricks:``."""

from framework.spec.task_spec import NATIVE_TASKS

_OWN_FIELD = "It has a field of its own beside 'databricks:'. Write it there, where it is checked."

OF_JOB = {
    "name": "The job's name is made of the project's and the pipeline's.",
    "parameters": _OWN_FIELD,
    "run_as": "It belongs to the target: write 'run_as:' in conf/<target>.yml.",
    "tasks": _OWN_FIELD,
}
"""Each with where it is written instead."""
OF_TASK = {
    "task_key": _OWN_FIELD,
    "depends_on": _OWN_FIELD,
    **dict.fromkeys(NATIVE_TASKS, "What a task does stands beside 'databricks:', not in it."),
}
