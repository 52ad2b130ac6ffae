"""Runs a compiled bundle on this machine."""

import hashlib
import io
import os
import time
import zipfile
from collections.abc import Mapping, Sequence
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
from framework.local.scheduler import Scheduler
from framework.local.task_attempts import CodeOfRun, attempt_spec, refuse_unsupported
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
    ((_, plan),) = bundle.plans.items()
    refuse_unsupported(job)
    loads = sources.plan_loads(request.sources, request.root, listener)
    paths = LocalPaths(request.root)
    paths.create()
    with Engine.connect(paths, listener) as engine:
        job_run_id = _new_run(paths)
        code = _write_release(bundle, request, paths.run(job_run_id))
        values = _values(job_run_id, str(job.name), request.parameters)
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
        self.listener(
            RunStarted(
                self.values.job_run_id,
                self.plan.pipeline,
                self.plan.target,
                scheduler.order,
                {key: tuple(upstream) for key, upstream in scheduler.upstream.items()},
            )
        )
        result, outcomes = _until_done(scheduler, self.listener)
        return JobRun(
            job_run_id=self.values.job_run_id,
            project=self.plan.project,
            pipeline=self.plan.pipeline,
            target=self.plan.target,
            result=result,
            duration_s=time.monotonic() - started,
            parameters=self.values.parameters,
            tasks=outcomes,
            directory=str(self.paths.run(self.values.job_run_id)),
        )

    def _make_attempt(self, task: Any, task_run_id: str, attempt: int, results: Mapping[str, str]) -> AttemptSpec:
        values = replace(self.values, results=results)
        return attempt_spec(task, self.code, self.paths, values, task_run_id=task_run_id, attempt=attempt)

    def _attempt_for_sources(self, loads: Sequence[sources.Load]) -> AttemptSpec:
        return AttemptSpec(
            attempt_id=f"{self.values.job_run_id}0000",
            argv=(sources.as_argument(loads),),
            call="framework.local.sources:main",
            directory=self.paths.attempt(self.values.job_run_id, ".sources", 1),
            cwd=self.paths.root,
            sys_path=(str(self.code.source_directory),),
        )


def _until_done(scheduler: Scheduler, listener: Listener) -> Any:
    while True:
        try:
            return scheduler.execute()
        except KeyboardInterrupt:
            listener(Note("canceling: waiting for the running tasks to stop", warning=True))
            scheduler.stop()


def _new_run(paths: LocalPaths) -> int:
    job_run_id = int(time.time() * 1000)
    while True:
        try:
            paths.run(job_run_id).mkdir(parents=True)
            return job_run_id
        except FileExistsError:
            job_run_id += 1


def _write_release(bundle: Bundle, request: RunRequest, run_directory: Path) -> CodeOfRun:
    release = run_directory / "bundle"
    writer.write(bundle, release)
    provenance.write(provenance.of_checkout(request.root), release)
    return CodeOfRun(
        release=release, source_directory=request.source_directory, zip=_zip(request.source_directory, release)
    )


def _zip(source_directory: Path, release: Path) -> Path:
    """The sources as one file. Spark keeps such files by name for as long as it runs, so the content is in the name."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in source_directory.rglob("*") if path.is_file()):
            if file.suffix != ".pyc":
                archive.write(file, file.relative_to(source_directory))
    target = release / f"code-{hashlib.sha256(content.getbuffer()).hexdigest()[:16]}.zip"
    target.write_bytes(content.getbuffer())
    return target


def _values(job_run_id: int, job_name: str, parameters: Mapping[str, str]) -> RunValues:
    unfilled = RunValues(job_run_id=job_run_id, job_name=job_name, parameters={}, started=datetime.now(UTC))
    return replace(unfilled, parameters={name: unfilled.parameter(text) for name, text in parameters.items()})
