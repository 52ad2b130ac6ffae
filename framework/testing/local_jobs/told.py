"""What happens in a local run, in the words of the Jobs API."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.core.events import AttemptStarted, Event, LoopOpened, Note, RetryWaiting, RunStarted, TaskEnded
from framework.core.job_run import SUCCEEDED
from framework.core.task_run import AttemptRecord
from framework.local.outcomes import read_record
from framework.local.paths import LocalPaths
from framework.records.run_store import RunStore
from framework.runtime.run_records import RECORD_LINE

_LONGEST_LOG = 5 << 20
"""Bytes of a log that jobs/runs/get-output gives."""
_EXIT_VALUE = "exit value: "


@dataclass
class Teller:
    """``say`` gets one object for each event; ``jobs`` are the settings of the jobs by key."""

    paths: LocalPaths
    jobs: Mapping[str, Any]
    say: Callable[[dict[str, Any]], None]
    _job_of: dict[int, str] = field(default_factory=dict)
    _directories: dict[tuple[int, str], Path] = field(default_factory=dict)
    _loops: dict[tuple[int, str], dict[str, int]] = field(default_factory=dict)
    _last_child: int | None = None

    def hear(self, event: Event) -> None:
        """Tell what matters of ``event``."""
        match event:
            case Note():
                self.say({"event": "note", "message": event.message, "warning": event.warning})
            case RunStarted():
                self._run_started(event)
            case LoopOpened():
                total = {"total_iterations": event.total, "completed_iterations": event.done, "failed_iterations": 0}
                self._loops[event.job_run_id, event.task_key] = total
                self._task(event.job_run_id, event.task_key, "RUNNING", self._details(event.job_run_id, event.task_key))
            case AttemptStarted(iteration=None):
                self._attempt_started(event)
            case RetryWaiting(iteration=None):
                self._ended(event.job_run_id, event.task_key, event.result, event.headline)
            case TaskEnded(iteration=None):
                self._ended(event.job_run_id, event.task_key, event.result, event.headline)
            case TaskEnded():
                self._iteration_ended(event)

    def _run_started(self, event: RunStarted) -> None:
        self._job_of[event.job_run_id] = event.pipeline
        if event.parent_run_id is not None:
            self._last_child = event.job_run_id
            with RunStore(self.paths.run_store) as store:
                given = dict(store.run(event.job_run_id).parameters)
            about = {"parent": event.parent_run_id, "job": event.pipeline, "parameters": given}
            self.say({"event": "child", "run": event.job_run_id, **about})
        else:
            self.say({"event": "begun", "run": event.job_run_id})

    def _attempt_started(self, event: AttemptStarted) -> None:
        key = (event.job_run_id, event.task_key)
        if event.log:
            self._directories[key] = Path(event.log).parent
        # The run that it starts, if it does, has begun right before.
        child, self._last_child = self._last_child, None
        self._task(*key, "RUNNING", self._details(*key), child=child)

    def _iteration_ended(self, event: TaskEnded) -> None:
        key = (event.job_run_id, event.task_key)
        if counted := self._loops.get(key):
            counted["completed_iterations"] += 1
            counted["failed_iterations"] += event.result not in SUCCEEDED
            self._task(*key, "RUNNING", self._details(*key))

    def _ended(self, run: int, task: str, result: str, headline: str) -> None:
        details = self._details(run, task)
        if result == "SUCCESS" and "condition_task" in self._settings(run, task):
            details["condition_task"] = {"outcome": headline}
        directory = self._directories.pop((run, task), None)
        record = read_record(directory)[0] if directory else None
        told: dict[str, Any] = {"message": "" if result in SUCCEEDED else headline}
        if directory:
            told["output"] = dict(_output(directory, record, result))
        if record:
            told["record"] = record.to_json()
        self._task(run, task, result, details, **told)

    def _task(self, run: int, task: str, result: str, details: dict[str, Any], **more: Any) -> None:
        self.say({"event": "task", "run": run, "task": task, "result": result, "details": details, **more})

    def _details(self, run: int, task: str) -> dict[str, Any]:
        if counted := self._loops.get((run, task)):
            active = counted["total_iterations"] - counted["completed_iterations"]
            stats = {"task_run_stats": {**counted, "active_iterations": active}}
            return {"for_each_task": {"stats": stats}}
        return {}

    def _settings(self, run: int, task: str) -> dict[str, Any]:
        tasks = self.jobs[self._job_of[run]]["tasks"]
        found: dict[str, Any] = next((each for each in tasks if each["task_key"] == task), {})
        return found


def _output(directory: Path, record: AttemptRecord | None, result: str) -> Iterator[tuple[str, Any]]:
    """What jobs/runs/get-output tells of an attempt."""
    logs = "".join(_text(directory / name) for name in ("stdout.log", "stderr.log"))
    if record and not record.kind.endswith("_task"):
        # A task of ours writes its record into the log where nobody gives it a directory.
        logs += f"{'' if logs.endswith(chr(10)) or not logs else chr(10)}{RECORD_LINE}{record.to_json()}\n"
    yield "logs", logs
    if record:
        for note in record.notes:
            if record.kind == "notebook_task" and note.startswith(_EXIT_VALUE):
                yield "notebook_output", {"result": note.removeprefix(_EXIT_VALUE), "truncated": False}
    if result not in SUCCEEDED and record and record.error:
        yield "error", f"{record.error.type}: {record.error.message}"
        yield "error_trace", record.error.traceback


def _text(file: Path) -> str:
    try:
        return file.read_bytes()[-_LONGEST_LOG:].decode(errors="replace")
    except OSError:
        return ""
