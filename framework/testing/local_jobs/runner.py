"""Executes runs of jobs: each in a process of its own, all on one local engine."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from framework.core.errors import FrameworkError
from framework.core.events import Event, Listener, Note
from framework.local import sources
from framework.local.paths import LocalPaths
from framework.testing.fake_workspace import Json, Report, StartedRun, State
from framework.testing.local_jobs import mirror, registry
from framework.testing.local_jobs.checkout import Sources
from framework.testing.local_jobs.engine_calls import EngineCalls
from framework.testing.local_jobs.order import Order
from framework.testing.local_jobs.published import Published

_RUN_ID = re.compile(r"\{\{\s*job\.run_id\s*\}\}")
_WORKSPACE_URL = re.compile(r"\{\{\s*workspace\.url\s*\}\}")
_LOOK = 0.2
"""Seconds between two looks whether a run was cancelled."""
_LEAVE_LIMIT = 20.0


def _unheard(_event: Event) -> None:
    """Nobody listens."""


class LocalJobs:
    """Give it to FakeWorkspace as ``run_job``, and close it, or use it in a ``with`` block around the workspace.

    ``root`` keeps what a checkout has in ``.framework``: the warehouse, MLflow, logs. A table ``prod.raw.sales`` of
    the workspace is ``spark_catalog.prod__raw.sales`` there. ``checkout`` are the files that source tables are loaded
    from, as ``sources_of`` finds them. Jobs run on the packages of this environment: of libraries and environments
    only the wheels that are files of the workspace count.
    """

    def __init__(
        self,
        root: Path,
        checkout: Mapping[str, Sources] = MappingProxyType({}),
        listener: Listener = _unheard,
    ) -> None:
        self._root = root.resolve()
        self._files = LocalPaths(self._root).state / "workspace"
        self._checkout = checkout
        self._listener = listener
        self._call = EngineCalls(self._root, listener)
        self._one_at_a_time = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()

    @property
    def warehouse(self) -> Path:
        """Where the tables are."""
        return LocalPaths(self._root).warehouse

    def __call__(self, run: StartedRun, report: Report) -> str | None:
        """Execute a run. Raises FrameworkError when that is not possible."""
        with self._one_at_a_time:
            self._bring_up_to_date(run)
            if run.cancelled():
                return None
            process = self._start(self._order(run))
        try:
            return self._follow(process, run, report)
        finally:
            self._running.discard(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancel what is running, and let the engine go."""
        for process in list(self._running):
            with suppress(OSError):
                process.send_signal(signal.SIGINT)
        for process in list(self._running):
            try:
                process.wait(_LEAVE_LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
        self._call.close()

    def _order(self, run: StartedRun) -> Order:
        def look(state: State) -> tuple[dict[str, Json], dict[str, bytes], str]:
            return _reachable(state, run), mirror.files_of(state), state.runs[str(run.run_id)]["run_page_url"]

        jobs, files, page = run.with_state(look)
        # In a workspace a task checks more than in a local run.
        jobs = json.loads(_WORKSPACE_URL.sub(page.partition("/jobs/")[0], json.dumps(jobs)))
        # The number by which the run is known here, and not in the local store.
        jobs[str(run.job_id)] = json.loads(_RUN_ID.sub(str(run.run_id), json.dumps(jobs[str(run.job_id)])))
        mirror.write(files, self._files)
        keys = [task["task_key"] for task in run.settings.get("tasks", [])]
        moved = partial(mirror.text_in_mirror, mirror=self._files)
        return Order(
            root=str(self._root),
            files=str(self._files),
            run_id=run.run_id,
            job_key=str(run.job_id),
            jobs={key: mirror.in_mirror(settings, self._files) for key, settings in jobs.items()},
            parameters={name: moved(text) for name, text in run.parameters.items()},
            task_keys=() if sorted(run.task_keys) == sorted(keys) else run.task_keys,
        )

    def _bring_up_to_date(self, run: StartedRun) -> None:
        """The tables of source files and, unless a run is just changing them, the aliases of models."""
        self._call.hold()
        place = str(run.settings.get("deployment", {}).get("metadata_file_path", ""))
        for prefix, project in self._checkout.items():
            if place.startswith(f"{prefix}/") and (loads := project.loads(self._listener)):
                told = self._call("framework.local.sources:main", sources.as_argument(loads), project.code)
                for table in sources.read_result(told):
                    self._listener(Note(f"loaded {table['table'].partition('.')[2]}: {table['rows']:,} rows"))
        if not self._running and (models := run.with_state(registry.of_state)):
            self._call(registry.TAKE, json.dumps(models))

    def _start(self, order: Order) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "framework.testing.local_jobs.execution"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for us, who then end it
        )
        self._running.add(process)
        with process.stdin as stdin:  # type: ignore[union-attr]
            stdin.write(order.to_json() + "\n")
        return process

    def _follow(self, process: "subprocess.Popen[str]", run: StartedRun, report: Report) -> str | None:
        """What the process tells, until its end."""
        last_words: deque[str] = deque(maxlen=5)
        threading.Thread(target=last_words.extend, args=(process.stderr,), daemon=True).start()
        threading.Thread(target=_end_when_cancelled, args=(process, run), daemon=True).start()
        published = Published(run, report, self._call)
        result: str | None = None
        for line in process.stdout or ():
            told: dict[str, Any] = json.loads(line.replace(str(self._files), "/Workspace"))
            match told["event"]:
                case "note":
                    self._listener(Note(told["message"], told["warning"]))
                case "refused":
                    raise FrameworkError(told["message"])
                case "done":
                    result = told["result"]
                case _:
                    published.hear(told)
        process.wait()
        if result is None and not run.cancelled():
            said = "".join(last_words).strip()
            raise FrameworkError(f"the process of the run ended before the run did: {said or process.returncode}")
        return result


def _reachable(state: State, run: StartedRun) -> dict[str, Json]:
    """The settings of the run's job, and of those that its tasks run, by id."""
    found = {str(run.job_id): run.settings}
    left = [run.settings]
    while left:
        for task in left.pop().get("tasks", []):
            inner = task.get("for_each_task", {}).get("task", task)
            key = str(inner.get("run_job_task", {}).get("job_id", ""))
            if key in state.jobs and key not in found:
                found[key] = state.jobs[key]["settings"]
                left.append(found[key])
    return found


def _end_when_cancelled(process: "subprocess.Popen[str]", run: StartedRun) -> None:
    while process.poll() is None:
        if run.cancelled():
            with suppress(OSError):
                process.send_signal(signal.SIGINT)
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK)
