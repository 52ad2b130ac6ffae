"""``framework promote``."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli import options
from framework.cli.deploy import put_to_work
from framework.cli.deploy_options import Allow, Project, Yes, aimed, allowed
from framework.cli.errors import reporting_errors
from framework.cli.options import Output
from framework.cli.remote_run import run_to_the_end
from framework.cli.run_result import show_done

if TYPE_CHECKING:
    from framework.deploy.ground import Ground
    from framework.deploy.promotion import Copy

Target = Annotated[
    str | None, typer.Option("--env", "-e", "--target", "-t", "--to", help="The target to go to.", show_default=False)
]
Source = Annotated[
    str | None,
    typer.Option("--from", help="The target to come from; left out, the only other production target, not prod."),
]
CopyModel = Annotated[
    bool, typer.Option("--copy-model", help="Copy the model's version across catalogs; nothing is trained anew.")
]


@reporting_errors
def promote(  # noqa: PLR0917 - typer makes an option of each
    project: Project = None,
    target: Target = None,
    source: Source = None,
    pipeline: options.Pipeline = None,
    copy_model: CopyModel = False,
    alias: Annotated[str, typer.Option("--alias", help="With --copy-model: which version.")] = "champion",
    allow: Allow = None,
    yes: Yes = False,
    output: options.OutputOption = Output.TEXT,
) -> None:
    """Deploy the commit that is live in one target to the next one, and run its pipeline there."""
    from framework import phases
    from framework.console.deployment_view import show_deployed
    from framework.console.streams import stderr
    from framework.deploy import checkout
    from framework.deploy.promotion import require_live, target_before

    at, listener = aimed(project, target, {})
    before, _ = aimed(at.project, target_before(at.root, at.target.name, source), {})
    earlier = checkout.ground_of(before, listener)
    require_live(earlier.past(), before.target.name, at.root)
    selection = phases.Selection(directory=at.root, project=at.project, pipeline=pipeline, target=at.target.name)
    if not copy_model:
        phases.looked_at(selection)  # which pipeline has to be clear before anything is deployed
    ground = checkout.ground_of(at, listener)
    wanted = _copies(earlier, ground, alias, at.target.catalog) if copy_model else []
    question = "Then copy that?" if copy_model else ""
    at = replace(at, promoted_from=before.target.name)
    done = put_to_work(at, listener, None, allowed(allow), yes=yes, also=question)
    show_deployed(stderr(), done)
    beside = {"release": done.deployment.release, "deployment": done.deployment.as_dict()}
    if copy_model:
        _copy(ground, wanted, alias, output, beside)
        return
    show_done(run_to_the_end(phases.deployed(selection)), output, beside)


def _copies(earlier: "Ground", ground: "Ground", alias: str, catalog: str) -> "list[Copy]":
    """What would be copied, shown to whoever asked."""
    from framework.deploy.promotion import copies

    prefixes = (earlier.prefix, ground.prefix)
    wanted = list(copies(earlier.client, earlier.past(), alias, catalog, prefixes, source=earlier.words))
    for each in wanted:
        ground.say(f"{each.source} v{each.version} → {each.name}, which then is its {alias}")
    return wanted


def _copy(ground: "Ground", wanted: "list[Copy]", alias: str, output: Output, beside: dict[str, Any]) -> None:
    from framework.deploy.alias_ledger import AliasLedger
    from framework.deploy.promotion import copied

    ledger = AliasLedger(ground.client, ground.store.root)
    changes = [change for each in wanted if (change := copied(ground.client, each, alias, ledger))]
    if output is Output.JSON:
        models = [change.as_dict() for change in changes]
        typer.echo(json.dumps({"schema": 1, "models": models, **beside}, indent=2))
    else:
        for change in changes:
            typer.echo(f"{change.alias} of {change.model} is now v{change.after}")
