"""Rules about what tasks run on. A local run has no compute to choose, so they leave the target ``local`` alone."""

from collections.abc import Iterator, Mapping
from typing import Any

from framework.check.finding import finding, path_in_job
from framework.core.diagnostics import Diagnostic
from framework.resolve.job_settings import COMPUTE_OF_TASK
from framework.resolve.resolved import Level, ResolvedPipeline
from framework.spec.suggestions import did_you_mean, listed
from framework.spec.target_spec import LOCAL

_KEYS = {"environment_key": "environments", "job_cluster_key": "job_clusters"}
_WORDS = {"environment_key": "environment", "job_cluster_key": "job cluster"}
_WITHOUT = (
    "alert_task", "condition_task", "dashboard_task", "for_each_task", "pipeline_task", "power_bi_task",
    "run_job_task", "sql_task",
)  # fmt: skip
"""Tasks that run on a warehouse, on something of their own, or on nothing."""
_NEED_ENVIRONMENT = ("dbt_task", "python_wheel_task", "spark_python_task")
"""Tasks that say on serverless compute which environment they run in; a notebook may have one of its own."""

_ADD_COMPUTE = (
    "Write 'compute: {environments: [{environment_key: default, spec: {environment_version: \"3\"}}]}' in its file."
)


def unknown_compute(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """``environment_key`` or ``job_cluster_key`` of a task that nothing defines.

    A task of ours may have it from the target, whose list ``databricks:`` of the pipeline can replace.
    """
    defined = {field: _defined(pipeline, field) for field in _KEYS}
    for level in _on_compute(pipeline):
        for field, where in _KEYS.items():
            key, names = level.settings.get(field), defined[field]
            if isinstance(key, str) and key not in names and "${" not in key:
                there = f"Defined: {listed(names)}." if names else "None is defined."
                hint = f"{there} Define it in the target's file, in 'compute: {{{where}: …}}'."
                summary = f"there is no {_WORDS[field]} '{key}'{did_you_mean(key, names)}"
                path = (*level.settings_path, field)
                if not level.in_loop and field not in level.task.databricks:
                    hint = f"{there} The target gives '{key}' to the task, and 'databricks:' replaces its {where}."
                    path = level.path
                yield finding(pipeline, path, summary, hint)


def repeated_compute(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Two environments or two job clusters with one key."""
    for field, where in _KEYS.items():
        seen: set[str] = set()
        for index, entry in enumerate(_entries(pipeline, where)):
            key = entry.get(field)
            if isinstance(key, str) and key in seen:
                path = path_in_job(pipeline, (where, index, field))
                yield finding(pipeline, path, f"duplicate {_WORDS[field]} '{key}'", "Give it a key of its own.")
            seen.add(str(key))


def misplaced_compute(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """Compute for a task that takes none."""
    for level in pipeline.levels:
        kind = next(iter(level.native), "")
        for field in COMPUTE_OF_TASK if kind in _WITHOUT else ():
            if level.settings.get(field) is not None:
                inside = kind == "for_each_task"
                hint = "Write it in the task inside of the loop." if inside else "Remove it."
                yield finding(pipeline, (*level.settings_path, field), f"a {kind} takes no {field}", hint)


def one_compute_per_task(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A task that is told to run on two things."""
    for level in pipeline.levels:
        named = [field for field in level.settings if field in COMPUTE_OF_TASK and level.settings[field] is not None]
        if len(named) > 1:
            summary = f"a task runs on one thing, but here are '{named[0]}' and '{named[1]}'"
            yield finding(pipeline, (*level.settings_path, named[1]), summary, "Keep one of them.")


def missing_environments(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A task without any compute: it runs on serverless compute, where it has to name its environment."""
    keys = list(_defined(pipeline, "environment_key"))
    for level in _on_compute(pipeline):
        kind = next(iter(level.native), "")
        if any(level.settings.get(field) for field in COMPUTE_OF_TASK):
            continue
        if level.task.kind and not keys:
            # The same for every task and pipeline: it is one finding.
            summary = f"target '{pipeline.target}' has no compute for tasks with a kind"
            yield finding(pipeline, ("environments",), summary, _ADD_COMPUTE)
        elif kind in _NEED_ENVIRONMENT or level.task.kind:
            written = f"environment_key: {keys[0] if keys else 'default'}"
            hint = f"Write '{written}' beside it." if level.in_loop else f"Add 'databricks: {{{written}}}' to the task."
            hint += "" if keys else " Define it in the target's file, in 'compute: {environments: …}'."
            summary = f"a {kind or level.task.kind} needs an environment on serverless compute"
            yield finding(pipeline, (*level.path, kind or "kind"), summary, hint)


def _on_compute(pipeline: ResolvedPipeline) -> tuple[Level, ...]:
    return () if pipeline.target == LOCAL else pipeline.levels


def _defined(pipeline: ResolvedPipeline, field: str) -> dict[str, None]:
    """The keys that tasks may name in ``field``, in order."""
    return dict.fromkeys(str(each.get(field)) for each in _entries(pipeline, _KEYS[field]))


def _entries(pipeline: ResolvedPipeline, where: str) -> list[Mapping[str, Any]]:
    written = pipeline.job.get(where)
    return [each for each in written if isinstance(each, Mapping)] if isinstance(written, list) else []
