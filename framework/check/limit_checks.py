"""The Jobs service's limits on one job (its API reference, and docs.databricks.com/jobs)."""

import re
from collections.abc import Iterator, Mapping

from framework.check.finding import finding, path_in_job
from framework.core.diagnostics import Diagnostic
from framework.core.job_limits import MAX_CONCURRENT_RUNS, MAX_DESCRIPTION, MAX_TAGS
from framework.resolve.resolved import ResolvedPipeline

_WHOLE = re.compile("-?[0-9]{1,20}")


def whole_number(value: object) -> int | None:
    """``value`` as the Jobs service reads it, which takes the text of a number for one; None when it is none."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def tag_limit(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """More tags than a job takes, those of its target and its project included."""
    below = pipeline.databricks.get("tags")
    names = dict.fromkeys((*pipeline.tags, *(below if isinstance(below, Mapping) else ())))
    if len(names) > MAX_TAGS:
        path = path_in_job(pipeline, ("tags", [*names][MAX_TAGS]))
        summary = f"{len(names)} tags: the Jobs service takes {MAX_TAGS} in one job"
        yield finding(pipeline, path, summary, "Those of the target and of the project count too: remove some.")


def run_limit(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``max_concurrent_runs`` that the Jobs service refuses."""
    runs = whole_number(pipeline.databricks.get("max_concurrent_runs"))
    if runs is not None and not 0 <= runs <= MAX_CONCURRENT_RUNS:
        summary = f"max_concurrent_runs must be from 0 to {MAX_CONCURRENT_RUNS:,}, found {runs}"
        yield finding(pipeline, ("databricks", "max_concurrent_runs"), summary)


def description_limit(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A description that is too long."""
    for path, text in (
        (("description",), pipeline.description),
        (("databricks", "description"), pipeline.databricks.get("description")),
    ):
        if isinstance(text, str) and len(text.encode()) > MAX_DESCRIPTION:
            yield finding(pipeline, path, f"a description of more than {MAX_DESCRIPTION:,} bytes")
