"""``framework run``."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from framework.cli import options
from framework.cli.errors import reporting_errors
from framework.cli.options import Output, pairs
from framework.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.core.events import Listener
    from framework.core.job_run import JobRun
    from framework.phases import Selection

MAX_TOKEN = 64


@dataclass(frozen=True)
class _Asked:
    """The options as they were given."""

    name: str | None
    pipeline: str | None
    bundle: Path | None
    target: str | None
    params: list[str] | None
    var: list[str] | None
    source: list[str] | None
    only: list[str] | None
    first: str | None
    last: str | None
    jobs: int | None
    repair: str | None
    rerun_tasks: list[str] | None
    rerun_dependent_tasks: bool
    resume: str | None
    idempotency_token: str | None


@reporting_errors
def run(  # noqa: PLR0917 - typer makes an option of each
    name: options.Name = None,
    pipeline: options.Pipeline = None,
    bundle: options.Bundle = None,
    target: options.Target = None,
    params: options.Params = None,
    var: options.Var = None,
    source: options.Source = None,
    only: options.Only = None,
    first: options.First = None,
    last: options.Last = None,
    jobs: options.Jobs = None,
    repair: options.Repair = None,
    rerun_tasks: options.RerunTasks = None,
    rerun_dependent_tasks: options.RerunDependentTasks = False,
    resume: options.Resume = None,
    idempotency_token: options.IdempotencyToken = None,
    output: options.OutputOption = Output.TEXT,
) -> None:
    """Run a job on local Spark, by the rules of the Jobs service: a pipeline's, or one of any bundle."""
    asked = _Asked(
        name, pipeline, bundle, target, params, var, source, only, first, last, jobs, repair, rerun_tasks,
        rerun_dependent_tasks, resume, idempotency_token,
    )  # fmt: skip
    _refuse_contradictions(asked)
    show(lambda listener: _work(asked, listener), output)


def _refuse_contradictions(asked: _Asked) -> None:
    if asked.repair is not None or asked.resume is not None:
        _refuse_what_a_run_says(asked)
    if asked.repair is not None and asked.resume is not None:
        raise UsageError("--repair is for a run that is done, --resume for one that was killed", "framework runs")
    if (asked.rerun_tasks or asked.rerun_dependent_tasks) and asked.repair is None:
        raise UsageError("--rerun-tasks and --rerun-dependent-tasks go with --repair RUN")
    if asked.resume is not None and asked.params:
        raise UsageError("a run that goes on keeps its parameters", "Only --repair takes new ones.")
    if asked.bundle and (asked.pipeline or asked.source):
        raise UsageError("--pipeline and --source are for projects, not for --bundle")
    if asked.idempotency_token is not None and not 0 < len(asked.idempotency_token) <= MAX_TOKEN:
        raise UsageError(f"an idempotency token has at least 1 and at most {MAX_TOKEN} characters")


def _refuse_what_a_run_says(asked: _Asked) -> None:
    given = {
        f"'{asked.name}'": asked.name,
        "--pipeline": asked.pipeline,
        "--bundle": asked.bundle,
        "--env": asked.target,
        "--var": asked.var,
        "--source": asked.source,
        "--only": asked.only,
        "--from": asked.first,
        "--to": asked.last,
        "--idempotency-token": asked.idempotency_token,
    }
    if wrong := [option for option, value in given.items() if value is not None]:
        raise UsageError(
            "--repair and --resume name a run, which says what it runs and where",
            f"Leave out {', '.join(wrong)}.",
        )


def _work(asked: _Asked, listener: "Listener") -> "JobRun":
    from framework import phases
    from framework.local.requests import MAX_PARALLEL, RepairRequest, Selected
    from framework.local.stored_runs import with_runs

    parallel, given = asked.jobs or MAX_PARALLEL, pairs("--params", asked.params)
    if asked.resume is not None:
        return phases.resume_run(with_runs(Path.cwd()).root, asked.resume, parallel, listener)
    if asked.repair is not None:
        again = RepairRequest(
            rerun_tasks=tuple(asked.rerun_tasks or ()),
            rerun_dependent_tasks=asked.rerun_dependent_tasks,
            parameters=given,
            max_parallel=parallel,
        )
        return phases.repair_run(with_runs(Path.cwd()).root, asked.repair, again, listener)
    selected = Selected(only=tuple(asked.only or ()), first=asked.first, last=asked.last)
    how = phases.HowToRun(selected=selected, max_parallel=parallel, idempotency_token=asked.idempotency_token)
    if asked.bundle:
        variables = pairs("--var", asked.var)
        of_bundle = phases.BundleSelection(
            directory=asked.bundle, target=asked.target, job=asked.name, variables=variables, parameters=given
        )
        return phases.run_bundle(of_bundle, listener, how)
    return phases.run_locally(_selection(asked, given), listener, how)


def _selection(asked: _Asked, given: dict[str, str]) -> "Selection":
    from framework.phases import Selection

    files = pairs("--source", asked.source)
    return Selection(
        directory=Path.cwd(),
        project=asked.name,
        pipeline=asked.pipeline,
        target=asked.target or "local",
        parameters=given,
        variables=pairs("--var", asked.var),
        source_files={table: Path(path).expanduser().absolute() for table, path in files.items()},
    )


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
