"""Rules about what a project deploys beside its jobs."""

from collections.abc import Iterator, Sequence

from framework.compile.official_types import refusals
from framework.compile.resources import completed, official_type
from framework.core.diagnostics import Diagnostic
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import NodePath, format_path
from framework.spec.target_spec import LOCAL

_HINT = "This is a field of bundles: see their reference for names and types."


def official_resources(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """Declared `resources` that `databricks.bundles` refuses."""
    first = pipelines[0]
    for sort, declared in first.resources.items() if first.target != LOCAL else ():
        for key, fields in completed(sort, declared, first).items():
            for refusal in refusals(official_type(sort), fields):
                path: NodePath = ("resources", sort, key, *refusal.path)
                place = first.project_document.key_location if refusal.of_key else first.project_document.location
                summary = f"the official types refuse this: {refusal.summary}"
                yield Diagnostic(summary, place(path), format_path(path), refusal.hint or _HINT)
