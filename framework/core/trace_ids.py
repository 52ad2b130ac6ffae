"""Ids by which logs, traces and lineage of one job run find each other, the same in every process of it."""

import hashlib


def trace_id(project: str, target: str, job_run_id: str) -> str:
    """32 hex digits for a job run; empty when it has no id."""
    return _digest("trace", project, target, job_run_id)[:32] if job_run_id else ""


def span_id(trace: str, task_run_id: str, attempt: int) -> str:
    """16 hex digits for an attempt of the job run that has the id ``trace``."""
    return _digest("span", trace, task_run_id, str(attempt))[:16]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
