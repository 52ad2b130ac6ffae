"""``framework validate``: everything that can be found without a workspace, a network or the project's own code."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Var, pairs

if TYPE_CHECKING:
    from framework.check.checkout import Validated
    from framework.phases import Asked


class Format(StrEnum):
    """How the findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


@reporting_errors
def validate(  # noqa: PLR0917 - typer makes an option of each
    project: Annotated[str | None, typer.Argument(help="A project in projects/; left out, all of them.")] = None,
    pipeline: Annotated[str | None, typer.Option("--pipeline", "-p", help="One pipeline of the project.")] = None,
    target: Annotated[
        list[str] | None, typer.Option("--env", "-e", "--target", "-t", help="A target (repeatable); left out, all.")
    ] = None,
    var: Var = None,
    explain: Annotated[
        str | None,
        typer.Option("--explain", metavar="PATH", help="Say where a value comes from: tasks.train.timeout_seconds"),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="A warning counts as an error.")] = False,
    output: Annotated[Format, typer.Option("--output", "-o", help="sarif is what code scanning reads.")] = Format.TEXT,
) -> None:
    """Find what is wrong in pipelines, projects, targets and policy, each finding with its place."""
    from framework import phases
    from framework.check.checkout import Validated
    from framework.console.findings import fails
    from framework.core.errors import InvalidProject

    asked = phases.Asked(
        directory=Path.cwd(),
        project=project,
        pipeline=pipeline,
        targets=tuple(dict.fromkeys(target or ())),
        variables=pairs("--var", var),
    )
    if explain is not None:
        _explain(asked, explain, output)
        return
    try:
        validated = phases.validate(asked)
    except InvalidProject as error:  # it could not even begin
        validated = Validated((), asked.targets, 0, error.found)
    _show(validated, output, strict)
    if fails(validated.found, strict):
        raise typer.Exit(1)


def _show(validated: "Validated", output: Format, strict: bool) -> None:
    from framework.console.findings import show_findings, show_left_out, show_sound
    from framework.console.reports import as_json, as_sarif
    from framework.console.streams import stderr, stdout

    if output is not Format.TEXT:
        report = as_json(validated, strict) if output is Format.JSON else as_sarif(validated)
        typer.echo(json.dumps(report, indent=2))
        return
    if validated.found:
        show_findings(stdout(), validated.found, strict)
    else:
        show_sound(stderr(), validated)
    show_left_out(stderr(), validated)


def _explain(asked: "Asked", path: str, output: Format) -> None:
    from framework import phases
    from framework.console.explanation import as_json, show_explained
    from framework.console.streams import stdout
    from framework.core.errors import UsageError
    from framework.core.printable import printable

    if output is Format.SARIF:
        raise UsageError("--explain finds nothing that SARIF could hold", "Use --output text or json.")
    pipeline, explained = phases.explain(asked, path)
    if output is Format.TEXT:
        show_explained(stdout(), printable(path), pipeline, explained)
    else:
        typer.echo(json.dumps(as_json(path, pipeline, explained), default=str))
