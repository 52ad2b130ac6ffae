"""``framework run`` on a workspace: the deployed job, with the same screen as a local run."""

import json
import sys
from typing import TYPE_CHECKING

import typer

from framework.cli.deploy_options import is_person
from framework.cli.errors import INTERRUPTED
from framework.cli.options import Output, pairs
from framework.cli.run_request import Asked, selection
from framework.cli.run_result import show_done
from framework.core.errors import UsageError

if TYPE_CHECKING:
    from framework.core.job_run import JobRun
    from framework.deploy.remote_jobs import Deployed


def run_remotely(asked: Asked, output: Output) -> None:
    """Start, repair or cancel a run of a deployed job, and follow it unless told not to."""
    from framework import phases

    deployed = phases.deployed(selection(asked, pairs("--params", asked.params)))
    run_id, repair_id = _begun(asked, deployed)
    if asked.no_wait:
        url, text = _shown_page(deployed, run_id), f"{asked.target} run {run_id}"
        typer.echo(json.dumps({"schema": 1, "job_run_id": run_id, "url": url}) if output is Output.JSON else text)
        return
    show_done(_to_the_end(deployed, run_id, repair_id), output)


def run_to_the_end(deployed: "Deployed") -> "JobRun":
    """Start a run of a deployed job, and follow it."""
    from framework.deploy.remote_runs import RemoteRequest, start

    run_id = start(deployed.client, deployed.job, RemoteRequest(parameters=deployed.parameters))
    return _to_the_end(deployed, run_id)


def _shown_page(deployed: "Deployed", run_id: int) -> str:
    """The address of a run that is on its way: who cannot get it should not think that it is not."""
    from framework.console.streams import stderr
    from framework.core.errors import DatabricksError
    from framework.deploy.remote_runs import page_of

    try:
        url = page_of(deployed.client, run_id)
    except DatabricksError:
        url = ""
    stderr().print(f"run {run_id}: {url}", soft_wrap=True)
    return url


def _to_the_end(deployed: "Deployed", run_id: int, repair_id: int = 0) -> "JobRun":
    url = ""
    try:
        url = _shown_page(deployed, run_id)
        return _followed(deployed, run_id, repair_id)
    except KeyboardInterrupt:
        return _interrupted(deployed, run_id, url)


def _begun(asked: Asked, deployed: "Deployed") -> tuple[int, int]:
    """The id of the run that is started, repaired or cancelled, and that of the repair."""
    from framework.deploy import remote_runs
    from framework.deploy.remote_runs import RemoteRepair, RemoteRequest

    client, job = deployed.client, deployed.job
    if (named := asked.repair if asked.cancel is None else asked.cancel) is None:
        only = [each for text in asked.only or () for each in text.replace(",", " ").split()]
        only += [f"{asked.first}+"] if asked.first else []
        only += [f"+{asked.last}"] if asked.last else []
        token = asked.idempotency_token or ""
        request = RemoteRequest(parameters=deployed.parameters, only=tuple(only), idempotency_token=token)
        return remote_runs.start(client, job, request), 0
    run_id = remote_runs.latest_run(client, job) if named == "last" else _number(named)
    if asked.cancel is not None:
        if result := remote_runs.cancel(client, job, run_id):
            command = f"framework run {job.project} --pipeline {job.pipeline} --env {job.target}"
            raise UsageError(f"run {run_id} had ended before: {result}", f"A new one: {command}")
        return run_id, 0
    again = RemoteRepair(
        rerun_tasks=tuple(asked.rerun_tasks or ()),
        rerun_dependent_tasks=asked.rerun_dependent_tasks,
        parameters=deployed.parameters,
    )
    return run_id, remote_runs.repair(client, job, run_id, again)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise UsageError(f"a run on a workspace has a number, and '{text}' is none", "The newest one is: last")
    return int(text)


def _followed(deployed: "Deployed", run_id: int, repair_id: int = 0) -> "JobRun":
    from framework.console.run_progress import run_progress
    from framework.console.streams import stderr
    from framework.deploy.remote_runs import follow

    with run_progress(stderr()) as listener:
        return follow(deployed.client, deployed.job, run_id, listener, repair_id=repair_id)


def _interrupted(deployed: "Deployed", run_id: int, url: str) -> "JobRun":
    """^C ends the following. Whether it ends the run, too, is asked of a person; a script leaves it alone."""
    from framework.deploy.remote_runs import cancel

    if is_person() and _is_to_be_cancelled(run_id):
        cancel(deployed.client, deployed.job, run_id)
        return _followed(deployed, run_id)
    job = deployed.job
    command = f"framework run {job.project} --pipeline {job.pipeline} --env {job.target} --cancel {run_id}"
    sys.stderr.write(f"run {run_id} goes on: {url}\nTo cancel it: {command}\n")
    raise typer.Exit(INTERRUPTED)


def _is_to_be_cancelled(run_id: int) -> bool:
    try:
        return typer.confirm(f"\nRun {run_id} goes on in the workspace. Cancel it?", err=True)
    except typer.Abort:  # another ^C is no yes
        return False
