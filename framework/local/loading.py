"""Brings the tables of a run's source files up to date before its first task."""

from collections.abc import Sequence
from typing import Any

from framework.core.events import Listener, Note
from framework.local import sources
from framework.local.lazy_engine import LazyEngine
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptSpec
from framework.local.release import Release
from framework.records.run_values import StoredRun

_KEY = ".sources"


def load_sources(
    engine: LazyEngine, paths: LocalPaths, runs: Sequence[tuple[StoredRun, Release]], listener: Listener
) -> None:
    """Load what these runs need, each file once. Raises DataError for data that cannot be loaded as it is."""
    done: set[str] = set()
    for run, release in runs:
        wanted = sources.as_argument(release.loads)
        if not (release.loads and release.code) or wanted in done:
            continue
        done.add(wanted)
        for table in _loaded(engine, paths, run.job_run_id, wanted, str(release.code.sources)):
            listener(Note(f"loaded {table['table'].partition('.')[2]}: {table['rows']:,} rows"))


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
