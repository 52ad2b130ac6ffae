"""``framework trace``."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Target, pairs


class TraceOutput(StrEnum):
    """Whom the graph is for."""

    TEXT = "text"
    JSON = "json"
    MERMAID = "mermaid"


@reporting_errors
def trace(  # noqa: PLR0917 - typer makes an option of each
    subject: Annotated[
        str,
        typer.Argument(
            help="A run ('last', its number), a release, MODEL@ALIAS, MODEL/VERSION, TABLE or TABLE@VERSION.",
        ),
    ],
    up: Annotated[bool, typer.Option("--up/--down", help="What it came from, or what came of it.")] = True,
    row: Annotated[
        list[str] | None, typer.Option("--row", help="COLUMN=VALUE: this row of the table; may be repeated.")
    ] = None,
    target: Target = None,
    project: Annotated[str, typer.Option("--project", help="Runs of this project; left out, of every one.")] = "",
    output: Annotated[
        TraceOutput, typer.Option("--output", "-o", help="text for a person, json for a machine, or mermaid.")
    ] = TraceOutput.TEXT,
) -> None:
    """Show which code, data, compute, parameters, model and release something came from."""
    from framework.cli.trace_sources import sources_of
    from framework.trace.tracing import trace as graph_of

    graph = graph_of(subject, sources_of(target, project), "up" if up else "down", pairs("--row", row))
    if output is TraceOutput.JSON:
        typer.echo(json.dumps(graph.as_dict(), indent=2))
        return
    if output is TraceOutput.MERMAID:
        from framework.console.trace_mermaid import as_mermaid

        typer.echo(as_mermaid(graph), nl=False)
        return
    from framework.console.streams import stdout
    from framework.console.trace_view import show_trace

    show_trace(stdout(), graph)
