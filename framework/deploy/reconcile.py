"""What is in the workspace and the bundle's state does not know: so that nothing is made a second time.

The Databricks CLI keeps the ids of what it made in a file, which it puts into the workspace when it is done. Killed
before that, it makes every job again, and fails on whatever has a unique name. So, before each deployment, what is to
be created is looked for: a job by its name and the bundle that its own deployment metadata names, anything else by its
name, which is unique.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from framework.core.errors import FrameworkError
from framework.deploy.deployed_jobs import deployed_jobs, runs_under_way
from framework.deploy.plan_changes import Action, Change, FieldChange, PlanChanges
from framework.deploy.workspace import asking

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


NOTHING: Mapping[str, Collection[str]] = MappingProxyType({})


def reconciled(
    plan: PlanChanges, client: "WorkspaceClient", root_path: str, former: Mapping[str, Collection[str]] = NOTHING
) -> PlanChanges:
    """``plan``, where what is there is adopted, and data that is not in the bundle any more is left where it is.

    ``former`` are the names that jobs had in earlier deployments, by key.
    Raises DatabricksError when the workspace does not answer.
    """
    changes = {change.key: _seen(change, client, root_path, former) for change in plan.changes}
    taken = {str(number) for number in plan.job_ids}
    for key, change in changes.items():
        if change.action is Action.ADOPT and change.kind == "jobs":
            if change.identifier in taken:
                changes[key] = replace(change, action=Action.CREATE, identifier="", fields=())
            taken.add(change.identifier)
    left = {key for key, change in changes.items() if change.action is Action.LEAVE}
    # The permissions and grants of what is forgotten are forgotten with it.
    kept = [change for key, change in changes.items() if not change.is_child or key.rpartition(".")[0] not in left]
    return replace(plan, changes=tuple(kept))


def orphans(
    client: "WorkspaceClient", root_path: str, names: Iterable[str], known: Collection[int]
) -> Iterator[tuple[int, str]]:
    """The jobs with those names that this bundle made and that are not among the ``known`` ids: id and name."""
    for name in sorted(set(names)):
        yield from ((number, name) for number in _jobs(client, name, root_path) if number not in known)


def make_ready(change: Change, client: "WorkspaceClient") -> None:
    """Take an experiment that is to be adopted out of the trash: there it keeps its name, and nobody else gets it."""
    if change.kind == "experiments" and change.identifier:
        with asking(f"restore experiment {change.name}"):
            found = client.experiments.get_experiment(change.identifier).experiment
            if found and found.lifecycle_stage == "deleted":
                client.experiments.restore_experiment(change.identifier)


def require_idle(client: "WorkspaceClient", number: int, name: str) -> None:
    """Raises FrameworkError when the job, which is about to go, is at work: its run would be cut off."""
    with asking(f"list the active runs of {name}"):
        runs = runs_under_way(client, number)
    if runs:
        raise FrameworkError(
            f"job {number} ({name}) is to be deleted, and runs: {', '.join(map(str, runs))}",
            f"Wait until that is done, or end it: databricks jobs cancel-run {runs[0]}. Then run the command again.",
        )


def delete_job(client: "WorkspaceClient", number: int, name: str) -> None:
    """Delete an orphan, which an interrupted deployment left. Raises FrameworkError while it runs."""
    require_idle(client, number, name)
    with asking(f"delete job {number} ({name}), which an interrupted deployment left"):
        client.jobs.delete(number)


def _seen(change: Change, client: "WorkspaceClient", root_path: str, former: Mapping[str, Collection[str]]) -> Change:
    if change.action is Action.DELETE and change.holds_data:
        return replace(change, action=Action.LEAVE)
    if change.action is not Action.CREATE or change.is_child or not change.name:
        return change
    if change.kind == "jobs":
        own = former.get(change.resource, ())
        others = {name for key, names in former.items() if key != change.resource for name in names}
        names = [name for name in dict.fromkeys((change.name, *own)) if name in own or name not in others]
        # Several are there only when somebody else made them; the oldest is the one with the runs.
        found = (number for name in names for number in sorted(_jobs(client, name, root_path)))
        identifier = str(next(found, ""))
    else:
        identifier = _found(change.kind, change.name, client)
    if not identifier:
        return change
    adopted = replace(change, action=Action.ADOPT, identifier=identifier)
    return replace(adopted, fields=tuple(_other_principal(adopted, client)))


def _other_principal(change: Change, client: "WorkspaceClient") -> Iterator[FieldChange]:
    """Whom a job that is taken over runs as, if that changes: the CLI's plan tells it only when that is done."""
    if change.kind == "jobs" and change.run_as:
        with asking(f"see whom {change.name} runs as"):
            job = client.jobs.get(int(change.identifier))
        said = job.settings.run_as if job.settings else None
        now = said.as_dict() if said else {"user_name": job.run_as_user_name}
        if {*now.values()} != {*change.run_as.values()}:
            yield FieldChange("run_as", now, dict(change.run_as))


def _jobs(client: "WorkspaceClient", name: str, root_path: str) -> list[int]:
    """The ids of the jobs of that name that the bundle deployed."""
    with asking(f"list the jobs named {name}"):
        return [job.job_id for job in deployed_jobs(client, root_path, {"": name})]


def _found(kind: str, name: str, client: "WorkspaceClient") -> str:
    """The id of a resource with a unique name, or nothing."""
    look = _LOOKS.get(kind)
    if look is None:
        return ""
    from databricks.sdk.errors import NotFound

    with asking(f"look for {name}"), suppress(NotFound):
        return look(client, name)
    return ""


def _experiment(client: "WorkspaceClient", name: str) -> str:
    """Its name in the workspace begins below /Workspace."""
    found = client.experiments.get_by_name(name.removeprefix("/Workspace")).experiment
    return (found.experiment_id or "") if found else ""


_LOOKS: Mapping[str, Callable[["WorkspaceClient", str], str]] = {
    "experiments": _experiment,
    "quality_monitors": lambda client, name: client.quality_monitors.get(name).table_name or name,
    "registered_models": lambda client, name: client.registered_models.get(name).full_name or name,
    "schemas": lambda client, name: client.schemas.get(name).full_name or name,
    "volumes": lambda client, name: client.volumes.read(name).full_name or name,
}
