"""Rules about the sources that a project declares."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from framework.check.name_checks import declared_sources, without_catalog
from framework.check.table_checks import writes
from framework.core.diagnostics import Diagnostic, Severity
from framework.core.source_formats import READERS
from framework.resolve.dependencies import same_name
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import format_path, quoted
from framework.spec.variables import names_of_environment


def sources_are_not_written(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """A source with the name of a table that a task writes: a local run would load the file over it."""
    written = {same_name(without_catalog(name)): task for _, task, to, name in writes(pipelines) if to == "table"}
    for document, name, _ in declared_sources(pipelines):
        if task := written.get(same_name(name)):
            summary = f"source '{name}' is a table that task '{task.task_key}' writes"
            hint = "A source is what no task makes: remove it, or let the task write to another name."
            path = ("sources", name)
            yield Diagnostic(summary, document.key_location(path), format_path(path), hint, Severity.WARNING)


def sources_have_a_known_format(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """A source whose suffix says nothing to a local run."""
    for document, name, source in declared_sources(pipelines):
        suffix = PurePosixPath(written := source["path"]).suffix
        if suffix.lower() not in READERS and not _ends_by_environment(written):
            path = ("sources", name, "path")
            summary = f"source {quoted(written)} has a format that is not known"
            hint = f"A local run reads {', '.join(READERS)}: convert it, or give another file by --source."
            yield Diagnostic(summary, document.location(path), format_path(path), hint, Severity.WARNING)


def _ends_by_environment(path: str) -> bool:
    """Whether only a run knows the suffix: it may stand in the environment."""
    end = path.rpartition("}")[2]
    return bool(names_of_environment(path)) and "." not in end and "/" not in end
