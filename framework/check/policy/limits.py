"""Rules about time and retries."""

from collections.abc import Iterator

from framework.check.policy.native_fields import NativeFields, NativeJob, whole_number
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
        says, number = policy.says(("limits", "max_retries")), whole_number(task.values.get("max_retries"))
        yield from task.unknown(("max_retries",), says)
        if number is not None and most is not None and (number == _ENDLESS or number > most):
            tried = "without end" if number == _ENDLESS else f"{number} times"
            hint = f"{says} sets the limit."
            yield task.finding(f"a retry {tried} is not allowed, at most {most}", hint, ("max_retries",))


def _time_limit(fields: NativeFields, most: int, says: str) -> Iterator[Diagnostic]:
    if unknown := [*fields.unknown(("timeout_seconds",), says)]:
        yield from unknown
        return
    is_written = "timeout_seconds" in fields.values
    number = whole_number(fields.values.get("timeout_seconds", 0))
    if number is None:
        return  # the Jobs service's types refuse it
    if number <= 0:
        what = "task" if fields.path else "job"
        hint = f"Write timeout_seconds, at most {most}. {says} requires it."
        found = fields.finding if is_written else fields.missing
        yield found(f"the {what} has no time limit", hint, ("timeout_seconds",))
    elif number > most:
        hint = f"{says} sets the limit."
        yield fields.finding(f"timeout_seconds is {number}, at most {most} is allowed", hint, ("timeout_seconds",))
