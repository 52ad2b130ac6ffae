"""``framework run``."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from framework.cli import options
from framework.cli.errors import reporting_errors
from framework.cli.options import Output, pairs
from framework.cli.remote_run import run_remotely
from framework.cli.run_request import Asked, refuse_contradictions, refuse_what_is_local, selection
from framework.cli.run_result import show

if TYPE_CHECKING:
    from framework.core.events import Listener
    from framework.core.job_run import JobRun


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
    no_wait: options.NoWait = False,
    cancel: options.Cancel = None,
    log_format: options.LogFormatOption = options.LogFormat.TEXT,
    output: options.OutputOption = Output.TEXT,
) -> None:
    """Run a job on local Spark, by the rules of the Jobs service: a pipeline's, or one of any bundle.

    With --env of a workspace, run the deployed job there.
    """
    from framework.spec.target_spec import LOCAL

    asked = Asked(
        name, pipeline, bundle, target, params, var, source, only, first, last, jobs, repair, rerun_tasks,
        rerun_dependent_tasks, resume, idempotency_token, no_wait, cancel,
    )  # fmt: skip
    if target not in (None, LOCAL) and not bundle:
        refuse_what_is_local(asked)
        run_remotely(asked, output)
        return
    refuse_contradictions(asked)
    _choose(log_format)
    show(lambda listener: _work(asked, listener), output)


def _choose(log_format: options.LogFormat) -> None:
    """The environment of a run is that of its attempts."""
    from framework.runtime.structured_logs import FORMAT

    if log_format is options.LogFormat.JSON:
        os.environ[FORMAT] = log_format


def _work(asked: Asked, listener: "Listener") -> "JobRun":
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
    return phases.run_locally(selection(asked, given), listener, how)
