"""Rules about time and retries."""

from collections.abc import Iterator

from framework.check.policy.native_fields import NativeFields, NativeJob
from framework.core.diagnostics import Diagnostic
from framework.spec.policy_spec import TargetPolicy

_ENDLESS = -1


def time_limits(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A job or a task that may run for longer than allowed, or without end."""
    limits = policy.rules.limits
    if limits.job_timeout_seconds is not None:
        says = policy.says(("limits", "job_timeout_seconds"))
        yield from _time_limit(job, limits.job_timeout_seconds, says)
    if limits.task_timeout_seconds is not None:
        says = policy.says(("limits", "task_timeout_seconds"))
        for task in job.tasks:
            if "condition_task" not in task.values:
                yield from _time_limit(task, limits.task_timeout_seconds, says)


def retries(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A task that is tried again more often than allowed."""
    most = policy.rules.limits.max_retries
    for task in job.tasks if most is not None else ():
        number = task.values.get("max_retries")
        if isinstance(number, int) and most is not None and (number == _ENDLESS or number > most):
            tried = "without end" if number == _ENDLESS else f"{number} times"
            hint = f"{policy.says(('limits', 'max_retries'))} sets the limit."
            yield task.finding(f"a retry {tried} is not allowed, at most {most}", hint, ("max_retries",))


def _time_limit(fields: NativeFields, most: int, says: str) -> Iterator[Diagnostic]:
    written = fields.values.get("timeout_seconds")
    if not written:
        what = "task" if fields.path else "job"
        hint = f"Write timeout_seconds, at most {most}. {says} requires it."
        found = fields.finding if written == 0 else fields.missing
        yield found(f"the {what} has no time limit", hint, ("timeout_seconds",))
    elif isinstance(written, int) and written > most:
        hint = f"{says} sets the limit."
        yield fields.finding(f"timeout_seconds is {written}, at most {most} is allowed", hint, ("timeout_seconds",))
