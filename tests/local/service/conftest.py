"""The scheduler with a real run store, attempts that end when the test says, and a clock that the test owns."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from databricks.bundles.jobs import Job

from framework.core.events import Event
from framework.core.job_run import TaskOutcome
from framework.core.task_run import AttemptRecord
from framework.local.execution import Execution
from framework.local.job_graph import JobGraph, kind_of
from framework.local.past import Past
from framework.local.protocol import AttemptEnded, AttemptSpec
from framework.local.references import RunValues
from framework.local.scheduler import Scheduler
from framework.local.task_values import TaskValues
from framework.local.units import ChildRun
from framework.records.run_store import RunStore
from framework.records.run_values import NewRun, StoredRun

NO_RECORD = -1
"""For ``exits``: code 0, but nothing is recorded."""
SECONDS = 10.0
"""How long an attempt takes that the test says nothing else about."""
FIRST = "2024-03-01T04:05:06+00:00"


@dataclass
class Script:
    """An engine whose attempts take ``seconds`` of a clock of its own, and end with the code that ``exits`` gives.

    Both are by unit (``loop[0]``) or else by task. ``values`` are the task values that a task sets.
    """

    exits: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    now: float = 1000.0
    seconds_to_start: float = 0.0
    waits: int = 0
    at_wait: Callable[["Script"], None] = lambda script: None
    running: dict[str, tuple[str, float]] = field(default_factory=dict)
    ended: list[AttemptEnded] = field(default_factory=list)
    most_at_once: int = 0
    specs: dict[str, AttemptSpec] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)

    def ready(self) -> None:
        self.now, self.seconds_to_start = self.now + self.seconds_to_start, 0.0

    def start(self, spec: AttemptSpec) -> None:
        key = spec.argv[0]
        self.started.append(key)
        self.running[spec.attempt_id] = (key, self.now + self._of(self.seconds, key, SECONDS))
        self.specs[spec.attempt_id] = spec
        self.most_at_once = max(self.most_at_once, len(self.running))

    def cancel(self, attempt_id: str) -> None:
        if self.running.pop(attempt_id, None):
            self.ended.append(AttemptEnded(attempt_id, None, 9, canceled=True))

    def wait(self, timeout: float | None) -> list[AttemptEnded]:
        self.waits += 1
        assert self.waits < 5000, "the scheduler spins"
        self.at_wait(self)
        if not self.ended:
            self._pass_time(timeout)
        ended, self.ended = self.ended, []
        return ended

    def _pass_time(self, timeout: float | None) -> None:
        first = min((end for _, end in self.running.values()), default=float("inf"))
        self.now = max(self.now, min(first, self.now + (timeout if timeout is not None else 1e9)))
        for attempt_id, (key, end) in list(self.running.items()):
            if end <= self.now:
                del self.running[attempt_id]
                self._finish(attempt_id, key)

    def _finish(self, attempt_id: str, key: str) -> None:
        codes = self._of(self.exits, key, [])
        code = codes.pop(0) if codes else 0
        directory = self.specs[attempt_id].directory
        directory.mkdir(parents=True, exist_ok=True)
        if key in self.values:
            (directory / "task_values.json").write_text(json.dumps(self.values[key]))
        if code == 0:
            (directory / "record.json").write_text(success(key))
        self.ended.append(AttemptEnded(attempt_id, max(code, 0), None, canceled=False))

    @staticmethod
    def _of(by_name: dict[str, Any], key: str, default: Any) -> Any:
        return by_name.get(key, by_name.get(key.partition("[")[0], default))


def success(key: str) -> str:
    return AttemptRecord(
        job_run_id="1", task_run_id="1", attempt=1, project="p", pipeline="q", target="local", task_key=key,
        kind="python", result="SUCCESS", started_at="", ended_at="",
    ).to_json()  # fmt: skip


@dataclass(frozen=True)
class SimulatedWork:
    """Attempts that carry their unit and their filled-in parameters; the runs of other jobs come from ``service``."""

    service: "Service"

    def kind(self, task: Any) -> str:
        return "ours" if task.python_wheel_task else kind_of(task)

    def known(self, outcome: TaskOutcome) -> TaskOutcome:
        return outcome

    def prepare(self, task: Any, unit: Any, place: Any, values: RunValues) -> AttemptSpec | ChildRun:
        if task.run_job_task:
            return ChildRun(int(task.run_job_task.job_id), {})
        named = task.python_wheel_task.named_parameters
        filled = [f"{name}={values.fill(str(text), place)}" for name, text in named.items()]
        directory = self.service.folder / place.task_run_id
        return AttemptSpec(
            attempt_id=place.task_run_id, argv=(str(unit), *filled), directory=directory, cwd=self.service.folder
        )


@dataclass
class Service:
    """The Jobs service with jobs by number; 1 is the one that ``run`` runs."""

    folder: Path
    store: RunStore
    script: Script = field(default_factory=Script)
    jobs: dict[int, Job] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    only: set[str] | None = None
    scheduler: Scheduler | None = None

    def run(self, script: Script, *tasks: dict[str, Any], max_parallel: int = 4, **settings: Any) -> "Ran":
        self.script = script
        self.jobs[1] = Job.from_dict({"name": "job", "tasks": list(tasks), **settings})
        return self.drive(self.stored(1), Past(), max_parallel)

    def again(self, script: Script, run: StoredRun, max_parallel: int = 4) -> "Ran":
        """Go on with a run from what the store knows of it."""
        self.script = script
        return self.drive(run, Past.of(self.store.history(run.job_run_id)), max_parallel)

    def drive(self, run: StoredRun, past: Past, max_parallel: int) -> "Ran":
        self.events.clear()
        done = self.execution(run, past)
        self.scheduler = Scheduler(
            roots=(done,), engine=self.script, store=self.store, listener=self.events.append,
            max_parallel=max_parallel, clock=lambda: self.script.now,
        )  # fmt: skip
        self.scheduler.execute()
        return Ran(done.result, {o.task_key: o for o in done.decisions.progress.in_order()}, self.script, done.run)

    def stored(self, number: int, parent: StoredRun | None = None) -> StoredRun:
        tasks = tuple(str(task.task_key) for task in self.jobs[number].tasks)
        new = NewRun(
            job=f"job {number} of {self.folder}", project="p", pipeline=str(number), target="local", tasks=tasks,
            parameters={}, source={"job_key": str(number)}, started_at=FIRST,
            parent_run_id=parent.job_run_id if parent else None, owner_run_id=parent.owner_run_id if parent else None,
        )  # fmt: skip
        return self.store.begin(new)

    def begin_child(self, child: ChildRun, parent: StoredRun) -> Execution:
        if child.child_run_id is None:
            return self.execution(self.stored(child.job_id, parent), Past())
        run = self.store.run(child.child_run_id)
        self.store.reopen(run.job_run_id, run.parameters)
        return self.execution(run, Past.of(self.store.history(run.job_run_id)))

    def execution(self, run: StoredRun, past: Past) -> Execution:
        import datetime

        job = self.jobs[int(run.source["job_key"])]
        values = RunValues(
            job_run_id=run.job_run_id, job_name=job.name, repair_count=run.repairs,
            started=datetime.datetime.fromisoformat(run.started_at),
            parameters={p.name: str(p.default) for p in job.parameters},
        ).with_filled_parameters()  # fmt: skip
        return Execution(
            run=run, graph=JobGraph.of(job, self.only), values=values, work=SimulatedWork(self), store=self.store,
            listener=self.events.append, clock=lambda: self.script.now, limit=job.timeout_seconds or 0,
            task_values=TaskValues(self.folder / str(run.job_run_id)), past=past, begin_child=self.begin_child,
            most_at_once=1 if job.max_concurrent_runs is None else job.max_concurrent_runs,
            queues=job.queue is None or bool(job.queue.enabled),
        )  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """What came of a run."""

    result: str
    outcomes: dict[str, TaskOutcome]
    script: Script
    run: StoredRun

    @property
    def results(self) -> dict[str, str]:
        return {key: outcome.result for key, outcome in self.outcomes.items()}

    def error(self, key: str) -> str:
        return self.outcomes[key].error.message


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with RunStore(tmp_path / "runs.db") as store:
        yield Service(tmp_path, store)


@pytest.fixture(scope="session")
def many_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Service]]:
    """A new service for each call, on one store."""
    folder, numbers = tmp_path_factory.mktemp("runs"), itertools.count()
    with RunStore(folder / "runs.db") as store:
        yield lambda: Service(folder / str(next(numbers)), store)


@pytest.fixture(scope="session")
def script() -> type[Script]:
    return Script


@pytest.fixture(scope="session")
def task() -> Callable[..., dict[str, Any]]:
    """A task of a compiled job: ``key``, what it waits for (``"cond:true"`` for an outcome), and its settings."""

    def make(key: str, *upstream: str, **settings: Any) -> dict[str, Any]:
        named = settings.pop("named", {})
        work = {} if any(name.endswith("_task") for name in settings) else {"python_wheel_task": wheel(named)}
        edges = [name.partition(":") for name in upstream]
        depends_on = [{"task_key": name, **({"outcome": outcome} if outcome else {})} for name, _, outcome in edges]
        return {"task_key": key, "depends_on": depends_on, **work, **settings}

    return make


def wheel(named: dict[str, str]) -> dict[str, Any]:
    return {"package_name": "p", "entry_point": "e", "named_parameters": named}
