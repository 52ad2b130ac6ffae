"""What has to hold before something that is deployed is rolled back or taken away, whatever the checkout holds.

The same as before a deployment: who may, for whom, and what is running.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from framework.core.diagnostics import Severity
from framework.deploy import history
from framework.deploy.checkout import Aim
from framework.deploy.deployed_jobs import deployed_jobs
from framework.deploy.ground import Ground
from framework.deploy.plan_rules import forbidden
from framework.deploy.preflight import Check, CheckState
from framework.deploy.preflight.active_runs import active_runs_check, hidden_jobs
from framework.deploy.preflight.check import answered
from framework.deploy.preflight.principals import Principal, caller, may_deploy, may_run_as
from framework.deploy.workspace import asking
from framework.records.releases import Deployment
from framework.spec.policy_spec import TargetPolicy, read_policy


def gate(at: Aim, ground: Ground, kept: Collection[str] | None, needed: Collection[str] = ()) -> tuple[Check, ...]:
    """Whether the login may do it; of the jobs that are there those stay that are ``kept`` (by key), None for all.

    ``needed`` are the fields of the policy's section ``plan`` that have to allow it. Nothing is changed.
    Raises DatabricksError when the workspace does not let us in.
    """
    with asking("see who is logged in"):
        me = caller(ground.client.current_user.me())
    policy = read_policy(at.root, at.root / "projects" / at.project)
    past = ground.past()
    return (
        may_deploy(me, policy.deployers(at.target.name)),
        *answered("run_as", lambda: [may_run_as(ground.client, me, at.target.run_as)]),
        *answered("runs", lambda: [_runs(ground, past, kept, me)]),
        *_against(policy.of_target(at.target.name), needed),
    )


def _against(policy: Sequence[TargetPolicy], needed: Collection[str]) -> Iterator[Check]:
    for field in needed:
        for severity, hint in forbidden(policy, field):
            state = CheckState.MISSING if severity is Severity.ERROR else CheckState.WARNING
            yield Check("policy", state, f"it may not {field.replace('_', ' ')} here", hint)


def _runs(ground: Ground, past: Sequence[Deployment], kept: Collection[str] | None, me: Principal) -> Check:
    """Of the live jobs and of those that an interrupted deployment left, under whichever name."""
    keys = {name: key for key, names in history.names_of_jobs(past).items() for name in names}
    found = deployed_jobs(ground.client, ground.root_path, {name: name for name in keys})
    jobs = [replace(job, key=keys[job.name]) for job in found]
    live = history.live(past)
    hidden = hidden_jobs(live.jobs if live else {}, jobs, me)
    return active_runs_check(ground.client, jobs, keys.values() if kept is None else kept, hidden)
