"""Rules about the logical date."""

from collections.abc import Iterator
from datetime import datetime

from framework.check.finding import finding
from framework.core.diagnostics import Diagnostic
from framework.core.dynamic_values import only_reference, references_in
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import NodePath, quoted

_OF_THE_JOB = "job.parameters."


def logical_dates(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A logical date that is no date, or comes from a parameter whose value is none."""
    path: NodePath = ("logical_date",)
    text, named = pipeline.logical_date, only_reference(pipeline.logical_date)
    if named.startswith(_OF_THE_JOB) and (parameter := pipeline.parameters.get(named.removeprefix(_OF_THE_JOB))):
        path, text = ("parameters", named.removeprefix(_OF_THE_JOB)), parameter.value
    if text and not references_in(text) and not _is_date(text):
        hint = "Write it like 2024-03-01, or a reference such as {{job.trigger.time.iso_date}}."
        yield finding(pipeline, path, f"the logical date {quoted(text)} is no date", hint)


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
