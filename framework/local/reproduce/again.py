"""``framework reproduce``: the recorded attempts of a run, done once more and compared, one after the other."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from framework.core.errors import LocalEngineError, UsageError
from framework.core.events import Listener, Note
from framework.core.task_run import AttemptRecord, Origin
from framework.local.job_work import CodeOfRun
from framework.local.lazy_engine import LazyEngine
from framework.local.outcomes import log_file, read_record
from framework.local.ownership import Ownership
from framework.local.paths import LocalPaths
from framework.local.protocol import ENTRYPOINT, AttemptSpec
from framework.local.reproduce import code, rows
from framework.local.reproduce.code import OldCode
from framework.local.reproduce.recorded import chosen
from framework.local.runnable import Runnable
from framework.records.run_store import RunStore
from framework.records.run_values import StoredRun
from framework.runtime import plans
from framework.runtime.provenance import PROVENANCE
from framework.trace.delta_tables import DeltaTables
from framework.trace.reproduced import past, redirected
from framework.trace.reproduced.choice import Recorded, Wanted
from framework.trace.reproduced.redirected import Redirected
from framework.trace.reproduced.verdicts import (
    Line,
    Reproduced,
    TaskAgain,
    new_mlflow_run,
    not_done,
    not_written,
    record_lines,
    rows_line,
    surroundings,
)
from framework.trace.reproduced.written import Compared, Written

Compile = Callable[[StoredRun, Path], Runnable]
"""Compiles what a run was, which no other run started, from the checkout at that root."""


def reproduce(paths: LocalPaths, run: StoredRun, wanted: Wanted, compile_at: Compile, listener: Listener) -> Reproduced:
    """Do the tasks of ``run`` once more. Nothing that is there is changed: the rows go into a schema of their own.

    Raises UsageError when there is no code of it any more, or nothing that can be done again.
    """
    with RunStore(paths.run_store) as store:
        choice = chosen(store, run, wanted.tasks)
        owner = store.run(run.owner_run_id or run.job_run_id)
    aside = paths.state / "reproduce" / str(run.job_run_id)
    work = _Reproduction(paths, run, owner, wanted, compile_at, listener, aside)
    hold, differs = Ownership(aside / "owner", run.job_run_id), False
    try:
        codes = {each.name: work.code(each) for each in choice.chosen}
        with LazyEngine(paths, listener) as engine:
            tasks = tuple(work.tasks(engine, choice.chosen, codes))
        differs = any(each.judgement == "differs" for each in tasks)
    finally:
        work.clean_up(keep_rows=differs)
        hold.release()
    return Reproduced(
        job_run_id=str(run.job_run_id),
        commit=choice.chosen[0].record.origin.commit,
        tasks=tasks,
        skipped=choice.skipped,
        scratch=work.scratch if differs else "",
    )


@dataclass(frozen=True)
class _Reproduction:
    """Of one run; ``owner`` is the run that has its code, ``aside`` the directory for everything of this."""

    paths: LocalPaths
    run: StoredRun
    owner: StoredRun
    wanted: Wanted
    compile_at: Compile
    listener: Listener
    aside: Path
    _codes: dict[tuple[Origin, Path], OldCode] = field(default_factory=dict)

    @property
    def tables(self) -> DeltaTables:
        """As they are now."""
        return DeltaTables(self.paths.warehouse)

    @property
    def scratch(self) -> str:
        """The schema that gets the rows."""
        return f"spark_catalog.reproduce_{self.run.job_run_id}"

    def code(self, task: Recorded) -> OldCode:
        """The code that did ``task``."""
        is_own = self.owner.job_run_id == self.run.job_run_id
        kept = self.paths.release(self.owner.job_run_id, task.repair if is_own else self.owner.repairs)
        origin = task.record.origin
        if (origin, kept) not in self._codes:
            self.listener(Note(f"taking the code of commit {origin.commit[:12] or '(none)'}"))
            compile_at = partial(self.compile_at, self.owner)
            found = code.of_origin(origin, kept, self.paths.root, self.aside, compile_at)
            self._codes[origin, kept] = found
        return self._codes[origin, kept]

    def tasks(
        self, engine: LazyEngine, chosen: Sequence[Recorded], codes: Mapping[str, OldCode]
    ) -> Iterator[TaskAgain]:
        """Each of them done once more, in an empty scratch schema, which is dropped unless rows differ."""
        shutil.rmtree(self.aside / "tasks", ignore_errors=True)
        planned = [(each, self._redirected(each, codes[each.name], n)) for n, each in enumerate(chosen)]
        readable = [(each, again) for each, again in planned if not past.lines_of_gone(self.tables, each.record.inputs)]
        new = [written for each, again in readable for written in self._comparable(again)]
        if readable:
            self._prepare(engine, new)
        done = []
        for each, again in planned:
            gone = past.lines_of_gone(self.tables, each.record.inputs)
            done.append(
                not_done(each.name, each.record.kind, gone)
                if gone
                else self._done(engine, each, again, codes[each.name])
            )
            yield done[-1]
        if readable and not any(each.judgement == "differs" for each in done):
            self._in_spark(engine, ".drop", rows.drop(self.scratch))

    def clean_up(self, keep_rows: bool) -> None:
        """Remove the copies of old code, and of the rows what an interruption or an engine that died has left."""
        for copy in self.aside.glob("code-*"):
            shutil.rmtree(copy, ignore_errors=True)
        if not keep_rows:
            schema = self.scratch.rpartition(".")[2]
            shutil.rmtree(self.paths.warehouse / f"{schema}.db", ignore_errors=True)

    def _prepare(self, engine: LazyEngine, tables: Sequence[Written]) -> None:
        directory = self._in_spark(engine, ".prepare", rows.prepare(self.scratch, tables))
        try:
            rows.read_result(directory)
        except (OSError, ValueError):
            hint = f"See {log_file(directory)}."
            raise LocalEngineError(f"the schema {self.scratch} cannot be made empty", hint) from None

    def _redirected(self, task: Recorded, old: OldCode, number: int) -> Redirected:
        plan = old.release.code and old.release.code.release / "plans" / f"{task.record.pipeline}.json"
        template = plans.load_plan(plan).tasks.get(task.record.task_key) if plan else None
        if template is None:
            raise UsageError(f"the code of run {self.run.job_run_id} has no task '{task.record.task_key}'")
        return redirected.redirected(template, task.record, self.scratch, number)

    def _comparable(self, again: Redirected) -> list[Written]:
        return [each for each in again.written if not past.gone(self.tables, each.table, each.version)]

    def _done(self, engine: LazyEngine, task: Recorded, again: Redirected, old: OldCode) -> TaskAgain:
        self.listener(Note(f"doing {task.name} again"))
        directory = self.aside / "tasks" / task.name
        now = self._attempt(engine, task, again, old, directory)
        if now is None:
            ended = Line(what="result", then="SUCCESS", now="died", judgement="differs", reason="it left no record")
            return _task(task, [ended], directory)
        lines = list(record_lines(task.record, now, self.wanted.tolerance))
        if now.result == "SUCCESS":
            lines += self._row_lines(engine, task, again, now)
        notes = (*filter(None, [old.note]), *surroundings(task.record, now), *now.notes)
        return _task(task, lines, directory, notes, new_mlflow_run(task.record, now))

    def _attempt(
        self, engine: LazyEngine, task: Recorded, again: Redirected, old: OldCode, directory: Path
    ) -> AttemptRecord | None:
        its: CodeOfRun | None = old.release.code
        if its is None:
            return None
        plan = _write_plan(again, its.release, directory / "bundle")
        number = f"{self.run.job_run_id}-again"
        own = {"job_run_id": number, "task_run_id": f"{number}-{task.name}", "backfill": self.run.backfill or ""}
        spec = AttemptSpec(
            attempt_id=f"{number}-{task.name}",
            argv=tuple(f"--{n}={v}" for n, v in redirected.told(again, task.record, str(plan), own).items()),
            call=ENTRYPOINT,
            directory=directory,
            cwd=self.paths.root,
            sys_path=(str(its.sources),),
            py_files=(str(its.zip),),
        )
        _wait(engine, spec)
        return read_record(directory)[0]

    def _row_lines(self, engine: LazyEngine, task: Recorded, again: Redirected, now: AttemptRecord) -> Iterator[Line]:
        comparable = self._comparable(again)
        found = dict(zip(comparable, self._compared(engine, task, comparable), strict=False))
        counts = {each.table: each.rows for each in (*task.record.outputs, *now.outputs)}
        for each in again.written:
            yield rows_line(each, found.get(each), counts, past.gone(self.tables, each.table, each.version))
        for output in task.record.outputs:
            if output.table not in {each.table for each in again.written}:
                yield not_written(output)

    def _compared(self, engine: LazyEngine, task: Recorded, tables: Sequence[Written]) -> list[Compared]:
        if not tables:
            return []
        directory = self._in_spark(engine, f".compare/{task.name}", rows.compare(tables))
        with suppress(OSError, ValueError):
            return rows.read_result(directory)
        return []

    def _in_spark(self, engine: LazyEngine, name: str, wanted: str) -> Path:
        directory = self.aside / "tasks" / name
        _wait(
            engine,
            AttemptSpec(
                attempt_id=f"{self.run.job_run_id}-again{name}",
                argv=(wanted,),
                call=rows.CALL,
                directory=directory,
                cwd=self.paths.root,
            ),
        )
        return directory


def _write_plan(again: Redirected, release: Path, directory: Path) -> Path:
    """A plan of this task alone below ``directory``, with what ``release`` says of its code; its path."""
    file = directory / "plans" / f"{again.template.pipeline}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(redirected.plan_of(again), encoding="utf-8")
    if (release / PROVENANCE).is_file():
        shutil.copy(release / PROVENANCE, directory / PROVENANCE)
    return file


def _wait(engine: LazyEngine, spec: AttemptSpec) -> None:
    engine.start(spec)
    while not engine.wait(None):
        pass


def _task(
    task: Recorded, lines: Sequence[Line], directory: Path, notes: Sequence[str] = (), mlflow_run_id: str = ""
) -> TaskAgain:
    return TaskAgain(
        task=task.name,
        kind=task.record.kind,
        lines=tuple(lines),
        notes=tuple(notes),
        log=str(log_file(directory)),
        mlflow_run_id=mlflow_run_id,
    )
