"""Lets the workspace know of a run: its tasks, the runs that they start, the tables and models that they make."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from framework.core.task_run import AttemptRecord
from framework.testing.fake_workspace import Report, StartedRun, State
from framework.testing.fake_workspace.api import new_runs, run_progress, securables
from framework.testing.local_jobs import ops_rows, registry

Told = dict[str, Any]
Call = Callable[[str, str], Path]


class Published:
    """Of one run. ``call`` calls a function in the engine."""

    def __init__(self, run: StartedRun, report: Report, call: Call) -> None:
        self._run = run
        self._report = report
        self._call = call
        self._children: dict[int, int] = {}  # run of the local store → run of the workspace
        self._own = 0

    def hear(self, told: Told) -> None:
        """Take over what the process of the run tells."""
        match told["event"]:
            case "begun":
                self._own = told["run"]
            case "child":
                self._run.with_state(lambda state: self._begin_child(state, told))
            case "task":
                self._task(told)

    def _task(self, told: Told) -> None:
        said = {"message": told.get("message", ""), "output": told.get("output"), "details": told["details"]}
        if child := told.get("child"):
            said["output"] = {"run_job_output": {"run_id": self._children[child]}}
        if record := told.get("record"):
            self._publish(AttemptRecord.from_json(record), self._children.get(told["run"], self._run.run_id))
        if told["run"] == self._own:
            self._report(told["task"], told["result"], **said)
        elif number := self._children.get(told["run"]):
            self._run.with_state(lambda state: _of_child(state, number, told["task"], told["result"], said))

    def _begin_child(self, state: State, told: Told) -> None:
        parent = state.runs[str(self._children.get(told["parent"], self._run.run_id))]
        job = state.jobs[told["job"]]
        by = {"job_id": job["job_id"], "creator_user_name": parent["creator_user_name"]}
        base_url = parent["run_page_url"].partition("/jobs/")[0]
        run = new_runs.new_run(state, job["settings"], told["parameters"], (), job=by, base_url=base_url)
        run |= {"parent_run_id": parent["run_id"], "trigger": "RUN_JOB_TASK"}
        self._children[told["run"]] = run["run_id"]

    def _publish(self, record: AttemptRecord, run_id: int) -> None:
        """What the attempt made is there for Unity Catalog's API, too, and its row in the table of run records."""
        owner = self._run.principal
        settings = self._run.with_state(lambda state: state.runs[str(run_id)]["settings"])
        if table := ops_rows.table_of(record, settings, self._run.read_file):
            self._run.with_state(lambda state: ops_rows.append(state, table, record, owner))
        self._run.with_state(lambda state: _add_tables(state, [each.table for each in record.outputs], owner))
        if record.model and record.model.version and record.model.name.count(".") == 2:
            told = self._call(registry.GIVE, record.model.name)
            self._run.with_state(lambda state: registry.into_state(state, told, owner))


def _of_child(state: State, run_id: int, task_key: str, result: str, said: Told) -> None:
    run_progress.set_task(state, run_id, task_key, result, **said)
    if all(run_progress.ended(each) for each in state.runs[str(run_id)]["tasks"]):
        run_progress.end_run(state, run_id)


def _add_tables(state: State, tables: list[str], owner: str) -> None:
    for table in tables:
        names = table.lower().split(".")
        for kind, name in (("schema", ".".join(names[:2])), ("table", ".".join(names))):
            if len(names) == 3 and f"{kind}:{name}" not in state.securables:
                securables.add_securable(state, kind, name, owner)
