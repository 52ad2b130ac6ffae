"""``framework status``."""

import json

import typer

from framework.cli.deploy_options import DeployTarget, Project
from framework.cli.errors import reporting_errors
from framework.cli.options import Output, OutputOption


@reporting_errors
def status(project: Project = None, target: DeployTarget = None, output: OutputOption = Output.TEXT) -> None:
    """Show what is live in a target, what differs from it there, and what is running."""
    from framework.cli.deploy_options import aimed
    from framework.console.deployment_view import show_status
    from framework.console.streams import stdout
    from framework.deploy import checkout
    from framework.deploy import status as statuses

    at, listener = aimed(project, target, {})
    found = statuses.status(checkout.ground_of(at, listener))
    if output is Output.JSON:
        typer.echo(json.dumps(found.as_dict(), indent=2))
    else:
        show_status(stdout(), found)
