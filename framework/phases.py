"""READ FIRST: what the framework does, one typed line per phase.

    load     YAML             → ProjectSource      every node keeps its place in its file
    resolve  ProjectSource    → ResolvedPipeline   nothing left to look up
    check    ResolvedPipeline → CheckedPipeline    or every finding at once
    compile  CheckedPipeline  → Bundle             the jobs, and the plans of their tasks
    run      Bundle           → JobRun             the compiled jobs, on local Spark

Each phase takes what the one before it gives, so a wrong order is a type error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from framework.check.pipeline import check
from framework.compile.bundle import Bundle
from framework.compile.jobs import bundle_of
from framework.core.errors import UsageError
from framework.core.events import Listener, Note
from framework.core.job_run import JobRun
from framework.local.run import RunRequest, run
from framework.resolve.parameters import run_parameters
from framework.resolve.pipeline import resolve
from framework.resolve.resolved import CheckedPipeline, ResolvedPipeline
from framework.spec.loader import ProjectSource, find_root, load
from framework.spec.target_spec import LOCAL


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which pipeline for which target, as the command line says it; left out, the only one there is."""

    directory: Path
    project: str | None = None
    pipeline: str | None = None
    target: str = "local"
    parameters: Mapping[str, str] = field(default_factory=dict)
    source_files: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HowToRun:
    """What the command line says about a run beside what is run."""

    selected: Selected = Selected()
    max_parallel: int = MAX_PARALLEL
    idempotency_token: str | None = None
    backfill: datetime | None = None


def run_locally(selection: Selection, listener: Listener, how: HowToRun = HowToRun()) -> JobRun:
    """From the project's files to the predictions, on this machine."""
    root = find_root(selection.directory)
    source: ProjectSource = load(root, selection.project, selection.pipeline, selection.target, selection.directory)
    resolved: ResolvedPipeline = resolve(source, selection.source_files)
    checked: CheckedPipeline = check(resolved)
    if resolved.target != LOCAL:
        raise UsageError(
            f"a run on '{resolved.target}' needs a deployed job, and deploying comes with a later version",
            "The pipeline is valid for this target. Run it here with --env local.",
        )
    for warning in checked.warnings:
        listener(Note(str(warning), warning=True))
    bundle: Bundle = bundle_of(checked)
    request = RunRequest(
        root=root,
        job_key=resolved.pipeline,
        parameters=run_parameters(selection.parameters, resolved.parameters),
        source=_as_source(selection, root, resolved),
        sources=resolved.sources,
        **vars(how),
    )
    return run(_runnable(bundle, resolved), request, listener)


def _runnable(bundle: Bundle, resolved: ResolvedPipeline) -> Runnable:
    """Paths in a pipeline's native tasks start from its file, as in a bundle's."""
    return Runnable(
        bundle=bundle,
        files=resolved.source_directory.parent,
        job_ids={key: number for number, key in enumerate(sorted(bundle.jobs), 1)},
        source_directory=resolved.source_directory,
    )
