"""``framework doctor``: whether this machine has what runs and deployments need."""

import json
from pathlib import Path
from typing import Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Output, OutputOption


@reporting_errors
def doctor(
    deploy: Annotated[bool, typer.Option("--deploy", help="Fail for what deploying needs, too.")] = False,
    online: Annotated[bool, typer.Option("--online", help="Also ask the workspace whether it knows you.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Look at Python, Java, packages, disk, git, the Databricks CLI and its login; say what to do about each."""
    from framework.console.checkups import as_json, show_checkups
    from framework.console.streams import stdout
    from framework.local.doctor.checkup import Purpose, ready_for
    from framework.local.doctor.examination import examine

    checkups = examine(Path.cwd(), online=online)
    if output is Output.JSON:
        typer.echo(json.dumps(as_json(checkups), indent=2))
    else:
        show_checkups(stdout(), checkups)
    needed = (Purpose.RUN, Purpose.DEPLOY) if deploy else (Purpose.RUN,)
    if not all(ready_for(purpose, checkups) for purpose in needed):
        raise typer.Exit(1)
