"""``framework reproduce -e TARGET``: the recorded attempts of a run once more, in a one-time run of their release."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from framework.core.errors import DatabricksError, FrameworkError, UsageError
from framework.core.events import Listener, Note
from framework.core.job_run import JobRun, TaskOutcome
from framework.core.task_run import AttemptRecord
from framework.deploy.ops_install import Ops
from framework.deploy.remote_jobs import RemoteJob
from framework.deploy.remote_runs import follow, page_of
from framework.deploy.reproduce import code, rows, submission
from framework.deploy.reproduce.code import OldCode
from framework.deploy.reproduce.recorded import RecordedRun
from framework.deploy.reproduce.submission import Submission
from framework.deploy.sql_warehouse import SqlWarehouse
from framework.deploy.store import ReleaseStore
from framework.deploy.workspace_files import WorkspaceFiles
from framework.runtime.provenance import PROVENANCE
from framework.trace.reproduced import past, redirected
from framework.trace.reproduced.choice import Recorded
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
from framework.trace.tables import Tables


@dataclass(frozen=True)
class _Planned:
    """A task, what does it again, and the lines of what it read that is gone: with any, it is not done again."""

    task: Recorded
    again: Redirected
    old: OldCode
    gone: Sequence[Line]


@dataclass(frozen=True)
class Reproduction:
    """Of ``run``, in the place of ``ops``."""

    ops: Ops
    warehouse: SqlWarehouse
    tables: Tables
    run: RecordedRun

    @property
    def scratch(self) -> str:
        """The schema that gets the rows."""
        return f"{self.ops.target.catalog}.{self.ops.person}reproduce_{self.run.number}"

    @property
    def files(self) -> str:
        """The directory in the workspace for the plans."""
        return f"{self._store.root}/reproduce/{self.run.number}"

    @property
    def _name(self) -> str:
        return f"reproduce {self.run.number}"

    @property
    def _store(self) -> ReleaseStore:
        return ReleaseStore(self.ops.client, self.ops.target.deploy_root, self.run.project)

    def begin(self, listener: Listener) -> "Begun":
        """Start the one-time run. Nothing that is there is changed. Raises FrameworkError, and leaves nothing then."""
        submission.require_none(self.ops.client, self._name)
        listener(Note(f"taking the code of run {self.run.number}"))
        planned = tuple(self._planned())
        listener(Note(f"its rows go into {self.scratch}"))
        readable = [each for each in planned if not each.gone]
        try:
            return Begun(self, planned, self._submitted(readable) if readable else 0)
        except BaseException:
            with suppress(FrameworkError):
                self.clear()
            raise

    def clear(self, *, keep_rows: bool = False) -> None:
        """Take away what the run was given and, unless they are to be kept, its rows. Raises DatabricksError."""
        try:
            WorkspaceFiles(self.ops.client).delete(self.files)
        finally:
            if not keep_rows:
                rows.drop(self.warehouse, self.scratch)

    def _planned(self) -> Iterator[_Planned]:
        found: dict[str, OldCode] = {}
        for number, task in enumerate(self.run.choice.chosen):
            record = task.record
            release = record.origin.release
            if release not in found:
                found[release] = code.of_origin(
                    self.ops.client, self._store, record.origin, record.pipeline, self.ops.person
                )
            template = found[release].plan.tasks.get(record.task_key)
            if template is None:
                raise UsageError(f"release {release} has no task '{record.task_key}'")
            again = redirected.redirected(template, record, self.scratch, number)
            yield _Planned(task, again, found[release], past.lines_of_gone(self.tables, record.inputs))

    def _submitted(self, planned: Sequence[_Planned]) -> int:
        """The id of the run."""
        written = (table for each in planned for table in each.again.written)
        kept = [each for each in written if not past.gone(self.tables, each.table, each.version)]
        rows.prepare(self.warehouse, self.scratch, kept)
        files, wanted = WorkspaceFiles(self.ops.client), Submission()
        for each in planned:
            record = each.task.record
            place = f"{self.files}/{record.task_key}"
            plan = f"{place}/plans/{record.pipeline}.json"
            files.make(f"{place}/plans")
            content = redirected.plan_of(each.again, each.old.plan.shared_tables)
            files.write(plan, content.encode(), overwrite=True)
            files.write(f"{place}/{PROVENANCE}", json.dumps(asdict(record.origin)).encode(), overwrite=True)
            number = f"{self.run.number}-again"
            own = {"job_run_id": number, "task_run_id": f"{number}-{record.task_key}", "backfill": self.run.backfill}
            told = redirected.told(each.again, record, plan, own)
            wanted.add(each.old.job, record.origin.release, record.task_key, told)
        return wanted.submit(self.ops.client, self._name)


@dataclass(frozen=True)
class Begun:
    """A reproduction whose one-time run is ``run_id``; 0: there is none, since all that the tasks read is gone."""

    of: Reproduction
    planned: tuple[_Planned, ...]
    run_id: int

    def finish(self, listener: Listener, tolerance: float) -> Reproduced:
        """Follow the run to its end, and compare. ^C ends the following, not the run. Raises DatabricksError."""
        run = self._followed(listener) if self.run_id else None
        ended = {each.task_key: each for each in run.tasks} if run else {}
        tasks = tuple(self._task(each, ended, run.url if run else "", tolerance) for each in self.planned)
        differs = any(each.judgement == "differs" for each in tasks)
        try:
            if run:
                self.of.clear(keep_rows=differs)
        except DatabricksError as error:
            listener(Note(f"{error.message}. {error.hint}", warning=True))
        told = self.of.run
        return Reproduced(
            job_run_id=told.number,
            commit=told.commit,
            tasks=tasks,
            skipped=told.choice.skipped,
            scratch=self.of.scratch if differs else "",
        )

    def _followed(self, listener: Listener) -> JobRun:
        run, client = self.of.run, self.of.ops.client
        with suppress(DatabricksError):
            listener(Note(f"run {self.run_id}: {page_of(client, self.run_id)}"))
        kinds = {each.task.record.task_key: each.task.record.kind for each in self.planned}
        job = RemoteJob(job_id=0, project=run.project, pipeline=run.pipeline, target=run.target, kinds=kinds)
        return follow(client, job, self.run_id, listener)

    def _task(self, each: _Planned, ended: dict[str, TaskOutcome], page: str, tolerance: float) -> TaskAgain:
        record = each.task.record
        if each.gone:
            return not_done(each.task.name, record.kind, each.gone)
        outcome = ended.get(record.task_key)
        now = _now(outcome)
        if now is None:
            lines, notes = [_unrecorded(outcome)], []
        else:
            lines, notes = list(record_lines(record, now, tolerance)), [*surroundings(record, now), *now.notes]
        if outcome and outcome.result == "SUCCESS":
            lines += self._row_lines(each.again, record, now)
        return TaskAgain(
            task=each.task.name,
            kind=record.kind,
            lines=tuple(lines),
            notes=tuple(notes),
            log=page,
            mlflow_run_id=new_mlflow_run(record, now) if now else "",
        )

    def _row_lines(self, again: Redirected, then: AttemptRecord, now: AttemptRecord | None) -> Iterator[Line]:
        counts = {each.table: each.rows for each in (*then.outputs, *(now.outputs if now else ()))}
        for each in again.written:
            why = past.gone(self.of.tables, each.table, each.version)
            found = None
            if not why:
                try:
                    found = rows.compared(self.of.warehouse, each)
                except DatabricksError as error:
                    why = error.message
            yield rows_line(each, found, counts, why)
        for output in then.outputs:
            if output.table not in {each.table for each in again.written}:
                yield not_written(output)


def _now(outcome: TaskOutcome | None) -> AttemptRecord | None:
    """The new record. The service's word counts: a process may have told of success and then not ended in time."""
    record = outcome.record if outcome else None
    return replace(record, result=outcome.result, error=outcome.error) if outcome and record else None


def _unrecorded(outcome: TaskOutcome | None) -> Line:
    """Of an attempt that left no record, or whose log was cut off before it."""
    result = outcome.result if outcome else "none"
    if result == "SUCCESS":
        return Line(what="result", then="SUCCESS", now=result, judgement="unknown", reason="its log has no record")
    reason = outcome.error.message if outcome and outcome.error else "it left no record"
    return Line(what="result", then="SUCCESS", now=result, judgement="differs", reason=reason)
