"""Runs of jobs, as states: what is pending is started by ``framework.testing.fake_workspace.job_runner``."""

from collections.abc import Iterable
from typing import Any

from framework.testing.fake_workspace.access import holds, require
from framework.testing.fake_workspace.api.identity import WORKSPACE_ID
from framework.testing.fake_workspace.api.jobs import job_named
from framework.testing.fake_workspace.api.paging import page_of
from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State, now

_ENDED = {"TERMINATED", "SKIPPED", "INTERNAL_ERROR"}
_GOOD = {"SUCCESS", "EXCLUDED", "SKIPPED"}


def set_task(
    state: State, run_id: int, task_key: str, result: str, *, message: str = "", output: Json | None = None
) -> None:
    """A task begins (``RUNNING``) or ends (``SUCCESS``, ``FAILED``, ``SKIPPED`` and the Jobs API's other results)."""
    run = state.runs[str(run_id)]
    if _ended(run):
        return
    run |= _states("RUNNING")
    for task in run["tasks"]:
        if task["task_key"] == task_key:
            task |= {**_states(result, message), "output": output or task.get("output", {})}
            task.setdefault("start_time", now())
            if _ended(task):
                task["end_time"] = now()


def end_run(state: State, run_id: int, problem: str = "") -> None:
    """Every task has ended: the run's result follows from them, or from the problem that the runner had."""
    run = state.runs[str(run_id)]
    if _ended(run):
        return
    for task in run["tasks"]:
        if not _ended(task):
            task |= {**_states("FAILED" if problem else "SKIPPED", problem), "end_time": now()}
    bad = [task for task in run["tasks"] if task["state"].get("result_state", "SUCCESS") not in _GOOD]
    message = problem or (f"Task {bad[0]['task_key']} failed: {bad[0]['state']['state_message']}" if bad else "")
    result = bad[0]["state"]["result_state"] if bad else "SUCCESS"
    run |= {
        **_states(result if result in {"SUCCESS", "CANCELED", "TIMEDOUT"} else "FAILED", message),
        "end_time": now(),
    }


def _run_now(state: State, request: Request) -> Json:
    body = request.json()
    job = job_named(state, request.principal, request.integer("job_id"), "CAN_MANAGE_RUN")
    for known in state.runs.values():
        if body.get("idempotency_token") and known.get("idempotency_token") == body["idempotency_token"]:
            return {"run_id": known["run_id"], "number_in_job": known["run_id"]}
    settings, overrides = job["settings"], body.get("job_parameters", {})
    parameters = [
        {"name": each["name"], "default": each["default"], "value": overrides.get(each["name"], each["default"])}
        for each in settings.get("parameters", [])
    ]
    known_names = {each["name"] for each in parameters}
    parameters += [{"name": key, "value": value} for key, value in overrides.items() if key not in known_names]
    wanted = set(body.get("only", [])) or {task["task_key"] for task in settings.get("tasks", [])}
    active = [run for run in _of_job(state, job["job_id"]) if not _ended(run)]
    run = _new_run(state, request, settings, parameters, wanted, job_id=job["job_id"])
    if len(active) >= settings.get("max_concurrent_runs", 1) and not settings.get("queue", {}).get("enabled"):
        run |= {**_states("SKIPPED", "The maximum of concurrent runs is reached."), "end_time": now()}
    run["idempotency_token"] = body.get("idempotency_token", "")
    return {"run_id": run["run_id"], "number_in_job": run["run_id"]}


def _submit(state: State, request: Request) -> Json:
    settings = request.json()
    wanted = {task["task_key"] for task in settings.get("tasks", [])}
    return {"run_id": _new_run(state, request, settings, [], wanted, job_id=0)["run_id"]}


def _get(state: State, request: Request) -> Json:
    return _shown(_run_named(state, request, "CAN_VIEW"))


def _list(state: State, request: Request) -> Json:
    job_id = int(request.query.get("job_id") or 0)
    active, completed = (request.query.get(name) == "true" for name in ("active_only", "completed_only"))
    runs = [
        run
        for run in reversed(state.runs.values())
        if job_id in {0, run["job_id"]}
        and not (active and _ended(run))
        and not (completed and not _ended(run))
        and holds(state, request.principal, f"jobs/{run['job_id']}", "CAN_VIEW")
    ]
    page, more = page_of(runs, request, default=20, largest=25)
    hidden = () if request.query.get("expand_tasks") == "true" else ("tasks",)
    shown = [{key: value for key, value in _shown(run).items() if key not in hidden} for run in page]
    return {"runs": shown, "has_more": bool(more), **more}


def _output(state: State, request: Request) -> Json:
    run_id = request.integer("run_id")
    for run in state.runs.values():
        for task in run["tasks"]:
            if run_id in {task["run_id"], run["run_id"]}:
                require(state, request.principal, f"jobs/{run['job_id']}", "CAN_VIEW")
                return {"metadata": {**_shown(run), "tasks": [task]}, **task.get("output", {})}
    raise _no_run(run_id)


def _cancel(state: State, request: Request) -> Json:
    _cancelled([_run_named(state, request, "CAN_MANAGE_RUN")])
    return {}


def _cancel_all(state: State, request: Request) -> Json:
    job = job_named(state, request.principal, request.integer("job_id"), "CAN_MANAGE_RUN")
    _cancelled(_of_job(state, job["job_id"]))
    return {}


def _delete(state: State, request: Request) -> Json:
    run = _run_named(state, request, "CAN_MANAGE")
    if not _ended(run):
        raise Refused(400, "INVALID_STATE", f"Run {run['run_id']} is still active.")
    del state.runs[str(run["run_id"])]
    return {}


def _repair(state: State, request: Request) -> Json:
    run, body = _run_named(state, request, "CAN_MANAGE_RUN"), request.json()
    if not _ended(run):
        raise Refused(400, "INVALID_STATE", f"Run {run['run_id']} is still active and cannot be repaired.")
    failed = {task["task_key"] for task in run["tasks"] if task["state"].get("result_state") not in _GOOD}
    again = set(body.get("rerun_tasks", [])) or (failed if body.get("rerun_all_failed_tasks") else set())
    unknown = again - {task["task_key"] for task in run["tasks"]}
    if unknown or not again:
        raise Refused(
            400, "INVALID_PARAMETER_VALUE", f"No such tasks to run again: {', '.join(sorted(unknown)) or '(none)'}"
        )
    repair: Json = {"id": state.new_id(), "type": "REPAIR", "start_time": now(), "task_run_ids": []}
    for task in run["tasks"]:
        if task["task_key"] in again:
            attempt = task["attempt_number"] + 1
            fresh = {"task_key": task["task_key"], "run_id": state.new_id(), "attempt_number": attempt}
            task.clear()
            task |= {**fresh, **_states("PENDING")}
            repair["task_run_ids"].append(fresh["run_id"])
    for each in run["job_parameters"]:
        each["value"] = body.get("job_parameters", {}).get(each["name"], each.get("value"))
    run["repair_history"].append(repair)
    run.pop("end_time", None)
    run |= _states("PENDING")
    return {"repair_id": repair["id"]}


def _new_run(
    state: State, request: Request, settings: Json, parameters: list[Json], wanted: set[str], *, job_id: int
) -> Json:
    run_id = state.new_id()
    tasks = [
        {"task_key": each["task_key"], "run_id": state.new_id(), "attempt_number": 0, **_states("PENDING")}
        for each in settings.get("tasks", [])
        if each["task_key"] in wanted
    ]
    run: dict[str, Any] = {
        "run_id": run_id,
        "job_id": job_id,
        "original_attempt_run_id": run_id,
        "number_in_job": run_id,
        "run_name": settings.get("name") or settings.get("run_name", ""),
        "run_type": "JOB_RUN" if job_id else "SUBMIT_RUN",
        "trigger": "ONE_TIME",
        "format": "MULTI_TASK",
        "creator_user_name": request.principal.name,
        "run_page_url": f"{request.base_url}/jobs/{job_id}/runs/{run_id}?o={WORKSPACE_ID}",
        "start_time": now(),
        "job_parameters": parameters,
        "repair_history": [],
        "tasks": tasks,
        "settings": settings,
        **_states("PENDING"),
    }
    state.runs[str(run_id)] = run
    return run


def _states(state: str, message: str = "") -> Json:
    """Both shapes that the API has for the state of a run or a task."""
    if state in {"PENDING", "RUNNING"}:
        return {"state": {"life_cycle_state": state, "state_message": message}, "status": {"state": state}}
    if state == "SKIPPED":
        life = {"life_cycle_state": "SKIPPED", "state_message": message}
    else:
        life = {"life_cycle_state": "TERMINATED", "result_state": state, "state_message": message}
    code, kind = {"SUCCESS": ("SUCCESS", "SUCCESS"), "CANCELED": ("USER_CANCELED", "CLIENT_ERROR")}.get(
        state, ("SKIPPED", "SUCCESS") if state == "SKIPPED" else ("RUN_EXECUTION_ERROR", "CLIENT_ERROR")
    )
    details = {"code": code, "type": kind, "message": message}
    return {"state": life, "status": {"state": "TERMINATED", "termination_details": details}}


def _ended(run_or_task: Json) -> bool:
    return run_or_task["state"]["life_cycle_state"] in _ENDED


def _cancelled(runs: Iterable[Json]) -> None:
    for run in runs:
        for each in (*run["tasks"], run):
            if not _ended(each):
                each |= {**_states("CANCELED", "The run was cancelled."), "end_time": now()}


def _of_job(state: State, job_id: int) -> list[Json]:
    return [run for run in state.runs.values() if run["job_id"] == job_id]


def _run_named(state: State, request: Request, level: str) -> Json:
    run_id = request.integer("run_id")
    run = state.runs.get(str(run_id))
    if not run:
        raise _no_run(run_id)
    if run["creator_user_name"] != request.principal.name:
        require(state, request.principal, f"jobs/{run['job_id']}", level)
    return run


def _no_run(run_id: int) -> Refused:
    return Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Run {run_id} does not exist.")


def _shown(run: Json) -> Json:
    tasks = [{key: value for key, value in task.items() if key != "output"} for task in run["tasks"]]
    return {
        **{key: value for key, value in run.items() if key not in {"settings", "idempotency_token"}},
        "tasks": tasks,
    }


ROUTES: Routes = {
    "POST /api/{version}/jobs/run-now": _run_now,
    "POST /api/{version}/jobs/runs/submit": _submit,
    "GET /api/{version}/jobs/runs/get": _get,
    "GET /api/{version}/jobs/runs/list": _list,
    "GET /api/{version}/jobs/runs/get-output": _output,
    "POST /api/{version}/jobs/runs/cancel": _cancel,
    "POST /api/{version}/jobs/runs/cancel-all": _cancel_all,
    "POST /api/{version}/jobs/runs/delete": _delete,
    "POST /api/{version}/jobs/runs/repair": _repair,
}
