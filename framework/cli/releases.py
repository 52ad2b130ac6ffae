"""``framework releases``."""

import json
from typing import Annotated

import typer

from framework.cli.deploy_options import DeployTarget, Project
from framework.cli.errors import reporting_errors
from framework.cli.options import Output, OutputOption


@reporting_errors
def releases(
    project: Project = None,
    target: DeployTarget = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many are listed.")] = 20,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show which release was live when in a target, newest first."""
    from framework.cli.deploy_options import aimed
    from framework.console.deployment_view import show_releases
    from framework.console.streams import stdout
    from framework.deploy import checkout, history
    from framework.deploy.status import at_work

    at, listener = aimed(project, target, {})
    ground = checkout.ground_of(at, listener)
    past = ground.past(limit, broken=lambda error: ground.say(f"Left out: {error.message}", warning=True))
    live, shown = history.live(past), past[-limit:]
    if output is Output.JSON:
        rows = [{**each.as_dict(), "live": each is live} for each in reversed(shown)]
        typer.echo(json.dumps(rows, indent=2))
    elif not shown:
        typer.echo(f"Nothing was deployed here yet, or you may not see it: {ground.store.root}")
    else:
        show_releases(stdout(), shown, live, going_on=shown[-1].result == "running" and at_work(ground))
