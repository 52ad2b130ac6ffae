"""What a plan may not do, whoever wrote it."""

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.deploy.plan_changes import Action, Change, PlanChanges
from framework.deploy.workspace import asking

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


class Allowed(StrEnum):
    """What a person allows for one deployment, with ``--allow``."""

    RUN_AS = "run-as"


def refused(plan: PlanChanges, allowed: Collection[Allowed] = (), words: str = "PROJECT -e TARGET") -> Diagnostics:
    """Why the plan may not be carried out; empty when it may. ``words`` are how a command names its place."""
    return Diagnostics.of(finding for change in plan.changes for finding in _findings(change, allowed, words))


def broken_runs(plan: PlanChanges, client: "WorkspaceClient") -> Diagnostics:
    """The jobs that the plan deletes while they run. Raises DatabricksError."""
    return Diagnostics.of(finding for change in plan.with_action(Action.DELETE) for finding in _running(change, client))


def _running(change: Change, client: "WorkspaceClient") -> Iterator[Diagnostic]:
    if change.kind != "jobs" or change.is_child or not change.identifier:
        return
    with asking(f"list the active runs of {change.name}"):
        runs = [str(run.run_id) for run in client.jobs.list_runs(job_id=int(change.identifier), active_only=True)]
    if runs:
        yield Diagnostic(
            f"{change.key} ({change.name}) would be deleted while it runs: {', '.join(runs)}",
            path=change.key,
            hint=f"Wait until that is done, or end it: databricks jobs cancel-run {runs[0]}",
            rule="job_is_running",
        )


def _findings(change: Change, allowed: Collection[Allowed], words: str) -> Iterator[Diagnostic]:
    called = f"{change.key} ({change.name})" if change.name else change.key
    if change.action is Action.RECREATE and change.holds_data:
        fields = ", ".join(each.path for each in change.fields) or "a field that cannot change"
        yield Diagnostic(
            f"{called} would be deleted and made again, with everything in it, because of {fields}",
            path=change.key,
            hint="Give the new one another key and name, move the data, then take the old one out.",
            rule="data_recreated",
        )
    if change.action is Action.DELETE and change.holds_data:
        yield Diagnostic(
            f"{called} would be deleted, with everything in it",
            path=change.key,
            hint=f"A deployment deletes no data; this does: framework destroy {words} --data",
            rule="data_deleted",
        )
    if change.action is Action.UPDATE and change.kind == "jobs" and Allowed.RUN_AS not in allowed:
        for each in change.fields:
            if each.path.split(".")[0] == "run_as":
                yield Diagnostic(
                    f"{called} would run as somebody else: {_principal(each.old)}, then {_principal(each.new)}",
                    path=change.key,
                    hint="If that is what you want: --allow run-as",
                    rule="run_as_changed",
                )


def _principal(value: object) -> str:
    return ", ".join(map(str, value.values())) if isinstance(value, dict) else str(value or "nobody")
