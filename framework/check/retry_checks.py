"""Rules about what happens when a task is tried again."""

from collections.abc import Iterator

from framework.check.finding import warning
from framework.check.native_files import native_files
from framework.check.task_code import code_of
from framework.core.diagnostics import Diagnostic
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.spec.node_path import NodePath


def retries_repeat_appends(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Retries of a task that adds rows: an attempt can fail after its write, and the next one adds them again.

    Our own writes are guarded against that within one attempt, not across attempts: a repair with mended code has to
    be able to write other rows. Of notebooks nobody can tell what they write, so nothing is said of them.
    """
    appends: dict[str, tuple[NodePath, str]] = {
        task.task_key: ((*task.path, "write_mode"), "Use write_mode overwrite or {replace_where: […]}, or no retries.")
        for task in pipeline.tasks
        if getattr(task.options, "write_mode", None) == "append"
    }
    for native in native_files(pipeline):
        if native.kind == "sql_task" and native.exists and code_of(native.file).inserts:
            hint = f"Use INSERT OVERWRITE, INSERT INTO … REPLACE WHERE or MERGE in {native.written}, or no retries."
            appends[native.level.task.task_key] = (native.path, hint)
    for task in pipeline.tasks:
        if task.task_key in appends and (path := _where_retried(task)):
            summary = f"a retry of task '{task.task_key}' may add the same rows again"
            yield warning(pipeline, path, summary, appends[task.task_key][1])


def _where_retried(task: ResolvedTask) -> NodePath | None:
    """The place of ``max_retries``, if there are any."""
    if task.databricks.get("max_retries"):
        return (*task.path, "databricks", "max_retries")
    return (*task.path, "max_retries") if task.settings.get("max_retries") else None
