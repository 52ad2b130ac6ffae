"""Rules about what happens when a task is tried again."""

from collections.abc import Iterator

from framework.check.finding import path_in_task, warning
from framework.check.task_code import code_of
from framework.core.diagnostics import Diagnostic
from framework.resolve.native_files import code_files
from framework.resolve.resolved import Level, ResolvedPipeline
from framework.spec.node_path import NodePath


def retries_repeat_appends(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Retries of a task that adds rows: an attempt can fail after its write, and the next one adds them again.

    Our own writes are guarded against that within one attempt, not across attempts: a repair with mended code has to
    be able to write other rows. Of notebooks nobody can tell what they write, so nothing is said of them.
    """
    for level, hint in _appends(pipeline):
        if path := _where_retried(level):
            summary = f"a retry of task '{level.task.task_key}' may add the same rows again"
            yield warning(pipeline, path, summary, hint)


def _appends(pipeline: ResolvedPipeline) -> Iterator[tuple[Level, str]]:
    """The tasks that add rows, and what to do instead."""
    for level in pipeline.levels:
        if not level.in_loop and getattr(level.task.options, "write_mode", None) == "append":
            yield level, "Use write_mode overwrite or {replace_where: […]}, or no retries."
    for native in code_files(pipeline):
        if native.kind == "sql_task" and code_of(native.file).inserts:
            hint = f"Use INSERT OVERWRITE, INSERT INTO … REPLACE WHERE or MERGE in {native.written}, or no retries."
            yield native.level, hint


def _where_retried(level: Level) -> NodePath | None:
    """The place of ``max_retries``, if there are any: those of the task inside of a loop, or of the loop itself."""
    task = level.task
    if level.in_loop and level.settings.get("max_retries"):
        return (*level.settings_path, "max_retries")
    # What stands under 'databricks:' wins, also when it says that there are none.
    written = next((each for each in (task.databricks, task.settings) if "max_retries" in each), {})
    return path_in_task(task, ("max_retries",)) if written.get("max_retries") else None
