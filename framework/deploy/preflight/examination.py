"""Every check there is before a deployment, in the order in which a person would look."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.compile.personal import PERSON, is_personal
from framework.compile.targets import home
from framework.core.errors import FrameworkError
from framework.deploy.databricks_cli import find_cli
from framework.deploy.deployed_jobs import deployed_jobs, job_name, short_name
from framework.deploy.ops_install import Ops
from framework.deploy.preflight.active_runs import active_runs_check, hidden_jobs
from framework.deploy.preflight.check import Check, CheckState, answered
from framework.deploy.preflight.deploy_root import deploy_root_check, hides
from framework.deploy.preflight.git_state import git_checks, git_state
from framework.deploy.preflight.grants import Granted, look_at, look_at_all, privilege_checks
from framework.deploy.preflight.principals import Principal, caller, may_deploy, may_run_as, runs_as
from framework.deploy.preflight.privileges import Securable, required_privileges, required_warehouses
from framework.deploy.preflight.records_tables import records_check
from framework.deploy.preflight.resources import declared, to_deploy
from framework.deploy.preflight.warehouses import warehouse_checks
from framework.deploy.workspace import asking
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.policy_spec import PolicySpec
from framework.spec.target_spec import TargetSpec

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_Look = Callable[[Securable], Granted]


@dataclass(frozen=True)
class _Login:
    """Who deploys; ``short_name`` is what their own schemas and jobs begin with, where each person has some."""

    principal: Principal
    short_name: str


def preflight(
    pipelines: Sequence[ResolvedPipeline],
    target: TargetSpec,
    policy: PolicySpec,
    root: Path,
    client: "WorkspaceClient",
    *,
    environment: Mapping[str, str] = os.environ,
    without: Iterable[Path] = (),
    live: Callable[[], Mapping[str, str]] = dict,
) -> tuple[Check, ...]:
    """Whether ``pipelines``, of one project, may and can be deployed to ``target`` from the checkout at ``root``.

    Nothing is changed. What the workspace does not answer is UNKNOWN. ``without`` are files of the checkout that do not
    count; ``live`` tells the names of the jobs that are deployed, by key. Raises DatabricksError when the workspace
    does not say who is logged in: then it would say nothing else.
    """
    production = target.mode == "production"
    git = git_state(root, environment, project=pipelines[0].project, without=without)
    checks = [*git_checks(git, policy.branches(target.name), production=production)]
    checks.append(_cli(environment))
    login = _logged_in(client)
    checks.append(may_deploy(login.principal, policy.deployers(target.name)))
    folder = home(pipelines[0]).replace(PERSON, login.short_name)
    checks += answered("deploy root", lambda: [deploy_root_check(client, target.deploy_root, folder, login.principal)])
    look: _Look = cache(partial(look_at, client))
    for run_as, those in _by_principal(pipelines):
        checks += _of_principal(client, those, run_as, login, look)
    checks += answered("resources", lambda: _resources(client, pipelines, login, look))
    checks += answered("runs", lambda: [_runs(client, pipelines, login, live())])
    ops = Ops(client, target, f"{login.short_name}_" if is_personal(pipelines[0]) else "")
    checks += answered("run records", lambda: [records_check(ops, pipelines[0].project)])
    return tuple(checks)


def _logged_in(client: "WorkspaceClient") -> _Login:
    with asking("see who is logged in"):
        me = client.current_user.me()
    return _Login(caller(me), short_name(me))


def _cli(environment: Mapping[str, str]) -> Check:
    try:
        found = find_cli(environment)
    except FrameworkError as error:
        return Check("databricks", CheckState.MISSING, error.message, error.hint)
    return Check("databricks", CheckState.OK, f"{found.version} at {found.path}")


def _by_principal(pipelines: Iterable[ResolvedPipeline]) -> Iterator[tuple[Mapping[str, str], list[ResolvedPipeline]]]:
    """The pipelines that run as the same principal, together."""
    grouped: dict[tuple[tuple[str, Any], ...], list[ResolvedPipeline]] = {}
    for pipeline in pipelines:
        grouped.setdefault(tuple(sorted(dict(pipeline.job.get("run_as") or {}).items())), []).append(pipeline)
    yield from ((dict(run_as), those) for run_as, those in grouped.items())


def _of_principal(
    client: "WorkspaceClient",
    pipelines: Sequence[ResolvedPipeline],
    run_as: Mapping[str, str],
    login: _Login,
    look: _Look,
) -> Iterator[Check]:
    who = runs_as(client, run_as, login.principal)
    yield from answered("run_as", lambda: [may_run_as(client, login.principal, run_as)])
    yield from answered("privileges", lambda: _privileges(pipelines, who, login, look))
    yield from answered("warehouse", lambda: warehouse_checks(client, required_warehouses(pipelines), who))


def _privileges(pipelines: Sequence[ResolvedPipeline], who: Principal, login: _Login, look: _Look) -> Iterator[Check]:
    needed = required_privileges(pipelines, f"{login.short_name}_")
    seen = look_at_all(look, [each.securable for each in needed])
    yield from privilege_checks(needed, seen, who, login.principal)


def _resources(
    client: "WorkspaceClient", pipelines: Sequence[ResolvedPipeline], login: _Login, look: _Look
) -> Iterator[Check]:
    granted_on = declared(pipelines, login.short_name)
    if client.metastores.summary().owner in login.principal.names:  # who may grant on everything
        granted_on = dict.fromkeys(granted_on, False)
    seen, me = look_at_all(look, granted_on), login.principal
    yield from privilege_checks(to_deploy(granted_on, seen), seen, me, me, "resources")


def _runs(
    client: "WorkspaceClient", pipelines: Sequence[ResolvedPipeline], login: _Login, live: Mapping[str, str]
) -> Check:
    """Of the pipelines' jobs, and of those that are deployed: by the names that they have there."""
    kept = [each.pipeline for each in pipelines]
    made = {each.pipeline: job_name(each).replace(PERSON, login.short_name) for each in pipelines}
    folder = home(pipelines[0]).replace(PERSON, login.short_name)
    jobs = deployed_jobs(client, f"{folder}/bundle", made | dict(live))
    # With the records hidden, for all that is known each of the jobs is there.
    there = live or (made if hides(client, folder) else {})
    return active_runs_check(client, jobs, kept, hidden_jobs(there, jobs, login.principal))
