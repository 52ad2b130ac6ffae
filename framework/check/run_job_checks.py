"""Rules about pipelines that run each other (docs.databricks.com/jobs/run-job)."""

from collections.abc import Iterator, Mapping, Sequence

from framework.check.finding import finding, warning
from framework.core.diagnostics import Diagnostic
from framework.core.nested_runs import nesting_problems
from framework.resolve.job_references import pipelines_run
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.suggestions import did_you_mean


def jobs_exist(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``run_job_task`` that names no pipeline of the project."""
    for path, name in pipelines_run(pipeline):
        if name not in pipeline.siblings:
            summary = f"there is no pipeline '{name}' to run{did_you_mean(name, pipeline.siblings)}"
            yield finding(pipeline, path, summary, f"The pipelines of the project are: {', '.join(pipeline.siblings)}.")


def parameters_of_runs(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """``job_parameters`` that the pipeline which is run does not declare: nothing there would read them."""
    known = {pipeline.pipeline: pipeline.parameters for pipeline in pipelines}
    for pipeline in pipelines:
        runs = {path[:-1]: name for path, name in pipelines_run(pipeline) if name in known}
        for level in pipeline.levels if runs else ():
            path, given = (*level.path, "run_job_task"), level.fields("run_job_task").get("job_parameters")
            for name in given if path in runs and isinstance(given, Mapping) else ():
                if name not in (declared := known[runs[path]]):
                    summary = f"pipeline '{runs[path]}' has no parameter '{name}'{did_you_mean(str(name), declared)}"
                    hint = "Declare it there, or leave it out here."
                    yield warning(pipeline, (*path, "job_parameters", name), summary, hint)


def nested_runs(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """Pipelines that run each other in a circle, or in too many levels."""
    known = {pipeline.pipeline: pipeline for pipeline in pipelines}
    places = {key: {name: path for path, name in pipelines_run(each)} for key, each in known.items()}
    runs = {key: [name for name in named if name in known] for key, named in places.items()}
    for summary, key, run in nesting_problems(runs):
        path = places[key][run]
        yield finding(known[key], path, summary, "Leave this run_job_task out.")
