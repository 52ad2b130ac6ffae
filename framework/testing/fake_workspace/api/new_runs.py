"""Runs and attempts of tasks as they begin: pending."""

from collections.abc import Collection, Iterable, Mapping

from framework.testing.fake_workspace.api.identity import WORKSPACE_ID
from framework.testing.fake_workspace.api.run_progress import states
from framework.testing.fake_workspace.exchange import Json, Refused
from framework.testing.fake_workspace.state import State, now

_OF_TASK = ("description", "depends_on", "run_if", "environment_key", "job_cluster_key")


def new_run(
    state: State, settings: Json, parameters: Mapping[str, str], only: Collection[str], *, job: Json, base_url: str
) -> Json:
    """A run of the tasks that ``only`` names (``t``, ``+t``, ``t+``; all, when it is empty). ``job`` has its ``job_id``
    and ``creator_user_name``, of the run. Raises Refused (400) for a task that the job does not have.
    """
    wanted, run_id, job_id = chosen(settings, only), state.new_id(), job["job_id"]
    run: Json = {
        "run_id": run_id,
        "job_id": job_id,
        "original_attempt_run_id": run_id,
        "number_in_job": run_id,
        "run_name": settings.get("name") or settings.get("run_name", ""),
        "run_type": "JOB_RUN" if job_id else "SUBMIT_RUN",
        "trigger": "ONE_TIME",
        "format": "MULTI_TASK",
        "creator_user_name": job["creator_user_name"],
        "run_page_url": f"{base_url}/jobs/{job_id}/runs/{run_id}?o={WORKSPACE_ID}",
        "start_time": now(),
        "job_parameters": _parameters(settings, parameters),
        "repair_history": [],
        "settings": settings,
        **states("PENDING"),
    }
    keys = [task["task_key"] for task in settings.get("tasks", []) if task["task_key"] in wanted]
    run["tasks"] = [new_task(state, run, key) for key in keys]
    state.runs[str(run_id)] = run
    return run


def new_task(state: State, run: Json, task_key: str, attempt: int = 0) -> Json:
    """An attempt of a task in a run: its entry, which is not among the run's tasks yet."""
    settings: Json = next(each for each in run["settings"]["tasks"] if each["task_key"] == task_key)
    number = state.new_id()
    kept = {name: value for name, value in settings.items() if name in _OF_TASK or name.endswith("_task")}
    return {
        **kept,
        "task_key": task_key,
        "run_id": number,
        "attempt_number": attempt,
        "run_page_url": run["run_page_url"].replace(f"/runs/{run['run_id']}", f"/runs/{number}"),
        **states("PENDING"),
    }


def chosen(settings: Json, only: Collection[str]) -> set[str]:
    """The keys of the tasks that ``only`` names; of all, when it is empty. Raises Refused (400) for an unknown one."""
    before = {task["task_key"]: [each["task_key"] for each in task.get("depends_on", [])] for task in _tasks(settings)}
    found = set() if only else set(before)
    for pattern in only:
        key = pattern.strip("+")
        if key not in before:
            message = f"The job has no task '{key}'. Its tasks are: {', '.join(before)}."
            raise Refused(400, "INVALID_PARAMETER_VALUE", message)
        found |= {key}
        found |= _reach({key}, before) if pattern.startswith("+") else set()
        found |= with_dependents(settings, {key}) if pattern.endswith("+") else set()
    return found


def with_dependents(settings: Json, keys: Iterable[str]) -> set[str]:
    """These tasks and all that come after them."""
    after: dict[str, list[str]] = {}
    for task in _tasks(settings):
        for each in task.get("depends_on", []):
            after.setdefault(each["task_key"], []).append(task["task_key"])
    return _reach(keys, after)


def _parameters(settings: Json, given: Mapping[str, str]) -> list[Json]:
    declared = {each["name"]: each["default"] for each in settings.get("parameters", [])}
    told = [{"name": name, "default": text, "value": given.get(name, text)} for name, text in declared.items()]
    return [*told, *({"name": name, "value": value} for name, value in given.items() if name not in declared)]


def _tasks(settings: Json) -> list[Json]:
    tasks: list[Json] = settings.get("tasks", [])
    return tasks


def _reach(start: Iterable[str], edges: Mapping[str, Collection[str]]) -> set[str]:
    found, left = set[str](), list(start)
    while left:
        if (key := left.pop()) not in found:
            found.add(key)
            left.extend(edges.get(key, ()))
    return found
