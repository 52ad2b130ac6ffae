"""The Jobs service's rules for when a task runs and how a job ends (docs.databricks.com/jobs: run-if, repair)."""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from framework.core.job_run import FAILED, SUCCEEDED, JobResult, TaskResult

Decision = Literal["RUN"] | TaskResult


def decide(run_if: str, upstream: Collection[TaskResult]) -> Decision:
    """Whether a task whose dependencies are all done runs, or the result it gets instead."""
    if not upstream:
        return "RUN"
    if all(result == "EXCLUDED" for result in upstream):
        return "EXCLUDED"
    if _met(run_if, upstream):
        return "RUN"
    if run_if in ("AT_LEAST_ONE_FAILED", "ALL_FAILED"):
        return "EXCLUDED"
    canceled = any(result in ("CANCELED", "UPSTREAM_CANCELED") for result in upstream)
    return "UPSTREAM_CANCELED" if canceled else "UPSTREAM_FAILED"


def job_result(results: Mapping[str, TaskResult], leaves: Iterable[str], canceled: bool) -> JobResult:
    """The job's result by its leaves: failed if one of them did, a success with failures if anything else did."""
    if canceled:
        return "CANCELED"
    if any(results[leaf] in FAILED for leaf in leaves):
        return "FAILED"
    return "SUCCESS_WITH_FAILURES" if any(result in FAILED for result in results.values()) else "SUCCESS"


def _met(run_if: str, upstream: Collection[TaskResult]) -> bool:
    succeeded = [result in SUCCEEDED for result in upstream]
    failed = [result in FAILED for result in upstream]
    conditions = {
        "ALL_SUCCESS": all(succeeded),
        "AT_LEAST_ONE_SUCCESS": any(succeeded),
        "NONE_FAILED": not any(failed),
        "ALL_DONE": True,
        "AT_LEAST_ONE_FAILED": any(failed),
        "ALL_FAILED": all(failed),
    }
    return conditions[run_if]
