"""Runs a compiled bundle on this machine."""

import hashlib
import io
import os
import shutil
import signal
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from framework.compile import writer
from framework.compile.bundle import Bundle, Plan
from framework.core.events import Listener, Note, RunStarted
from framework.core.job_run import JobRun
from framework.local import sources
from framework.local.engine import Engine
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptSpec
from framework.local.references import RunValues
from framework.local.scheduler import Progress, Scheduler
from framework.local.task_attempts import CodeOfRun, attempt_spec, check_arguments, refuse_unsupported
from framework.records import provenance
from framework.resolve.resolved import ResolvedSource


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What a run needs beside the bundle. ``max_parallel`` limits the attempts at a time."""

    root: Path
    source_directory: Path
    sources: tuple[ResolvedSource, ...]
    parameters: Mapping[str, str]
    max_parallel: int = min(4, os.cpu_count() or 1)


def run(bundle: Bundle, request: RunRequest, listener: Listener) -> JobRun:
    """Execute the bundle's one job and wait for its end.

    Raises InvalidProject, UsageError or LocalEngineError for what prevents a start; a failed task is a result.
    """
    ((_, job),) = bundle.jobs.items()
    refuse_unsupported(job)
    ((_, plan),) = bundle.plans.items()
    check_arguments(job, plan, _values(0, job, request.parameters))
    loads = sources.plan_loads(request.sources, request.root, listener)
    paths = LocalPaths(request.root)
    paths.create()
    with Engine.connect(paths, listener) as engine:
        job_run_id = _new_run(paths)
        code = _write_release(bundle, request, paths.run(job_run_id))
        values = _values(job_run_id, job, request.parameters)
        here = _Run(job=job, plan=plan, engine=engine, paths=paths, code=code, values=values, listener=listener)
        here.load_sources(loads)
        return here.execute(request.max_parallel)


@dataclass(frozen=True, kw_only=True)
class _Run:
    job: Any
    plan: Plan
    engine: Engine
    paths: LocalPaths
    code: CodeOfRun
    values: RunValues
    listener: Listener

    def load_sources(self, loads: Sequence[sources.Load]) -> None:
        if not loads:
            return
        spec = self._attempt_for_sources(loads)
        self.engine.start(spec)
        while not self.engine.wait(None):
            pass
        for table in sources.read_result(spec.directory):
            self.listener(Note(f"loaded {table['table'].partition('.')[2]}: {table['rows']:,} rows"))

    def execute(self, max_parallel: int) -> JobRun:
        started = time.monotonic()
        kinds = {key: task.kind for key, task in self.plan.tasks.items()}
        scheduler = Scheduler(
            job=self.job,
            job_run_id=self.values.job_run_id,
            engine=self.engine,
            make_attempt=self._make_attempt,
            kinds=kinds,
            listener=self.listener,
            max_parallel=max_parallel,
        )
        self.listener(RunStarted(self.values.job_run_id, self.plan.pipeline, self.plan.target, scheduler.order))
        with _interrupting(scheduler):
            result, outcomes = scheduler.execute()
        return JobRun(
            job_run_id=self.values.job_run_id,
            project=self.plan.project,
            pipeline=self.plan.pipeline,
            target=self.plan.target,
            result=result,
            duration_s=time.monotonic() - started,
            parameters=self.values.parameters,
            tasks=tuple(self.code.in_original_places(outcome) for outcome in outcomes),
            directory=str(self.paths.run(self.values.job_run_id)),
        )

    def _make_attempt(self, task: Any, task_run_id: str, attempt: int, progress: Progress) -> AttemptSpec:
        values = replace(self.values, results=progress.results, task_run_ids=progress.task_run_ids)
        return attempt_spec(task, self.code, self.paths, values, task_run_id=task_run_id, attempt=attempt)

    def _attempt_for_sources(self, loads: Sequence[sources.Load]) -> AttemptSpec:
        return AttemptSpec(
            attempt_id=f"{self.values.job_run_id}0000",
            argv=(sources.as_argument(loads),),
            call="framework.local.sources:main",
            directory=self.paths.attempt(self.values.job_run_id, ".sources", 1),
            cwd=self.paths.root,
            sys_path=(str(self.code.sources),),
        )


@contextmanager
def _interrupting(scheduler: Scheduler) -> Iterator[None]:
    """Ctrl-C cancels the run in good order; a second one leaves at once, and the engine then kills what is left."""

    def on_interrupt(number: int, frame: object) -> None:
        # Raising here could lose a message of the engine that is just being read.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        scheduler.interrupt()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _new_run(paths: LocalPaths) -> int:
    job_run_id = int(time.time() * 1000)
    while True:
        try:
            paths.run(job_run_id).mkdir(parents=True)
            return job_run_id
        except FileExistsError:
            job_run_id += 1


def _write_release(bundle: Bundle, request: RunRequest, run_directory: Path) -> CodeOfRun:
    """The bundle, and a copy of the sources: who edits them meanwhile does not change what this run does."""
    release = run_directory / "bundle"
    writer.write(bundle, release)
    provenance.write(provenance.of_checkout(request.root), release)
    sources_of_run = release / "src"
    shutil.copytree(request.source_directory, sources_of_run, ignore=shutil.ignore_patterns("__pycache__"))
    return CodeOfRun(
        release=release, sources=sources_of_run, originals=request.source_directory, zip=_zip(sources_of_run, release)
    )


def _zip(source_directory: Path, release: Path) -> Path:
    """The sources as one file. Spark keeps such files by name for as long as it runs, so the content is in the name."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in source_directory.rglob("*") if path.is_file()):
            archive.writestr(zipfile.ZipInfo(file.relative_to(source_directory).as_posix()), file.read_bytes())
    target = release / f"code-{hashlib.sha256(content.getbuffer()).hexdigest()[:16]}.zip"
    target.write_bytes(content.getbuffer())
    return target


def _values(job_run_id: int, job: Any, given: Mapping[str, str]) -> RunValues:
    """The values of a run: ``given`` over the job's defaults, which may refer to each other."""
    defaults = {parameter.name: str(parameter.default) for parameter in job.parameters or ()}
    unfilled = RunValues(
        job_run_id=job_run_id, job_name=str(job.name), parameters={**defaults, **given}, started=datetime.now(UTC)
    )
    return replace(unfilled, parameters={name: unfilled.parameter(name) for name in unfilled.parameters})
