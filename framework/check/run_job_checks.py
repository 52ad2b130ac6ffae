"""Rules about pipelines that run each other (docs.databricks.com/jobs/run-job)."""

from collections.abc import Iterator, Sequence

from framework.core.diagnostics import Diagnostic
from framework.core.nested_runs import nesting_problems
from framework.resolve.job_references import pipelines_run
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import format_path
from framework.spec.suggestions import did_you_mean


def jobs_exist(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``run_job_task`` that names no pipeline of the project."""
    for path, name in pipelines_run(pipeline):
        if name not in pipeline.siblings:
            yield Diagnostic(
                f"there is no pipeline '{name}' to run{did_you_mean(name, pipeline.siblings)}",
                pipeline.location(path),
                format_path(path),
                f"The pipelines of the project are: {', '.join(pipeline.siblings)}.",
            )


def nested_runs(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """Pipelines that run each other in a circle, or in too many levels."""
    known = {pipeline.pipeline: pipeline for pipeline in pipelines}
    places = {key: {name: path for path, name in pipelines_run(each)} for key, each in known.items()}
    runs = {key: [name for name in named if name in known] for key, named in places.items()}
    for summary, key, run in nesting_problems(runs):
        path = places[key][run]
        yield Diagnostic(summary, known[key].location(path), format_path(path), "Leave this run_job_task out.")
