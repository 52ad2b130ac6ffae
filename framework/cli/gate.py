"""The look at who may do it and what is running, before something that is deployed is changed without a deployment."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.deploy.checkout import Aim
    from framework.deploy.ground import Ground


def pass_gate(
    at: "Aim", ground: "Ground", kept: Collection[str] | None, refusal: str, needed: Collection[str] = ()
) -> None:
    """Print what is not as it should be. Raises FrameworkError with ``refusal`` when something is missing.

    ``kept`` are the keys of the jobs that stay, None for all; ``needed`` are fields of the policy's section ``plan``.
    """
    from framework.console.preflight_view import show_preflight
    from framework.console.streams import stderr
    from framework.deploy.gate import gate
    from framework.deploy.preflight import CheckState, require_ready

    checks = gate(at, ground, kept, needed)
    show_preflight(stderr(), [each for each in checks if each.state is not CheckState.OK])
    require_ready(checks, refusal, f"See what is there: framework status {ground.words}")
