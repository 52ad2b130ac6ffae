"""Rules about fields of the Jobs service that do not go together (its API reference)."""

from collections.abc import Iterator, Mapping
from typing import Any

from framework.check.finding import finding, key_finding, path_in_job
from framework.check.limit_checks import whole_number
from framework.core.diagnostics import Diagnostic
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.node_path import NodePath

_RUN_BY_SQL = ("alert", "dashboard", "file", "query")


def fields_fit_each_other(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A cluster of two sizes, a sql_task that runs two things or none, libraries beside an environment."""
    yield from _clusters(pipeline)
    for level in pipeline.levels:
        settings = level.settings
        if "sql_task" in level.native:
            fields = level.fields("sql_task")
            named = [name for name in _RUN_BY_SQL if fields.get(name) is not None]
            if not named:
                hint = f"It runs one of these: {', '.join(_RUN_BY_SQL)}."
                yield finding(pipeline, (*level.path, "sql_task"), "the sql_task has nothing to run", hint)
            elif len(named) > 1:
                summary = f"a sql_task runs one thing, but here are '{named[0]}' and '{named[1]}'"
                hint = "Make a task of its own for each."
                yield key_finding(pipeline, (*level.path, "sql_task", named[1]), summary, hint)
        if settings.get("libraries") and settings.get("environment_key"):
            hint = "Write them in the environment: spec: {dependencies: […]}."
            path = (*level.settings_path, "libraries")
            yield key_finding(pipeline, path, "a task in an environment takes no libraries", hint)


def _clusters(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    written: list[tuple[NodePath, Any]] = []
    clusters = pipeline.job.get("job_clusters")
    for index, cluster in enumerate(clusters if isinstance(clusters, list) else ()):
        if isinstance(cluster, Mapping):
            path = ("job_clusters", index, "new_cluster")
            written.append((path_in_job(pipeline, path), cluster.get("new_cluster")))
    for level in pipeline.levels:
        written.append(((*level.settings_path, "new_cluster"), level.settings.get("new_cluster")))
    for place, cluster in written:
        scale = cluster.get("autoscale") if isinstance(cluster, Mapping) else None
        if not isinstance(scale, Mapping):
            continue
        if cluster.get("num_workers") is not None:
            summary = "a cluster has num_workers or autoscale, but here are both"
            yield key_finding(pipeline, (*place, "autoscale"), summary, "Keep one of them.")
        least, most = whole_number(scale.get("min_workers")), whole_number(scale.get("max_workers"))
        if least is not None and most is not None and least > most:
            summary = f"min_workers is {least}, and max_workers is {most}"
            yield finding(pipeline, (*place, "autoscale", "min_workers"), summary, "Exchange them.")
