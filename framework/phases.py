"""READ FIRST: what the framework does, one typed line per phase.

    load     YAML             → ProjectSource      every node keeps its place in its file
    resolve  ProjectSource    → ResolvedPipeline   nothing left to look up
    check    ResolvedPipeline → CheckedPipeline    or every finding at once
    compile  CheckedPipeline  → Bundle             the jobs, and the plans of their tasks
    run      Bundle           → JobRun             the compiled jobs, on local Spark

A bundle that is there already, ours or anybody's, is run without the first four (``run_bundle``).

Each phase takes what the one before it gives, so a wrong order is a type error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from framework.check.checkout import Validated, checked
from framework.check.checkout import validate as validate_checkout
from framework.check.pipeline import check_together, findings
from framework.check.policy.environment import environment_of_project
from framework.check.policy.waivers import judge
from framework.compile import committed
from framework.compile.bundle import Bundle
from framework.compile.committed import Compared
from framework.compile.jobs import bundle_of
from framework.core import side_by_side
from framework.core.diagnostics import Diagnostics
from framework.core.errors import InvalidProject, UsageError
from framework.core.events import Listener, Note
from framework.core.job_run import JobRun
from framework.deploy.remote_jobs import Deployed, deployed_job
from framework.local.backfills import requests_for
from framework.local.paths import LocalPaths
from framework.local.requests import MAX_PARALLEL, RepairRequest, RunRequest, Selected
from framework.local.run import backfill, repair, resume, run
from framework.local.runnable import Runnable
from framework.local.stored_runs import stored_run
from framework.records.run_values import StoredRun
from framework.resolve.explain import Explained, explain_each
from framework.resolve.parameters import run_parameters
from framework.resolve.pipeline import resolve
from framework.resolve.resolved import CheckedPipeline, ResolvedPipeline, ResolvedSource
from framework.resolve.run_jobs import run_by
from framework.spec.loader import ProjectSource, find_root, load
from framework.spec.policy_spec import NO_POLICY, read_policy
from framework.spec.target_spec import LOCAL, deployed_targets, known_targets
from framework.trace.reproduced import choice, verdicts


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which pipeline for which target, as the command line says it; left out, the only one there is."""

    directory: Path
    project: str | None = None
    pipeline: str | None = None
    target: str = "local"
    parameters: Mapping[str, str] = field(default_factory=dict)
    source_files: Mapping[str, Path] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HowToRun:
    """What the command line says about a run beside what is run."""

    selected: Selected = field(default_factory=Selected)
    max_parallel: int = MAX_PARALLEL
    idempotency_token: str | None = None
    backfill: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BundleSelection:
    """Which job of a bundle directory for which of its targets; left out, the only one or the default."""

    directory: Path
    target: str | None = None
    job: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is looked at: pipelines and targets by name; left out, all of them."""

    directory: Path
    project: str | None = None
    pipeline: str | None = None
    targets: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Compiled:
    """A pipeline, the ones that it runs, and the bundle of them all."""

    pipeline: ResolvedPipeline
    others: tuple[ResolvedPipeline, ...]
    bundle: Bundle

    @property
    def sources(self) -> tuple[ResolvedSource, ...]:
        """Every file that one of the pipelines reads."""
        return tuple(
            {source.table: source for each in (self.pipeline, *self.others) for source in each.sources}.values()
        )


def validate(asked: Asked) -> Validated:
    """The first three phases, and the types of the fourth. Raises UsageError for a name that does not exist."""
    root = find_root(asked.directory)
    return validate_checkout(root, asked.project, asked.pipeline, asked.targets, asked.variables)


def compared(asked: Asked) -> tuple[list[Compared], Diagnostics]:
    """The bundle of each project for each target beside what is committed of it, and the warnings about them.

    Raises UsageError, InvalidProject, and FrameworkError for what cannot be read.
    """
    root = find_root(asked.directory)
    sound, warnings = checked(root, asked.project, deployed_targets(root, asked.targets), asked.variables)
    return side_by_side.each(lambda pipelines: committed.compared(bundle_of(*pipelines), root), sound), warnings


def explain(asked: Asked, path: str) -> tuple[str, list[Explained]]:
    """Where the value at ``path`` of one pipeline comes from: the pipeline's name, and the answer for each target."""
    root = find_root(asked.directory)
    targets = asked.targets or known_targets(root)
    sources = [
        load(root, asked.project, asked.pipeline, target, asked.directory, asked.variables) for target in targets
    ]
    return f"{sources[0].project.name}/{sources[0].pipeline.name}", explain_each(sources, path)


def looked_at(selection: Selection) -> tuple[ResolvedPipeline, Diagnostics]:
    """A pipeline, and what the rules find in it, which does not keep it from being looked at."""
    root = find_root(selection.directory)
    named = (selection.project, selection.pipeline, selection.target)
    source = load(root, *named, selection.directory, selection.variables)
    resolved, policy, of_policy = resolve(source), NO_POLICY, Diagnostics()
    try:
        policy = read_policy(root, source.project.directory)
    except InvalidProject as error:
        of_policy = error.found
    judged = judge(findings(resolved, policy), [resolved], policy, date.today())
    return resolved, Diagnostics.of([*of_policy, *judged.kept])


def run_locally(selection: Selection, listener: Listener, how: HowToRun = HowToRun()) -> JobRun:
    """From the project's files to the predictions, on this machine."""
    ready = compiled(selection, listener)
    parameters = run_parameters(selection.parameters, ready.pipeline.parameters)
    return run(_runnable(ready), replace(_request(ready, selection), parameters=parameters, **vars(how)), listener)


def deployed(selection: Selection) -> Deployed:
    """A pipeline's job in the workspace of its target. Raises UsageError, InvalidProject and FrameworkError."""
    named = (selection.project, selection.pipeline, selection.target)
    source = load(find_root(selection.directory), *named, selection.directory, selection.variables)
    return deployed_job(source, selection.parameters)


def backfill_locally(
    selection: Selection, dates: Sequence[date], max_parallel: int, listener: Listener
) -> list[JobRun]:
    """A run of the pipeline for each logical date; one that succeeded before is not run again."""
    ready = compiled(selection, listener)
    request = replace(_request(ready, selection), max_parallel=max_parallel)
    job = ready.bundle.jobs[ready.pipeline.pipeline]
    requests = requests_for(dates, ready.pipeline, job, request, selection.parameters)
    return backfill(_runnable(ready), requests, listener)


def _request(ready: Compiled, selection: Selection) -> RunRequest:
    pipeline = ready.pipeline
    variables = {"variables": dict(selection.variables)} if selection.variables else {}
    return RunRequest(
        root=pipeline.root,
        job_key=pipeline.pipeline,
        parameters={},
        source={"project": pipeline.project, "pipeline": pipeline.pipeline, **variables},
        sources=ready.sources,
    )


def compiled(selection: Selection, listener: Listener) -> Compiled:
    """A pipeline as the jobs that a local run executes. Raises InvalidProject and UsageError."""
    root = find_root(selection.directory)
    named = (selection.project, selection.pipeline, selection.target)
    source: ProjectSource = load(root, *named, selection.directory, selection.variables)
    resolved: ResolvedPipeline = resolve(source, selection.source_files)
    others: tuple[ResolvedPipeline, ...] = tuple(run_by(resolved, source, selection.variables, selection.source_files))
    policy = read_policy(root, source.project.directory)
    if forbidden := Diagnostics.of(environment_of_project(root, source.project.directory, policy)):
        raise InvalidProject(forbidden)
    checked: tuple[CheckedPipeline, ...] = check_together((resolved, *others), policy)
    if resolved.target != LOCAL:
        raise UsageError(
            f"this runs on this machine, and '{resolved.target}' is a workspace",
            f"The deployed job runs there: framework run --env {resolved.target}",
        )
    for warning in (warning for each in checked for warning in each.warnings):
        listener(Note(str(warning), warning=True))
    return Compiled(resolved, others, bundle_of(*checked))


def run_bundle(selection: BundleSelection, listener: Listener, how: HowToRun = HowToRun()) -> JobRun:
    """A job of any bundle, on this machine."""
    runnable, job = _of_directory(selection, listener)
    request = RunRequest(
        root=runnable.files,
        job_key=job,
        parameters=selection.parameters,
        source={
            "bundle": str(runnable.files),
            "target": runnable.bundle.target,
            "variables": dict(selection.variables),
        },
        **vars(how),
    )
    return run(runnable, request, listener)


def resume_run(root: Path, which: str, max_parallel: int, listener: Listener) -> JobRun:
    """A run whose process died goes on, with the code that it began with."""
    return resume(root, stored_run(LocalPaths(root), which).job_run_id, max_parallel, listener)


def repair_run(root: Path, which: str, request: RepairRequest, listener: Listener) -> JobRun:
    """A run that is done runs again what failed, with the current settings and code."""
    stored = stored_run(LocalPaths(root), which)
    if stored.parent_run_id is not None:
        raise UsageError(
            f"run {stored.job_run_id} was started by run {stored.parent_run_id}",
            f"Repair that one: framework run --repair {stored.parent_run_id}",
        )
    runnable, sources = _made_again(root, stored, listener)
    return repair(runnable, root, stored, replace(request, sources=sources), listener)


def reproduce(root: Path, which: str, wanted: choice.Wanted, listener: Listener) -> verdicts.Reproduced:
    """A run's tasks are done once more, with the code and the tables that they had, and what comes out is compared."""
    from framework.local.reproduce import again  # who runs pipelines never needs it

    stored, paths = stored_run(LocalPaths(root), which), LocalPaths(root)
    return again.reproduce(paths, stored, wanted, lambda owner, at: _made_again(at, owner, listener)[0], listener)


def _made_again(root: Path, stored: StoredRun, listener: Listener) -> tuple[Runnable, tuple[ResolvedSource, ...]]:
    source = stored.source
    if "bundle" in source:
        asked = BundleSelection(
            directory=Path(source["bundle"]),
            target=source["target"],
            job=source["job_key"],
            variables=source["variables"],
        )
        return _of_directory(asked, listener)[0], ()
    selection = Selection(
        directory=root,
        project=source["project"],
        pipeline=source["pipeline"],
        target=stored.target,
        variables=source.get("variables", {}),
    )
    ready = compiled(selection, listener)
    return _runnable(ready), ready.sources


def _runnable(ready: Compiled) -> Runnable:
    """Paths in a pipeline's native tasks start from its file, as in a bundle's."""
    pipeline = ready.pipeline
    return Runnable(
        bundle=ready.bundle,
        files=(pipeline.root / pipeline.document.file).parent,
        job_ids={key: number for number, key in enumerate(sorted(ready.bundle.jobs), 1)},
        source_directory=pipeline.source_directory,
    )


def _of_directory(selection: BundleSelection, listener: Listener) -> tuple[Runnable, str]:
    """The bundle's jobs that can run here, and the one to run, which is among them or does not exist."""
    from framework.local.foreign_bundle.load import load_bundle  # nor this

    found = load_bundle(selection.directory, selection.target, selection.variables)
    job = selection.job or _only_job(sorted(found.job_ids))
    for warning in found.warnings_for(job):
        listener(Note(str(warning), warning=True))
    runnable = Runnable(bundle=found.bundle, files=found.root, job_ids=found.job_ids, artifacts=found.artifacts)
    return runnable, job


def _only_job(keys: Sequence[str]) -> str:
    if len(keys) == 1:
        return keys[0]
    raise UsageError(f"which job? There are: {', '.join(keys)}." if keys else "this bundle has no job")
