"""``framework deploy``."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.deploy_options import Allow, DeployTarget, Project, Yes, agreed, allowed, is_person
from framework.cli.errors import reporting_errors
from framework.cli.options import Output, OutputOption, Var, pairs

if TYPE_CHECKING:
    from framework.core.events import Listener
    from framework.deploy.checkout import Aim
    from framework.deploy.deployment import Deployed
    from framework.deploy.ground import Ground, Wanted
    from framework.deploy.plan_rules import Allowed
    from framework.deploy.planned import Expected, Planned


@reporting_errors
def deploy(  # noqa: PLR0917 - typer makes an option of each
    project: Project = None,
    target: DeployTarget = None,
    var: Var = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Do exactly what is in this file of framework plan --out.")
    ] = None,
    allow: Allow = None,
    yes: Yes = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Put the checkout's release to work. At a terminal, production asks first; tables, models and data always stay."""
    from framework.cli.deploy_options import aimed
    from framework.console.deployment_view import show_deployed
    from framework.console.streams import stdout
    from framework.deploy.planned import read_plan

    at, listener = aimed(project, target, pairs("--var", var))
    at = replace(at, beside=(plan.absolute(),)) if plan else at
    expected = read_plan(plan, at.project, at.target.name) if plan else None
    done = put_to_work(at, listener, expected, allowed(allow), yes=yes)
    if output is Output.JSON:
        typer.echo(json.dumps(done.as_dict(), indent=2))
    else:
        show_deployed(stdout(), done)


def put_to_work(
    at: "Aim",
    listener: "Listener",
    expected: "Expected | None",
    allow: "frozenset[Allowed]",
    *,
    yes: bool,
    also: str = "",
) -> "Deployed":
    """Deploy the checkout's release: looked into first, and agreed to by a person where there is one.

    ``also`` is one more question, about what comes afterwards.
    """
    from framework.console.findings import show_findings
    from framework.console.preflight_view import show_preflight
    from framework.console.streams import stderr
    from framework.deploy import checkout
    from framework.deploy.preflight import CheckState, require_ready, telling

    staged = checkout.staged(at, listener)
    ground = checkout.ground_of(at, listener)
    checks = checkout.looked_into(at, staged, ground)
    show_findings(stderr(), staged.warnings)
    show_preflight(stderr(), [each for each in checks if each.state is not CheckState.OK])
    require_ready(checks, "nothing was deployed", f"See all of it: framework plan {ground.words}")
    with telling(checks):
        ask = at.is_production and not yes and is_person()
        return _deployed(staged.wanted, ground, expected, allow, ask=ask, also=also)


def _deployed(
    wanted: "Wanted",
    ground: "Ground",
    expected: "Expected | None",
    allow: "frozenset[Allowed]",
    *,
    ask: bool,
    also: str,
) -> "Deployed":
    from framework.console.plan_view import show_plan
    from framework.console.streams import stderr
    from framework.deploy import deployment
    from framework.deploy.planned import Expected

    if ask and expected is None:
        planned = deployment.plan(wanted, ground, allow)
        show_plan(stderr(), planned)
        _ask(planned, also)
        return deployment.deploy(wanted, ground, Expected.of(planned), allow)
    return deployment.deploy(wanted, ground, expected, allow, show=lambda planned: show_plan(stderr(), planned))


def _ask(planned: "Planned", also: str) -> None:
    """Let a person who has seen the plan decide."""
    from framework.core.errors import InvalidProject

    if planned.refused:
        raise InvalidProject(planned.refused)
    if planned.something_to_do:
        agreed(f"Deploy this to {planned.target}?")
    if also:
        agreed(also)
