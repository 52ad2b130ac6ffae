"""``framework trace``."""

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Target, pairs
from framework.core.errors import UsageError

if TYPE_CHECKING:
    from framework.trace.ops import Ops


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
    up: Annotated[bool, typer.Option("--up", help="What it came from: as without.")] = False,
    down: Annotated[bool, typer.Option("--down", help="What came of it.")] = False,
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

    if up and down:
        raise UsageError("--up and --down are two questions", "Ask them one after the other.")
    sources = sources_of(target, project)
    if project:
        _require_runs(sources.ops, target, project)
    graph = graph_of(subject, sources, "down" if down else "up", pairs("--row", row))
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


def _require_runs(ops: "Ops", target: str | None, project: str) -> None:
    """Raises UsageError when no run of the project is recorded: nothing that it made could be traced."""
    from framework.cli.trace_sources import sources_of
    from framework.core.ops_tables import TASK_RUNS
    from framework.trace.search import Wanted
    from framework.trace.unfound import unfound

    if not ops.select(TASK_RUNS, (), columns=("job_run_id",), limit=1):
        why = unfound(sources_of(target).ops, Wanted(project=project))
        raise UsageError(f"no run of project '{project}' is recorded", " ".join(why))
