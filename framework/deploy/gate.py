"""What has to hold before something that is deployed is rolled back or taken away, whatever the checkout holds.

The same as before a deployment: who may, for whom, and what is running.
"""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from framework.core.errors import DatabricksError
from framework.deploy import history
from framework.deploy.checkout import Aim
from framework.deploy.deployed_jobs import deployed_jobs
from framework.deploy.ground import Ground
from framework.deploy.preflight import Check, CheckState
from framework.deploy.preflight.active_runs import active_runs_check
from framework.deploy.preflight.principals import caller, may_deploy, may_run_as
from framework.deploy.workspace import asking
from framework.spec.policy_spec import read_policy

if TYPE_CHECKING:
    from framework.records.releases import Deployment


def gate(at: Aim, ground: Ground, kept: Collection[str] | None) -> tuple[Check, ...]:
    """Whether the login may do it; of the live jobs those stay that are ``kept`` (by key), None for all.

    Nothing is changed. Raises DatabricksError when the workspace does not let us in.
    """
    with asking("see who is logged in"):
        me = caller(ground.client.current_user.me())
    policy = read_policy(at.root, at.root / "projects" / at.project)
    live = history.live(ground.past())
    return (
        may_deploy(me, policy.deployers(at.target.name)),
        _answered("run_as", lambda: may_run_as(ground.client, me, at.target.run_as)),
        _answered("runs", lambda: _runs(ground, live, kept)),
    )


def _runs(ground: Ground, live: "Deployment | None", kept: Collection[str] | None) -> Check:
    names = live.jobs if live else {}
    jobs = deployed_jobs(ground.client, ground.root_path, names)
    return active_runs_check(ground.client, jobs, names if kept is None else kept)


def _answered(name: str, look: Callable[[], Check]) -> Check:
    try:
        with asking(f"look at {name}"):
            return look()
    except DatabricksError as error:
        return Check(name, CheckState.UNKNOWN, error.message, error.hint)
