"""``framework plan``: what a deployment would change."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.deploy_options import Allow, DeployTarget, Project, allowed
from framework.cli.errors import reporting_errors
from framework.cli.options import Output, OutputOption, Var, pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.deploy.preflight import Check

CHANGES = 2
"""The exit code of ``--detailed-exitcode`` when there is something to do."""


@reporting_errors
def plan(  # noqa: PLR0917 - typer makes an option of each
    project: Project = None,
    target: DeployTarget = None,
    var: Var = None,
    out: Annotated[Path | None, typer.Option("--out", help="Keep the plan, for deploy --plan.")] = None,
    allow: Allow = None,
    detailed: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 when there is something to do.")
    ] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show what a deployment would change, and what keeps it from being done. Nothing is changed."""
    from framework.cli.deploy_options import aimed
    from framework.console.findings import show_findings
    from framework.console.plan_view import show_plan
    from framework.console.preflight_view import show_preflight
    from framework.console.streams import stderr, stdout
    from framework.deploy import checkout, deployment
    from framework.deploy.planned import keep_plan
    from framework.deploy.preflight import missing, telling

    at, listener = aimed(project, target, pairs("--var", var))
    at = replace(at, beside=(out.absolute(),)) if out else at
    staged = checkout.staged(at, listener)
    ground = checkout.ground_of(at, listener)
    checks = checkout.looked_into(at, staged, ground)
    if output is Output.TEXT:  # first: it may say what the plan cannot be made without
        show_findings(stderr(), staged.warnings)
        show_preflight(stderr(), checks)
    with telling(checks):
        planned = deployment.plan(staged.wanted, ground, allowed(allow))
    if out is not None:
        keep_plan(planned, out)
    stopped = bool(planned.refused or missing(checks))
    if output is Output.JSON:
        typer.echo(json.dumps({**planned.as_dict(), **_for_machines(checks, stopped)}, indent=2))
    else:
        show_plan(stdout(), planned, missing(checks))
    if stopped or (detailed and planned.something_to_do):
        raise typer.Exit(1 if stopped else CHANGES)


def _for_machines(checks: "Sequence[Check]", stopped: bool) -> dict[str, Any]:
    """What stands beside the plan: an ``error``, as every command has it, where a deployment would be refused."""
    hint = "See the states that are 'missing' in 'preflight', and 'refused'."
    error = {"error": {"message": "a deployment would be refused", "hint": hint}} if stopped else {}
    return {"preflight": [each.as_dict() for each in checks], **error}
