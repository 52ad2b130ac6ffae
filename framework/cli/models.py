"""``framework models``."""

import json
from typing import Annotated

import typer

from framework.cli.deploy_options import DeployTarget, Project, Yes, agreed, is_person
from framework.cli.errors import reporting_errors
from framework.cli.model_rollback import ModelName
from framework.cli.options import Output, OutputOption
from framework.core.errors import UsageError


@reporting_errors
def models(  # noqa: PLR0917 - typer makes an option of each
    project: Project = None,
    target: DeployTarget = None,
    model_name: ModelName = None,
    delete: Annotated[
        str | None, typer.Option("--delete", metavar="VERSION", help="Delete a version of --model-name.")
    ] = None,
    yes: Yes = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show which version of a model was live when, and who made it so; delete versions that nothing needs."""
    from framework.cli.deploy_options import aimed
    from framework.console.model_view import show_changes
    from framework.console.streams import stdout
    from framework.deploy import checkout
    from framework.deploy.alias_ledger import AliasLedger
    from framework.deploy.data_owners import EVERY
    from framework.deploy.models import delete_version, models_of

    if delete is not None and model_name is None:
        raise UsageError(f"version {delete} of which model?", "Name it: --model-name catalog.schema.name")
    at, listener = aimed(project, target, {})
    ground = checkout.ground_of(at, listener)
    if delete is not None and model_name is not None:
        if at.is_production and not yes and is_person():
            agreed(f"Delete v{delete} of {model_name} for ever?")
        kept = {release.id for release in ground.store.releases()}
        needed = [each for each in ground.store.deployments(EVERY) if each.release in kept]
        _say_deleted(model_name, delete_version(ground.client, model_name, delete, needed), output)
        return
    names = [model_name] if model_name else models_of(ground.past())
    changes = AliasLedger(ground.client, ground.store.root).changes(names)
    if output is Output.JSON:
        typer.echo(json.dumps([change.as_dict() for change in changes], indent=2))
    elif not changes:
        typer.echo(f"No alias was moved here yet, or you may not see it: {ground.store.root}")
    else:
        show_changes(stdout(), changes)


def _say_deleted(model: str, version: str, output: Output) -> None:
    if output is Output.JSON:
        typer.echo(json.dumps({"schema": 1, "deleted": {"model": model, "version": version}}, indent=2))
    else:
        typer.echo(f"v{version} of {model} is deleted")
