"""``framework runs``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Output, OutputOption, Target, pairs
from framework.core.errors import UsageError

if TYPE_CHECKING:
    from framework.trace.search import Wanted

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUN | RUN RUN | compare RUN RUN | sync]",
        help="Nothing: list the latest runs. A number, or 'last': all about it. Two: side by side. "
        "sync: bring the records that runs could not write themselves.",
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many are listed.")]
OfProject = Annotated[str, typer.Option("--project", help="Runs of this project.")]
OfPipeline = Annotated[str, typer.Option("--pipeline", "-p", help="Runs of this pipeline.")]
OfTask = Annotated[str, typer.Option("--task", help="Attempts at this task.")]
Result = Annotated[str, typer.Option("--result", help="With this result, such as FAILED.")]
Commit = Annotated[str, typer.Option("--commit", help="Of this commit; its first digits do.")]
Param = Annotated[list[str] | None, typer.Option("--param", help="With KEY=VALUE; may be repeated.")]
Metric = Annotated[
    list[str] | None, typer.Option("--metric", help="Attempts with such a metric: 'wape<0.6'; may be repeated.")
]
Since = Annotated[str, typer.Option("--since", help="Begun then or later: a date, or 12h, 7d, 4w ago.")]
Until = Annotated[str, typer.Option("--until", help="Begun before: a date, or 12h, 7d, 4w ago.")]


@reporting_errors
def runs(  # noqa: PLR0917 - typer makes an option of each
    words: Words = None,
    limit: Limit = 20,
    project: OfProject = "",
    pipeline: OfPipeline = "",
    task: OfTask = "",
    result: Result = "",
    commit: Commit = "",
    param: Param = None,
    metric: Metric = None,
    since: Since = "",
    until: Until = "",
    target: Target = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List the runs, look for some, show all about one, or compare two."""
    from framework.trace.search import MetricLimit, Wanted, moment

    wanted = Wanted(
        project=project,
        pipeline=pipeline,
        task=task,
        result=result,
        commit=commit,
        params=pairs("--param", param),
        metrics=tuple(map(MetricLimit.parse, metric or ())),
        since=moment("--since", since) if since else None,
        until=moment("--until", until) if until else None,
    )
    _answer(words or [], wanted, limit, target, output)


def _answer(words: list[str], wanted: "Wanted", limit: int, target: str | None, output: Output) -> None:
    from framework.cli import run_records

    is_here = target in (None, "local")
    match words:
        case [] if is_here and wanted.is_anything:
            _list(limit, output)
        case []:
            run_records.search(wanted, limit, target, output)
        case ["sync"]:
            run_records.sync(target, wanted, output)
        case ["sync", *_]:
            raise UsageError("sync takes no run: it looks at all that ended", "framework runs sync, with the same -e")
        case _ if not wanted.is_anything:
            raise UsageError("options that look for runs go with no run", "framework runs --help")
        case ["compare"] | ["compare", _]:
            raise UsageError("compare takes two runs", "framework runs compare RUN RUN; framework runs lists them.")
        case [run] if is_here:
            _show(run, output)
        case [run]:
            run_records.show(run, target, output)
        case ["compare", first, second] | [first, second]:
            run_records.compare(first, second, target, output)
        case _:
            raise UsageError("one run, or two to compare", "framework runs --help")


def _list(limit: int, output: Output) -> None:
    from framework.console.run_list import show_no_runs, show_runs
    from framework.console.streams import stderr, stdout
    from framework.local import stored_runs

    paths = stored_runs.runs_from(Path.cwd())
    found = stored_runs.latest_runs(paths, limit) if paths else []
    if output is Output.JSON:
        typer.echo(json.dumps([each.as_dict() for each in found]))
    elif found:
        show_runs(stdout(), found)
    else:
        show_no_runs(stderr())


def _show(run: str, output: Output) -> None:
    from framework.console.run_list import show_run_details
    from framework.console.streams import stdout
    from framework.local import stored_runs

    details = stored_runs.run_details(stored_runs.with_runs(Path.cwd()), run)
    if output is Output.JSON:
        typer.echo(json.dumps(details.as_dict()))
    else:
        show_run_details(stdout(), details)
