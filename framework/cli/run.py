"""``framework run``."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.core.errors import UsageError


class Output(StrEnum):
    """Whom the result is for."""

    TEXT = "text"
    JSON = "json"


@reporting_errors
def run(  # noqa: PLR0917 - typer makes an option of each
    name: Annotated[
        str | None, typer.Argument(help="The project; left out, the one you are in or the only one.")
    ] = None,
    pipeline: Annotated[
        str | None, typer.Option("--pipeline", "-p", help="The pipeline, when there are several.")
    ] = None,
    target: Annotated[str, typer.Option("--env", "-e", "--target", "-t", help="Where to run.")] = "local",
    params: Annotated[
        list[str] | None, typer.Option("--params", help="KEY=VALUE for a parameter; may be repeated.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="TABLE=PATH of a source's file; may be repeated.")
    ] = None,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="text for a person, json for a machine.")
    ] = Output.TEXT,
) -> None:
    """Run a pipeline: its compiled tasks, on local Spark."""
    from framework.console.run_progress import run_progress
    from framework.console.run_summary import show_run
    from framework.console.streams import stderr, stdout
    from framework.phases import Selection, run_locally

    selection = Selection(
        directory=Path.cwd(),
        project=name,
        pipeline=pipeline,
        target=target,
        parameters=_pairs("--params", params),
        source_files={table: Path(path).expanduser().absolute() for table, path in _pairs("--source", source).items()},
    )
    with run_progress(stderr()) as listener:
        done = run_locally(selection, listener)
    if output is Output.JSON:
        typer.echo(json.dumps(done.as_dict()))
    else:
        show_run(stdout(), done)
    if not done.succeeded:
        raise typer.Exit(130 if done.result == "CANCELED" else 1)


def _pairs(option: str, written: list[str] | None) -> dict[str, str]:
    pairs = [text.partition("=") for text in written or []]
    for key, separator, _ in pairs:
        if not key or not separator:
            raise UsageError(f"{option} takes KEY=VALUE, and '{key}' is none", "Repeat the option for several values.")
    return {key: value for key, _, value in pairs}
