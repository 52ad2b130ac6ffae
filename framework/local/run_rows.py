"""The rows of a run that ended: what its attempts recorded, and what is known of those that recorded nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from framework.core.errors import FrameworkError
from framework.core.job_run import TaskOutcome
from framework.core.ops_tables import JOB_RUNS, Source, in_order, row_of, times
from framework.core.task_run import AttemptRecord, Environment, Origin, TaskError, TaskResult
from framework.local.half_written import written_by_attempt
from framework.local.outcomes import read_record
from framework.local.paths import LocalPaths
from framework.records.ops_store import RunRows
from framework.records.run_store import RunStore
from framework.records.run_values import History, Key, StoredAttempt, StoredRun
from framework.runtime import plans
from framework.runtime.provenance import environment_of, origin_of
from framework.runtime.redaction import redacted_values

Row = dict[str, Any]


def rows_of(store: RunStore, run: StoredRun, paths: LocalPaths) -> RunRows:
    """Everything about ``run`` that the tables of records do not have yet, though maybe some that they have."""
    history, since = store.history(run.job_run_id), store.recorded(run.job_run_id)
    telling = _Telling(run, paths, store.run(run.owner_run_id or run.job_run_id), history)
    made = [each for each in history.attempts if each.repair >= since]
    tried = {(each.task_key, each.iteration, each.attempt) for each in history.attempts}
    # A task that was tried may be decided without an attempt in a repair.
    decided = {key: outcome for key, outcome in history.outcomes.items() if (*key, outcome.attempts) not in tried}
    return RunRows(
        job_run_id=run.job_run_id,
        project=run.project,
        repairs=run.repairs,
        task_runs=[*map(telling.attempt, made), *(telling.decided(key, each) for key, each in decided.items())],
        job_runs=[telling.job_run()],
    )


@dataclass(frozen=True)
class _Telling:
    """Of one run; ``owner`` is the run that has its code."""

    run: StoredRun
    paths: LocalPaths
    owner: StoredRun
    history: History

    def attempt(self, made: StoredAttempt) -> Row:
        """The row of an attempt."""
        record, _ = read_record(Path(made.directory)) if made.directory else (None, None)
        told = record or self._lost(made)
        # The scheduler's word counts: a process may have recorded success and then not ended in time.
        result = cast(TaskResult, made.result or told.result)
        told = replace(told, result=result, iteration=made.iteration, **self._missing(told, made.repair))
        told = self._with_half_written(told, made)
        source: Source = "process" if record else "scheduler"
        return row_of(told, source, repair=made.repair, run_job_run_id=str(made.child_run_id or ""))

    def decided(self, key: Key, outcome: TaskOutcome) -> Row:
        """The row of a task that was decided without an attempt: a condition, a loop, or one that never ran."""
        told = self._record(key, outcome.task_run_id, outcome.attempts, self.run.started_at)
        note = (f"it came to {outcome.branch}",) if outcome.branch else ()
        told = replace(told, result=outcome.result, error=outcome.error, kind=outcome.kind, notes=note)
        told = replace(told, **self._missing(told, self.run.repairs))
        return {**row_of(told, "scheduler", repair=self.run.repairs), "duration_s": outcome.duration_s}

    def job_run(self) -> Row:
        """The row of the run itself."""
        run = self.run
        values = {
            **{name: getattr(run, name) for name in ("project", "pipeline", "target", "job", "trigger")},
            **times(run.started_at, run.ended_at or ""),
            **vars(self._origin(run.repairs)),
            **vars(_here()),
            "job_run_id": str(run.job_run_id),
            "repair": run.repairs,
            "source": "scheduler",
            "result": run.result or "",
            "parameters": self._parameters(),
            "tasks": list(run.tasks),
            "parent_run_id": str(run.parent_run_id or ""),
            "backfill": run.backfill or "",
        }
        return in_order(JOB_RUNS, values)

    def _lost(self, made: StoredAttempt) -> AttemptRecord:
        """What is known of an attempt that recorded nothing."""
        key = (made.task_key, made.iteration)
        outcome = self.history.outcomes.get(key)
        is_last = outcome is not None and outcome.attempts == made.attempt
        error = outcome.error if outcome and is_last else TaskError("NoRecord", "the attempt left no record")
        told = self._record(key, made.task_run_id, made.attempt, made.started_at, made.ended_at or "")
        return replace(told, kind=outcome.kind if outcome else "", error=None if made.result == "SUCCESS" else error)

    def _with_half_written(self, told: AttemptRecord, made: StoredAttempt) -> AttemptRecord:
        """``told`` with what it does not tell: the attempt was killed or failed after a write, and maybe made again."""
        known = {each.table: each.version for each in told.outputs}
        outputs, notes = [*told.outputs], [*told.notes]
        for table in _written(self._plan(made.repair)).get(made.task_key, ()):
            try:
                outputs += written_by_attempt(self.paths.warehouse, table, made, known.get(table))
            except FrameworkError as error:
                notes.append(f"what else it wrote is not known: {error}")
        return replace(told, outputs=tuple(outputs), notes=tuple(notes))

    def _record(self, key: Key, task_run_id: str, attempt: int, started_at: str, ended_at: str = "") -> AttemptRecord:
        run = self.run
        return AttemptRecord(
            job_run_id=str(run.job_run_id),
            task_run_id=task_run_id,
            attempt=attempt,
            project=run.project,
            pipeline=run.pipeline,
            target=run.target,
            task_key=key[0],
            kind="",
            result="INTERNAL_ERROR",
            started_at=started_at,
            ended_at=ended_at,
            parameters=self._parameters(),
            iteration=key[1],
        )

    def _parameters(self) -> dict[str, str]:
        return redacted_values({n: v for n, v in self.run.parameters.items() if not n.startswith("framework.")})

    def _missing(self, told: AttemptRecord, repair: int) -> dict[str, Any]:
        """The origin and the environment, where the record does not have them: native tasks know nothing of them."""
        origin = self._origin(repair) if told.origin == Origin() else told.origin
        environment = told.environment if told.environment.framework else _here()
        return {"origin": origin, "environment": environment}

    def _origin(self, repair: int) -> Origin:
        return origin_of(self._plan(repair))

    def _plan(self, repair: int) -> Path:
        """The plan that the run had in that repair; the run of another job has the code of its owner."""
        is_own = self.owner.job_run_id == self.run.job_run_id
        directory = self.paths.release(self.owner.job_run_id, repair if is_own else self.owner.repairs)
        return directory / "bundle" / "plans" / f"{self.run.pipeline}.json"


@cache
def _written(plan: Path) -> Mapping[str, list[str]]:
    """The tables that each task of ``plan`` writes; of somebody else's bundle, which has no plans, nobody knows."""
    try:
        return {key: plans.written_by(task) for key, task in plans.load_plan(plan).tasks.items()}
    except FrameworkError:
        return {}


@cache
def _here() -> Environment:
    """The surroundings of this process, which are those of its attempts."""
    return environment_of()
