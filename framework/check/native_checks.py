"""Rules about native tasks, and about ``databricks:``, which is merged over everything that the framework writes."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from framework.check.finding import finding, key_finding
from framework.core.diagnostics import Diagnostic
from framework.core.notebook_source import header
from framework.resolve.native_files import NativeFile, native_files
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import NodePath, quoted
from framework.spec.owned_fields import OF_JOB, OF_TASK
from framework.spec.suggestions import close_match


def owned_fields(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Fields that cannot stand under ``databricks:``: tasks, dependencies, parameters, what else the pipeline says."""
    yield from _owned(pipeline, (), pipeline.databricks, OF_JOB)
    for task in pipeline.tasks:
        yield from _owned(pipeline, task.path, task.databricks, OF_TASK)


def native_files_exist(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A notebook, a script, an SQL file or a dbt project that is not there, not in the project, or hidden."""
    project = pipeline.source_directory.parent
    real_project = project.resolve()
    for native in native_files(pipeline):
        if not native.file.is_relative_to(project):
            hint = "Only the project's own files are deployed: move it there. A workspace's path begins with '/'."
            yield finding(pipeline, native.path, f"{quoted(native.written)} leads out of the project", hint)
        elif not native.exists:
            where = f"{pipeline.document.file.rpartition('/')[0]}/"
            hint = f"Paths start from the pipeline's file, in {where}.{_near(native.file)}"
            yield finding(pipeline, native.path, f"there is no {_word(native)} {quoted(native.written)}", hint)
        elif not native.file.resolve().is_relative_to(real_project):
            hint = "Put the file itself into the project."
            yield finding(
                pipeline, native.path, f"{quoted(native.written)} is a link that leads out of the project", hint
            )
        elif any(part.startswith(".") for part in native.file.relative_to(project).parts):
            hint = "Move it to where no name begins with a dot."
            yield finding(pipeline, native.path, f"{quoted(native.written)} is hidden, and no release has it", hint)
        elif native.kind == "notebook_task" and not native.is_notebook:
            hint = f"The first line of a notebook is '{header(native.file.suffix)}'."
            yield finding(pipeline, native.path, f"{quoted(native.written)} is a file, and no notebook", hint)
        elif native.kind in ("spark_python_task", "sql_task") and native.is_notebook:
            hint = "Run it by a notebook_task, or remove the line that makes it a notebook."
            yield finding(pipeline, native.path, f"{quoted(native.written)} is a notebook, and no plain file", hint)


def _owned(
    pipeline: ResolvedPipeline, path: NodePath, written: Mapping[str, object], owned: Mapping[str, str]
) -> Iterator[Diagnostic]:
    for name in written:
        if name in owned:
            summary = f"'{name}' cannot stand under 'databricks:'"
            yield key_finding(pipeline, (*path, "databricks", name), summary, owned[name])


def _word(native: NativeFile) -> str:
    return {"notebook_task": "notebook", "dbt_task": "directory"}.get(native.kind, "file")


def _near(file: Path) -> str:
    near = ""
    with suppress(OSError):
        near = close_match(file.name, sorted(entry.name for entry in file.parent.iterdir()))
    return f" Did you mean '{near}'?" if near else ""
