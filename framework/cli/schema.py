"""``framework schema``: what editors need to know about the files that people write."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.core.errors import FrameworkError, UsageError


class Kind(StrEnum):
    """The sorts of files."""

    PIPELINE = "pipeline"
    PROJECT = "project"
    TARGET = "target"
    POLICY = "policy"


@reporting_errors
def schema(
    name: Annotated[Kind | None, typer.Argument(help="Print the JSON Schema of these files.")] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Let VS Code know the schemas in this checkout; again after an upgrade.")
    ] = False,
    modeline: Annotated[
        bool, typer.Option("--modeline", help="With --install: name the schema in each file, for other editors.")
    ] = False,
) -> None:
    """Complete, explain and check the YAML files while they are typed: their JSON Schemas, for editors."""
    if install == (name is not None) or (modeline and not install):
        hint = "Name one of pipeline, project, target and policy to print it. --modeline goes with --install."
        raise UsageError("either a schema or --install", hint)
    if name:
        from framework.spec.json_schemas.shipped import schema_text

        typer.echo(schema_text(name.value), nl=False)
    else:
        _install(modeline)


def _install(modelines: bool) -> None:
    from framework.spec.json_schemas import editor
    from framework.spec.loader import find_root

    installed = editor.install(find_root(Path.cwd()), modelines=modelines)
    for file in installed.written:
        typer.echo(f"Wrote {file}", err=True)
    if installed.by_hand:
        typer.echo(installed.by_hand)
        summary = (
            f"{editor.SETTINGS} cannot be changed without losing something of yours: it has comments, or is no JSON"
        )
        raise FrameworkError(summary, "Add the lines above to it.")
    if not installed.written:
        typer.echo("Everything is there already.", err=True)
