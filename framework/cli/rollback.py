"""``framework rollback``."""

import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.deploy_options import Allow, DeployTarget, Project, Yes, agreed, allowed, is_person
from framework.cli.errors import reporting_errors
from framework.cli.gate import pass_gate
from framework.cli.model_rollback import Alias, Model, ModelName, agree_to, move_models, planned_moves
from framework.cli.options import Output, OutputOption

if TYPE_CHECKING:
    from framework.deploy.deployment import Deployed
    from framework.deploy.ground import Ground
    from framework.deploy.plan_rules import Allowed
    from framework.deploy.planned import Planned


@reporting_errors
def rollback(  # noqa: PLR0917 - typer makes an option of each
    project: Project = None,
    target: DeployTarget = None,
    release: Annotated[
        str | None, typer.Option("--to", metavar="RELEASE", help="The release; left out, the one that was live before.")
    ] = None,
    model: Model = None,
    model_name: ModelName = None,
    alias: Alias = "champion",
    allow: Allow = None,
    yes: Yes = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Put an earlier release to work again: its own bundle, plans and wheels, from the store; nothing is built.

    With --model, aliases of models go back; the code stays, unless --to names its release.
    """
    from framework.cli.deploy_options import aimed
    from framework.deploy import checkout
    from framework.deploy.models import WantedMove

    at, listener = aimed(project, target, {})
    ground = checkout.ground_of(at, listener)
    of_code = model is None or release is not None
    pass_gate(at, ground, _kept(ground, release) if of_code else None, "nothing was rolled back")
    ask = at.is_production and not yes and is_person()
    moves = []
    if model is not None:
        moves = planned_moves(ground, WantedMove(to=model, model=model_name, alias=alias, release=release))
    # Whoever says no to the one does not want the other by itself: so all questions come first.
    planned = _agreed_plan(ground, release, allowed(allow)) if of_code and ask else None
    if ask:
        agree_to(moves)
    done = _rolled_back(ground, release, planned, allowed(allow)) if of_code else None
    moved = move_models(ground, moves)
    _show(done, moved if model is not None else None, output)


def _kept(ground: "Ground", release: str | None) -> Collection[str]:
    """The jobs that are there afterwards, by key."""
    from framework.deploy.rollback import wanted_deployment

    return wanted_deployment(ground, release).jobs


def _agreed_plan(ground: "Ground", release: str | None, allow: "frozenset[Allowed]") -> "Planned":
    from framework.console.plan_view import show_plan
    from framework.console.streams import stderr
    from framework.core.errors import InvalidProject
    from framework.deploy.rollback import planned_rollback

    planned = planned_rollback(ground, release, allow)
    show_plan(stderr(), planned)
    if planned.refused:
        raise InvalidProject(planned.refused)
    agreed(f"Roll {planned.project} on {planned.target} back to release {planned.release}?")
    return planned


def _rolled_back(
    ground: "Ground", release: str | None, planned: "Planned | None", allow: "frozenset[Allowed]"
) -> "Deployed":
    from framework.console.plan_view import show_plan
    from framework.console.streams import stderr
    from framework.deploy.planned import Expected
    from framework.deploy.rollback import roll_back

    if planned is None:
        return roll_back(ground, release, allowed=allow, show=lambda plan: show_plan(stderr(), plan))
    return roll_back(ground, planned.release, Expected.of(planned), allow)


def _show(done: "Deployed | None", moved: list[dict[str, Any]] | None, output: Output) -> None:
    from framework.console.deployment_view import show_deployed
    from framework.console.streams import stdout

    if output is Output.JSON:
        of_code = done.as_dict() if done else {"schema": 1}
        typer.echo(json.dumps({**of_code, **({"models": moved} if moved is not None else {})}, indent=2))
        return
    if done:
        show_deployed(stdout(), done)
    for each in moved or ():
        typer.echo(f"{each['alias']} of {each['model']} is now v{each['after']}")
