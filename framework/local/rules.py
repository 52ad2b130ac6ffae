"""The Jobs service's rules for when a task runs and how a job ends.

From docs.databricks.com/jobs: run-if, conditional-tasks, for-each, repair. Where no page settles a case, the choice is
made here and nowhere else, and is marked "Chosen".
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from framework.core.job_run import FAILED, SUCCEEDED, JobResult
from framework.core.task_run import TaskResult

Decision = Literal["RUN"] | TaskResult

_DISABLES = ("ALL_SUCCESS", "ALL_FAILED")
_HANDLERS = ("AT_LEAST_ONE_FAILED", "ALL_FAILED")
_CANCELED = ("CANCELED", "UPSTREAM_CANCELED")


def decide(run_if: str, upstream: Collection[TaskResult], branch_taken: bool = True) -> Decision:
    """Whether a task whose dependencies are all done runs, or the result it gets instead.

    ``branch_taken`` is false when one of its dependencies is an ``outcome`` that the condition did not have. Chosen:
    that excludes the task whatever its other dependencies did (so one report from the field).
    """
    if not upstream:
        return "RUN"
    if not branch_taken or all(result == "EXCLUDED" for result in upstream):
        return "EXCLUDED"
    others = [result for result in upstream if result != "DISABLED"]
    if len(others) < len(upstream) and _is_disabled(run_if, others):
        return "DISABLED"
    if _met(run_if, others):
        return "RUN"
    if run_if in _HANDLERS:
        return "EXCLUDED"
    # Chosen: of a failed and a canceled dependency, the canceled one names the result.
    return "UPSTREAM_CANCELED" if any(result in _CANCELED for result in others) else "UPSTREAM_FAILED"


def job_result(results: Mapping[str, TaskResult], leaves: Iterable[str], canceled: bool = False) -> JobResult:
    """The job's result by its leaves: failed if one of them did, a success with failures if anything else did."""
    if canceled:
        return "CANCELED"
    if any(results[leaf] in FAILED for leaf in leaves):
        return "FAILED"
    return "SUCCESS_WITH_FAILURES" if any(result in FAILED for result in results.values()) else "SUCCESS"


def loop_result(iterations: Collection[TaskResult]) -> TaskResult:
    """The result of a ``for_each_task``. Chosen: an iteration that fails does not keep the others from running."""
    if any(result in _CANCELED for result in iterations):
        return "CANCELED"
    return "FAILED" if any(result in FAILED for result in iterations) else "SUCCESS"


def run_job_result(child: JobResult) -> TaskResult:
    """The result of a ``run_job_task``. Chosen: a child that timed out or was skipped has failed."""
    if child in ("SUCCESS", "SUCCESS_WITH_FAILURES"):
        return "SUCCESS"
    return "CANCELED" if child == "CANCELED" else "FAILED"


def retries(result: TaskResult, tries: int, max_retries: int, retry_on_timeout: bool) -> bool:
    """Whether a task that has been tried ``tries`` times is tried again; ``max_retries`` -1 is without end."""
    retryable = result in ("FAILED", "INTERNAL_ERROR") or (result == "TIMEDOUT" and retry_on_timeout)
    return retryable and (max_retries == -1 or tries <= max_retries)


def _is_disabled(run_if: str, others: Collection[TaskResult]) -> bool:
    """Whether a task with a disabled dependency is disabled, too, by what its ``others`` did.

    Chosen: with nothing else before it, only a task that runs in any case runs. With nothing but excluded ones beside
    it, NONE_FAILED is not met, as nothing was executed; but as nothing failed either, that fails nothing.
    """
    if run_if == "NONE_FAILED":
        return all(result == "EXCLUDED" for result in others)
    return run_if in _DISABLES or not (others or run_if == "ALL_DONE")


def _met(run_if: str, upstream: Collection[TaskResult]) -> bool:
    succeeded = [result in SUCCEEDED for result in upstream]
    failed = [result in FAILED for result in upstream]
    conditions = {
        "ALL_SUCCESS": all(succeeded),
        "AT_LEAST_ONE_SUCCESS": any(succeeded),
        "NONE_FAILED": not any(failed) and "SUCCESS" in upstream,
        "ALL_DONE": True,
        "AT_LEAST_ONE_FAILED": any(failed),
        "ALL_FAILED": all(failed),
    }
    return conditions[run_if]
