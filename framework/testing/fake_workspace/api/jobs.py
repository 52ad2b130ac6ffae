"""Jobs: their settings."""

from typing import Any

from framework.testing.fake_workspace.access import holds, require, require_level
from framework.testing.fake_workspace.api.identity import may_use
from framework.testing.fake_workspace.api.paging import page_of
from framework.testing.fake_workspace.exchange import Json, Principal, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State, now

_TASKS_PER_PAGE = 100
_PAGED = ("tasks", "job_clusters", "environments", "parameters")


def job_named(state: State, principal: Principal, job_id: int, level: str) -> Json:
    """A job that the principal holds ``level`` on. Raises Refused: 403 before 404, as the Jobs service does."""
    require(state, principal, f"jobs/{job_id}", level)
    if str(job_id) not in state.jobs:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Job {job_id} does not exist.")
    return state.jobs[str(job_id)]


def _create(state: State, request: Request) -> Json:
    settings = request.json()
    access = settings.pop("access_control_list", [])
    for entry in access:
        require_level(entry)
    settings = _accepted(state, request.principal, settings)
    job_id = state.new_id()
    creator = request.principal
    owner = "user_name" if creator.kind == "user" else "service_principal_name"
    state.jobs[str(job_id)] = {
        "job_id": job_id,
        "creator_user_name": creator.name,
        "run_as_user_name": _runs_as(settings, creator.name),
        "created_time": now(),
        "settings": settings,
    }
    state.permissions[f"jobs/{job_id}"] = [{owner: creator.name, "permission_level": "IS_OWNER"}, *access]
    return {"job_id": job_id}


def _get(state: State, request: Request) -> Json:
    job = job_named(state, request.principal, request.integer("job_id"), "CAN_VIEW")
    start = int(request.query.get("page_token") or 0)
    settings = job["settings"]
    if len(settings.get("tasks", [])) <= _TASKS_PER_PAGE:
        return job
    page = {**settings, "tasks": settings["tasks"][start : start + _TASKS_PER_PAGE]}
    if start:  # what the first page held in full is empty on the next
        page |= {name: [] for name in _PAGED[1:] if name in page}
    more = start + _TASKS_PER_PAGE
    last = more >= len(settings["tasks"])
    return {**job, "settings": page, **({} if last else {"has_more": True, "next_page_token": str(more)})}


def _list(state: State, request: Request) -> Json:
    name = request.query.get("name")
    jobs = [
        job
        for key, job in reversed(state.jobs.items())
        if holds(state, request.principal, f"jobs/{key}", "CAN_VIEW")
        and (name is None or job["settings"].get("name", "").lower() == name.lower())
    ]
    page, more = page_of(jobs, request, default=20, largest=100)
    if request.query.get("expand_tasks") != "true":
        page = [{**job, "settings": _without(job["settings"], _PAGED)} for job in page]
    return {"jobs": page, "has_more": bool(more), **more}


def _reset(state: State, request: Request) -> Json:
    job = job_named(state, request.principal, request.integer("job_id"), "CAN_MANAGE")
    _replace_settings(state, request, job, request.required("new_settings"))
    return {}


def _update(state: State, request: Request) -> Json:
    job = job_named(state, request.principal, request.integer("job_id"), "CAN_MANAGE")
    body = request.json()
    changed = {**job["settings"], **body.get("new_settings", {})}
    _replace_settings(state, request, job, _without(changed, tuple(body.get("fields_to_remove", ()))))
    return {}


def _delete(state: State, request: Request) -> Json:
    job = job_named(state, request.principal, request.integer("job_id"), "CAN_MANAGE")
    del state.jobs[str(job["job_id"])]
    state.permissions.pop(f"jobs/{job['job_id']}", None)
    return {}


def _replace_settings(state: State, request: Request, job: Json, settings: Json) -> None:
    # The service keeps the identity when new settings do not name one.
    kept = {"run_as": job["settings"]["run_as"]} if "run_as" in job["settings"] else {}
    job["settings"] = _accepted(state, request.principal, {**kept, **settings})
    job["run_as_user_name"] = _runs_as(job["settings"], job["run_as_user_name"])


def _accepted(state: State, principal: Principal, settings: Json) -> Json:
    keys = [task.get("task_key", "") for task in settings.get("tasks", [])]
    for each in settings.get("tasks", []):
        if keys.count(each.get("task_key", "")) > 1 or not each.get("task_key"):
            raise _invalid(f"Task keys must be given and unique: {each.get('task_key')!r}")
        for one in each.get("depends_on", []):
            if one["task_key"] not in keys or one["task_key"] == each["task_key"]:
                raise _invalid(f"Task {each['task_key']} depends on {one['task_key']}, which is not another task.")
    identity = settings.get("run_as", {}).get("service_principal_name")
    if identity and identity not in state.principals:
        raise _invalid(f"Service principal {identity} does not exist.")
    if identity and not may_use(state, principal, identity):
        message = f"User {principal.name} does not have permission to use the service principal {identity}"
        raise Refused(403, "PERMISSION_DENIED", message)
    return _with_defaults(settings)


def _with_defaults(settings: Json) -> Json:
    tasks = [_task_with_defaults(task, settings) for task in settings.get("tasks", [])]
    return {
        "name": "Untitled",
        "email_notifications": {},
        "webhook_notifications": {},
        "timeout_seconds": 0,
        "max_concurrent_runs": 1,
        "format": "MULTI_TASK",
        **settings,
        **({"tasks": tasks} if tasks else {}),
    }


def _task_with_defaults(task: Json, settings: Json) -> Json:
    full: dict[str, Any] = {"run_if": "ALL_SUCCESS", "timeout_seconds": 0, "email_notifications": {}, **task}
    if "depends_on" in full:
        full["depends_on"] = sorted(full["depends_on"], key=lambda each: str(each["task_key"]))
    if "notebook_task" in full:
        source = "GIT" if "git_source" in settings else "WORKSPACE"
        full["notebook_task"] = {"source": source, **full["notebook_task"]}
    return full


def _runs_as(settings: Json, otherwise: str) -> str:
    given = settings.get("run_as", {})
    return str(given.get("service_principal_name") or given.get("user_name") or otherwise)


def _without(settings: Json, names: tuple[str, ...]) -> Json:
    return {key: value for key, value in settings.items() if key not in names}


def _invalid(message: str) -> Refused:
    return Refused(400, "INVALID_PARAMETER_VALUE", message)


ROUTES: Routes = {
    "POST /api/{version}/jobs/create": _create,
    "GET /api/{version}/jobs/get": _get,
    "GET /api/{version}/jobs/list": _list,
    "POST /api/{version}/jobs/reset": _reset,
    "POST /api/{version}/jobs/update": _update,
    "POST /api/{version}/jobs/delete": _delete,
}
