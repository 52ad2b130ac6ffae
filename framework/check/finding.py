"""Findings about a pipeline, and where a field of its job or of a task is written."""

from typing import Any

from framework.core.diagnostics import Diagnostic, Severity
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.spec.node_path import NodePath, format_path


def finding(pipeline: ResolvedPipeline, path: NodePath, summary: str, hint: str = "") -> Diagnostic:
    """An error at ``path``, in whichever file sets the value there."""
    return Diagnostic(summary, pipeline.location(path), format_path(path), hint)


def warning(pipeline: ResolvedPipeline, path: NodePath, summary: str, hint: str = "") -> Diagnostic:
    """As ``finding``, and stops nothing."""
    return Diagnostic(summary, pipeline.location(path), format_path(path), hint, Severity.WARNING)


def path_in_job(pipeline: ResolvedPipeline, path: NodePath) -> NodePath:
    """Where the field ``path`` of the compiled job is written: under 'databricks:' if that has it, else beside it."""
    return ("databricks", *path) if _has(pipeline.databricks, path) else path


def path_in_task(task: ResolvedTask, path: NodePath) -> NodePath:
    """The same for the field ``path`` of a task."""
    return (*task.path, "databricks", *path) if _has(task.databricks, path) else (*task.path, *path)


def _has(written: Any, path: NodePath) -> bool:
    """Whether ``path`` leads somewhere; a list replaces the whole list below it, so there the first step says it."""
    for step in path:
        inside = isinstance(written, dict) and step in written
        if not inside and not (isinstance(written, list) and isinstance(step, int) and step < len(written)):
            return False
        written = written[step]
    return bool(path)
