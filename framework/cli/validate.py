"""``framework validate``: everything that can be found without a workspace, a network or the project's own code."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from framework.cli.errors import reporting_errors


class Format(StrEnum):
    """How the findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


@reporting_errors
def validate(
    project: Annotated[str | None, typer.Argument(help="A project in projects/; left out, all of them.")] = None,
    pipeline: Annotated[str | None, typer.Option("--pipeline", "-p", help="One pipeline of the project.")] = None,
    target: Annotated[
        list[str] | None, typer.Option("--env", "-e", "--target", "-t", help="A target (repeatable); left out, all.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="A warning counts as an error.")] = False,
    output: Annotated[Format, typer.Option("--output", "-o", help="sarif is what code scanning reads.")] = Format.TEXT,
) -> None:
    """Find what is wrong in pipelines, projects, targets and policy, each finding with its place."""
    from framework import phases
    from framework.console.findings import show_findings, show_sound
    from framework.console.reports import as_json, as_sarif
    from framework.console.streams import stderr, stdout

    validated = phases.validate(Path.cwd(), project, pipeline, tuple(target or ()))
    if output is not Format.TEXT:
        typer.echo(json.dumps((as_json if output is Format.JSON else as_sarif)(validated), indent=2))
    elif validated.found:
        show_findings(stdout(), validated.found)
    if output is Format.TEXT and not validated.found:
        show_sound(stderr(), validated)
    if validated.found.errors or (strict and validated.found):
        raise typer.Exit(1)
