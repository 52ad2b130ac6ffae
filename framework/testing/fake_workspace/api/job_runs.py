"""Runs of jobs, as states: what is pending is started by ``framework.testing.fake_workspace.job_runner``."""

from collections.abc import Iterable

from framework.testing.fake_workspace.access import holds, require
from framework.testing.fake_workspace.api.jobs import job_named
from framework.testing.fake_workspace.api.new_runs import new_run, new_task, with_dependents
from framework.testing.fake_workspace.api.paging import page_of
from framework.testing.fake_workspace.api.run_progress import GOOD, ended, latest, states
from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State, now


def _run_now(state: State, request: Request) -> Json:
    body = request.json()
    job = job_named(state, request.principal, request.integer("job_id"), "CAN_MANAGE_RUN")
    if known := _with_token(state, body):
        return {"run_id": known["run_id"], "number_in_job": known["run_id"]}
    settings, by = job["settings"], {"job_id": job["job_id"], "creator_user_name": request.principal.name}
    active = [run for run in _of_job(state, job["job_id"]) if not ended(run)]
    given, only = body.get("job_parameters") or {}, body.get("only") or []
    run = new_run(state, settings, given, only, job=by, base_url=request.base_url)
    if len(active) >= settings.get("max_concurrent_runs", 1) and not settings.get("queue", {}).get("enabled"):
        run |= {**states("SKIPPED", "The maximum of concurrent runs is reached."), "end_time": now()}
    run["idempotency_token"] = body.get("idempotency_token", "")
    return {"run_id": run["run_id"], "number_in_job": run["run_id"]}


def _submit(state: State, request: Request) -> Json:
    body, by = request.json(), {"job_id": 0, "creator_user_name": request.principal.name}
    run = _with_token(state, body) or new_run(state, body, {}, (), job=by, base_url=request.base_url)
    run["idempotency_token"] = body.get("idempotency_token", "")
    return {"run_id": run["run_id"]}


def _with_token(state: State, body: Json) -> Json | None:
    token = body.get("idempotency_token")
    return next((run for run in state.runs.values() if token and run.get("idempotency_token") == token), None)


def _get(state: State, request: Request) -> Json:
    return _shown(_run_named(state, request, "CAN_VIEW"))


def _list(state: State, request: Request) -> Json:
    job_id, first = (int(request.query.get(name) or 0) for name in ("job_id", "start_time_from"))
    active, completed = (request.query.get(name) == "true" for name in ("active_only", "completed_only"))
    runs = [
        run
        for run in reversed(state.runs.values())
        if job_id in {0, run["job_id"]}
        and run["start_time"] >= first
        and not (active and ended(run))
        and not (completed and not ended(run))
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
    if not ended(run):
        raise Refused(400, "INVALID_STATE", f"Run {run['run_id']} is still active.")
    del state.runs[str(run["run_id"])]
    return {}


def _repair(state: State, request: Request) -> Json:
    run, body = _run_named(state, request, "CAN_MANAGE_RUN"), request.json()
    if not ended(run):
        raise Refused(400, "INVALID_STATE", f"Run {run['run_id']} is still active and cannot be repaired.")
    failed = {key for key, task in latest(run).items() if task["state"].get("result_state") not in GOOD}
    again = set(body.get("rerun_tasks", [])) or (failed if body.get("rerun_all_failed_tasks") else set())
    if body.get("rerun_dependent_tasks"):
        again |= with_dependents(run["settings"], again) & latest(run).keys()
    unknown = again - {task["task_key"] for task in run["tasks"]}
    if unknown or not again:
        raise Refused(
            400, "INVALID_PARAMETER_VALUE", f"No such tasks to run again: {', '.join(sorted(unknown)) or '(none)'}"
        )
    job = state.jobs.get(str(run["job_id"]), run)
    if again <= {task["task_key"] for task in job["settings"].get("tasks", [])}:
        run["settings"] = job["settings"]  # those of now, not of then
    repair: Json = {"id": state.new_id(), "type": "REPAIR", "start_time": now(), "task_run_ids": []}
    for key, task in latest(run).items():
        if key in again:
            fresh = new_task(state, run, key, task["attempt_number"] + 1)
            run["tasks"] = [fresh if each is task else each for each in run["tasks"]]
            repair["task_run_ids"].append(fresh["run_id"])
    for each in run["job_parameters"]:
        each["value"] = body.get("job_parameters", {}).get(each["name"], each.get("value"))
    run["repair_history"].append(repair)
    run.pop("end_time", None)
    run |= states("PENDING")
    return {"repair_id": repair["id"]}


def _cancelled(runs: Iterable[Json]) -> None:
    for run in runs:
        for each in (*run["tasks"], run):
            if not ended(each):
                each |= {**states("CANCELED", "The run was cancelled."), "end_time": now()}


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
        **{key: value for key, value in run.items() if key not in {"settings", "idempotency_token", "parent_run_id"}},
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
