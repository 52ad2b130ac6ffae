"""Findings about a pipeline, and where a field of its job or of a task is written."""

from dataclasses import replace
from typing import Any

from framework.core.diagnostics import Diagnostic, Severity
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.spec.entry import Places
from framework.spec.node_path import NodePath, format_path


def finding(pipeline: ResolvedPipeline, path: NodePath, summary: str, hint: str = "") -> Diagnostic:
    """An error at ``path``, in whichever file sets the value there."""
    return Diagnostic(summary, pipeline.location(path), shown_path(pipeline, path), hint)


def warning(pipeline: ResolvedPipeline, path: NodePath, summary: str, hint: str = "") -> Diagnostic:
    """As ``finding``, and stops nothing."""
    return replace(finding(pipeline, path, summary, hint), severity=Severity.WARNING)


def key_finding(pipeline: ResolvedPipeline, path: NodePath, summary: str, hint: str = "") -> Diagnostic:
    """An error about the key that ``path`` ends with."""
    places, written = _origin(pipeline, path)
    return Diagnostic(summary, places.key_location(written) or pipeline.location(path), format_path(written), hint)


def shown_path(pipeline: ResolvedPipeline, path: NodePath) -> str:
    """``path`` in the words of the file that sets the value there."""
    return format_path(_origin(pipeline, path)[1])


def path_in_job(pipeline: ResolvedPipeline, path: NodePath) -> NodePath:
    """Where the field ``path`` of the compiled job is written: under 'databricks:' if that has it, else beside it."""
    return ("databricks", *path) if _has(pipeline.databricks, path) else path


def path_in_task(task: ResolvedTask, path: NodePath) -> NodePath:
    """The same for the field ``path`` of a task."""
    return (*task.path, "databricks", *path) if _has(task.databricks, path) else (*task.path, *path)


def _origin(pipeline: ResolvedPipeline, path: NodePath) -> tuple[Places, NodePath]:
    for length in range(len(path), 0, -1):
        if origin := pipeline.origins.get(path[:length]):
            return origin.places, (*origin.path, *path[length:])
    return pipeline.document, path


def _has(written: Any, path: NodePath) -> bool:
    """Whether ``path`` leads somewhere; a list replaces the whole list below it, so there the first step says it."""
    for step in path:
        inside = isinstance(written, dict) and step in written
        if not inside and not (isinstance(written, list) and isinstance(step, int) and step < len(written)):
            return False
        written = written[step]
    return bool(path)
