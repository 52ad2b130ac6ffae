"""Brings the tables of a run's source files up to date before its first task."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from framework.core.events import Listener, Note
from framework.core.task_run import TaskRun
from framework.local import sources
from framework.local.lazy_engine import LazyEngine
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptSpec
from framework.local.release import Release
from framework.local.sources import Load
from framework.records.run_values import StoredRun
from framework.resolve.dependencies import same_name
from framework.runtime.kinds import KINDS
from framework.spec.references import references

_KEY = ".sources"


def load_sources(
    engine: LazyEngine,
    paths: LocalPaths,
    runs: Sequence[tuple[StoredRun, Release, Collection[str]]],
    listener: Listener,
) -> None:
    """Load what these runs need, each with the tasks that it has done already, and each file once.

    Raises DataError for data that cannot be loaded as it is.
    """
    done: set[str] = set()
    for run, release, decided in runs:
        loads = needed(release, run, decided)
        wanted = sources.as_argument(loads)
        if not (loads and release.code) or wanted in done:
            continue
        done.add(wanted)
        for table in _loaded(engine, paths, run.job_run_id, wanted, str(release.code.sources)):
            listener(Note(f"loaded {table['table'].partition('.')[2]}: {table['rows']:,} rows"))


def needed(release: Release, run: StoredRun, decided: Collection[str]) -> tuple[Load, ...]:
    """The loads of a run, without those that only tasks read which it does not run now.

    What a native task reads is not known: while one is left, all are needed.
    """
    runnable, key = release.runnable, str(run.source["job_key"])
    plan = runnable.plan(key)
    ours = plan.tasks if plan else {}
    tasks = {str(task.task_key): task for task in runnable.job(key).tasks}
    left = set(run.tasks).difference(decided)
    if any(name not in ours and not tasks[name].condition_task for name in left):
        return release.loads
    all_read = {name for each in runnable.bundle.plans.values() for name in _read(each.tasks.values())}
    spared = all_read.difference(_read(task for name, task in ours.items() if name in left))
    return tuple(load for load in release.loads if same_name(load.table) not in spared)


def _read(tasks: Iterable[TaskRun]) -> Iterator[str]:
    for task in tasks:
        for _, reference, name in references(KINDS[task.kind](**task.options)):
            if reference.role == "reads":
                yield same_name(name)


def _loaded(engine: LazyEngine, paths: LocalPaths, number: int, wanted: str, code: str) -> list[dict[str, Any]]:
    before = paths.attempt(number, _KEY, 1).parent
    attempt = len(list(before.iterdir())) + 1 if before.is_dir() else 1
    spec = AttemptSpec(
        attempt_id=f"{number}0000",
        argv=(wanted,),
        call="framework.local.sources:main",
        directory=paths.attempt(number, _KEY, attempt),
        cwd=paths.root,
        sys_path=(code,),
    )
    engine.start(spec)
    while not engine.wait(None):
        pass
    return sources.read_result(spec.directory)
