"""``framework run``."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.core.events import Listener
    from framework.core.job_run import JobRun

MAX_TOKEN = 64


class Output(StrEnum):
    """Whom the result is for."""

    TEXT = "text"
    JSON = "json"


@reporting_errors
def run(  # noqa: PLR0917 - typer makes an option of each
    name: Annotated[
        str | None, typer.Argument(help="The project, or with --bundle the job; left out, the only one there is.")
    ] = None,
    pipeline: Annotated[
        str | None, typer.Option("--pipeline", "-p", help="The pipeline, when there are several.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Run a job of the bundle in this directory, whoever wrote it.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--env", "-e", "--target", "-t", help="Where to run; default: local.")
    ] = None,
    params: Annotated[
        list[str] | None, typer.Option("--params", help="KEY=VALUE for a parameter; may be repeated.")
    ] = None,
    var: Annotated[
        list[str] | None, typer.Option("--var", help="KEY=VALUE for a variable of the bundle; may be repeated.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="TABLE=PATH of a source's file; may be repeated.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="TASK, +TASK with all before it, TASK+ with all after it.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="This task and what comes after it.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="This task and what comes before it.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Attempts at a time.")] = None,
    repair: Annotated[
        int | None, typer.Option("--repair", metavar="RUN", help="Run again what failed in a run that is done.")
    ] = None,
    rerun_tasks: Annotated[
        list[str] | None, typer.Option("--rerun-tasks", help="With --repair: these tasks; may be repeated.")
    ] = None,
    rerun_dependent_tasks: Annotated[
        bool, typer.Option("--rerun-dependent-tasks", help="With --repair: successful tasks after those, too.")
    ] = False,
    resume: Annotated[
        int | None, typer.Option("--resume", metavar="RUN", help="Go on with a run whose process was killed.")
    ] = None,
    idempotency_token: Annotated[
        str | None, typer.Option("--idempotency-token", help="Start nothing if a run has this token (64 characters).")
    ] = None,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="text for a person, json for a machine.")
    ] = Output.TEXT,
) -> None:
    """Run a job on local Spark, by the rules of the Jobs service: a pipeline's, or one of any bundle."""
    from framework import phases
    from framework.local.run import MAX_PARALLEL, RepairRequest, Selected

    if (repair or resume) and (name or bundle or pipeline or target or only or first or last):
        raise UsageError("--repair and --resume name a run, which says what it runs and where", "Leave the rest out.")
    if rerun_tasks and not repair:
        raise UsageError("--rerun-tasks goes with --repair RUN")
    if idempotency_token and len(idempotency_token) > MAX_TOKEN:
        raise UsageError(f"an idempotency token has at most {MAX_TOKEN} characters")
    parallel = jobs or MAX_PARALLEL
    how = phases.HowToRun(
        selected=Selected(only=tuple(only or ()), first=first, last=last),
        max_parallel=parallel,
        idempotency_token=idempotency_token,
    )
    given = _pairs("--params", params)

    def work(listener: "Listener") -> "JobRun":
        if resume:
            return phases.resume_run(phases.state_root(Path.cwd()), resume, parallel, listener)
        if repair:
            again = RepairRequest(
                rerun_tasks=tuple(rerun_tasks or ()),
                rerun_dependent_tasks=rerun_dependent_tasks,
                parameters=given,
                max_parallel=parallel,
            )
            return phases.repair_run(phases.state_root(Path.cwd()), repair, again, listener)
        if bundle:
            of_bundle = phases.BundleSelection(
                directory=bundle, target=target, job=name, variables=_pairs("--var", var), parameters=given
            )
            return phases.run_bundle(of_bundle, listener, how)
        files = {table: Path(path).expanduser().absolute() for table, path in _pairs("--source", source).items()}
        selection = phases.Selection(
            directory=Path.cwd(),
            project=name,
            pipeline=pipeline,
            target=target or "local",
            parameters=given,
            source_files=files,
        )
        return phases.run_locally(selection, listener, how)

    show(work, output)


def show(work: "Callable[[Listener], JobRun]", output: Output) -> None:
    """Do ``work`` with its progress in sight, show what came of it, and exit accordingly."""
    from framework.console.run_progress import run_progress
    from framework.console.run_summary import show_run
    from framework.console.streams import stderr, stdout

    with run_progress(stderr()) as listener:
        done = work(listener)
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
