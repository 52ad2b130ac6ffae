"""What a plan may not do: whoever wrote it, or by what the policy says about plans."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from framework.check.policy.findings import plan_rule, severity_of
from framework.core.diagnostics import Diagnostic, Diagnostics, Severity
from framework.deploy.deployed_jobs import runs_under_way
from framework.deploy.plan_changes import Action, Change, FieldChange, PlanChanges
from framework.deploy.workspace import asking
from framework.spec.policy_spec import TargetPolicy

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


class Allowed(StrEnum):
    """What a person allows for one deployment, with ``--allow``."""

    RUN_AS = "run-as"


def judged(
    plan: PlanChanges,
    allowed: Collection[Allowed] = (),
    words: str = "PROJECT -e TARGET",
    policy: Sequence[TargetPolicy] = (),
) -> Diagnostics:
    """Why the plan may not be carried out; what the ``policy`` only warns of is no reason.

    ``words`` are how a command names its place.
    """
    # Where the policy forbids it, that is told; where it only warns of it, a person is asked as if it said nothing.
    person_allows = (
        Allowed.RUN_AS in allowed
        or any(file.rules.plan.change_run_as for file in policy if not file.tightens)
        or any(severity is Severity.ERROR for severity, _ in forbidden(policy, "change_run_as"))
    )
    fixed = (finding for change in plan.changes for finding in _findings(change, person_allows, words))
    return Diagnostics.of((*fixed, *_against(plan, policy)))


def forbidden(policy: Sequence[TargetPolicy], field: str) -> Iterator[tuple[Severity, str]]:
    """Each file that forbids what ``field`` of its section ``plan`` is about: how much that weighs, and where it is."""
    for index, file in enumerate(policy):
        severity = severity_of(plan_rule(field), Severity.ERROR, policy[index:])
        if severity and getattr(file.rules.plan, field) is False:
            yield severity, f"{file.says(('plan', field))} forbids it."


def broken_runs(plan: PlanChanges, client: "WorkspaceClient") -> Diagnostics:
    """The jobs that the plan deletes, or deletes and makes again, while they run. Raises DatabricksError."""
    gone = (*plan.with_action(Action.DELETE), *plan.with_action(Action.RECREATE))
    return Diagnostics.of(finding for change in gone for finding in _running(change, client))


def _running(change: Change, client: "WorkspaceClient") -> Iterator[Diagnostic]:
    if not change.is_job or not change.identifier:
        return
    with asking(f"list the active runs of {change.name}"):
        runs = [str(run) for run in runs_under_way(client, int(change.identifier))]
    if runs:
        yield Diagnostic(
            f"{change.key} ({change.name}) would be deleted while it runs: {', '.join(runs)}",
            path=change.key,
            hint=f"Wait until that is done, or end it: databricks jobs cancel-run {runs[0]}",
            rule="job_is_running",
        )


def _findings(change: Change, person_allows: bool, words: str) -> Iterator[Diagnostic]:
    called = _called(change)
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
    if not person_allows and (said := _other_principal(change)):
        yield Diagnostic(
            f"{called} {said}",
            path=change.key,
            hint="If that is what you want: --allow run-as",
            rule="run_as_changed",
        )


def _against(plan: PlanChanges, policy: Sequence[TargetPolicy]) -> Iterator[Diagnostic]:
    # What is new has no rights that could be opened; those of what is taken over are told once that is done.
    new = {each.key for each in plan.changes if each.action in (Action.CREATE, Action.ADOPT)}
    there = [each for each in plan.changes if not each.is_child or each.key.rpartition(".")[0] not in new]
    for field, said_of in _DEMANDS.items():
        for severity, hint in forbidden(policy, field):
            for change in there:
                if said := said_of(change):
                    yield Diagnostic(
                        f"{_called(change)} {said}",
                        path=change.key,
                        hint=hint,
                        severity=severity,
                        rule=plan_rule(field),
                    )


def _called(change: Change) -> str:
    return f"{change.key} ({change.name})" if change.name else change.key


def _deleted(change: Change) -> str:
    return "would be deleted" if change.is_job and change.action is Action.DELETE else ""


def _recreated(change: Change) -> str:
    return "would be deleted and made again" if change.is_job and change.action is Action.RECREATE else ""


def _other_principal(change: Change) -> str:
    """``would run as somebody else: …``, of a job that is there and does."""
    found = [each for each in change.fields if change.is_job and each.path.split(".")[0] == "run_as"]
    return f"would run as somebody else: {'; '.join(map(_principals, found))}" if found else ""


def _opened(change: Change) -> str:
    return f"would give rights: {', '.join(change.opens)}" if change.opens else ""


def _principals(field: FieldChange) -> str:
    return ", then ".join(map(_principal, field.shown))


def _principal(value: object) -> str:
    return ", ".join(map(str, value.values())) if isinstance(value, dict) else str(value or "nobody")


_DEMANDS: Mapping[str, Callable[[Change], str]] = {
    "delete_jobs": _deleted,
    "recreate_jobs": _recreated,
    "change_run_as": _other_principal,
    "open_permissions": _opened,
}
"""Fields of the policy's section ``plan``, and what a change does that breaks them."""
