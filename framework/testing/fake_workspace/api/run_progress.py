"""How a run goes on: the states of its tasks, one entry for each attempt, and its own end."""

from typing import Any

from framework.testing.fake_workspace.exchange import Json
from framework.testing.fake_workspace.state import State, now

GOOD = frozenset({"SUCCESS", "EXCLUDED", "SKIPPED", "DISABLED"})
_ENDED = {"TERMINATED", "SKIPPED", "INTERNAL_ERROR"}
_AS_RUN = {"SUCCESS", "SUCCESS_WITH_FAILURES", "CANCELED", "TIMEDOUT", "SKIPPED"}


def set_task(
    state: State,
    run_id: int,
    task_key: str,
    result: str,
    *,
    message: str = "",
    output: Json | None = None,
    details: Json | None = None,
) -> None:
    """A task begins (``RUNNING``) or ends (``SUCCESS``, ``FAILED``, ``SKIPPED`` and the Jobs API's other results).

    One that begins after its end is tried again, as an entry of its own. ``details`` are more of its fields, such as
    ``{"condition_task": {"outcome": "true"}}``.
    """
    run = state.runs.get(str(run_id))
    if run is None or ended(run):
        return
    run |= states("RUNNING")
    if task := latest(run).get(task_key):
        if result == "RUNNING" and ended(task):
            task = _next_attempt(state, run, task)
        more = {name: {**task.get(name, {}), **fields} for name, fields in (details or {}).items()}
        task |= {**states(result, message), **more, "output": output or task.get("output", {})}
        task.setdefault("start_time", now())
        if ended(task):
            task["end_time"] = now()


def end_run(state: State, run_id: int, problem: str = "", result: str = "") -> None:
    """Every task has ended: the run's ``result``, unless its runner told it, follows from them, or from a problem."""
    run = state.runs.get(str(run_id))
    if run is None or ended(run):
        return
    for task in run["tasks"]:
        if not ended(task):
            task |= {**states("FAILED" if problem else "SKIPPED", problem), "end_time": now()}
    bad = [task for task in latest(run).values() if task["state"].get("result_state", "SUCCESS") not in GOOD]
    message = problem or (f"Task {bad[0]['task_key']} failed: {bad[0]['state']['state_message']}" if bad else "")
    of_tasks = bad[0]["state"]["result_state"] if bad else "SUCCESS"
    result = (of_tasks if bad else "FAILED") if problem else result or of_tasks
    run |= {**states(result if result in _AS_RUN else "FAILED", message), "end_time": now()}


def latest(run: Json) -> dict[str, Json]:
    """The last attempt of each task."""
    return {task["task_key"]: task for task in run["tasks"]}


def ended(run_or_task: Json) -> bool:
    """Whether nothing more happens to it, unless it is repaired."""
    return run_or_task["state"]["life_cycle_state"] in _ENDED


def states(state: str, message: str = "") -> Json:
    """Both shapes that the API has for the state of a run or a task."""
    if state in {"PENDING", "RUNNING"}:
        return {"state": {"life_cycle_state": state, "state_message": message}, "status": {"state": state}}
    life: dict[str, Any] = {"life_cycle_state": "TERMINATED", "result_state": state, "state_message": message}
    if state == "SKIPPED":
        life = {"life_cycle_state": "SKIPPED", "state_message": message}
    elif state == "INTERNAL_ERROR":
        life |= {"life_cycle_state": state, "result_state": "FAILED"}
    code, kind = _CODES.get(state, ("RUN_EXECUTION_ERROR", "CLIENT_ERROR"))
    details = {"code": code, "type": kind, "message": message}
    return {"state": life, "status": {"state": "TERMINATED", "termination_details": details}}


def _next_attempt(state: State, run: Json, task: Json) -> Json:
    own = ("state", "status", "start_time", "end_time", "output")
    again = {key: value for key, value in task.items() if key not in own}
    number, attempt = state.new_id(), task["attempt_number"] + 1
    page = str(task.get("run_page_url", "")).replace(str(task["run_id"]), str(number))
    entry: Json = {**again, "run_id": number, "attempt_number": attempt, "run_page_url": page}
    run["tasks"].append(entry)
    return entry


_CODES = {
    "SUCCESS": ("SUCCESS", "SUCCESS"),
    "SUCCESS_WITH_FAILURES": ("SUCCESS_WITH_FAILURES", "SUCCESS"),
    "EXCLUDED": ("SUCCESS", "SUCCESS"),
    "SKIPPED": ("SKIPPED", "SUCCESS"),
    "CANCELED": ("USER_CANCELED", "CLIENT_ERROR"),
    "DISABLED": ("DISABLED", "SUCCESS"),
    "INTERNAL_ERROR": ("INTERNAL_ERROR", "INTERNAL_ERROR"),
}
