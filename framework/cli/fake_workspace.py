"""``framework fake-workspace``."""

import errno
import shlex
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framework.core.events import Event
    from framework.testing.fake_workspace import FakeWorkspace, LoggedRequest, RunJob


@reporting_errors
def fake_workspace(  # noqa: PLR0917 - typer makes an option of each
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where to listen; left out, any that is free.")
    ] = 0,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="DIR", help="Keep everything there, for the next start too.")
    ] = None,
    group: Annotated[list[str] | None, typer.Option("--group", help="A group that is there; may be repeated.")] = None,
    service_principal: Annotated[
        list[str] | None,
        typer.Option("--service-principal", metavar="ID", help="One that is there; may be repeated."),
    ] = None,
    user: Annotated[
        list[str] | None,
        typer.Option("--user", metavar="NAME", help="Somebody else, with a token that is shown; may be repeated."),
    ] = None,
    run_jobs: Annotated[
        bool, typer.Option("--run-jobs", help="Execute the runs of jobs on local Spark. Without it they only succeed.")
    ] = False,
) -> None:
    """A workspace on this machine to try deploys with, without an account. Ctrl-C ends it.

    It has the catalogs, groups and service principals that conf/ names. Runs succeed at once and execute nothing,
    unless --run-jobs is given: then a job runs as it was deployed, on the packages that are installed here. Of
    libraries only the wheels that it was deployed with count; clusters, queries and dashboards there are none. Sources
    are loaded from the files that project.yml names. Requests are shown on stderr.
    """
    # Both are the normal end of it.
    ended = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda _number, _frame: ended.set())
    with _runner(state, run_jobs) as (run_job, tables), _workspace(port, state, run_job, tables) as workspace:
        _furnish(workspace, group or [], service_principal or [])
        tokens = {name: workspace.add_user(name) for name in user or []}
        _introduce(workspace, tokens, run_jobs)
        ended.wait()
    typer.echo("Stopped.", err=True)


@contextmanager
def _runner(directory: Path | None, run_jobs: bool) -> "Iterator[tuple[RunJob, Path | None]]":
    """What executes runs, and where its tables are; without ``directory`` they and its models are gone in the end."""
    from framework.testing.fake_workspace import succeed

    if not run_jobs:
        yield succeed, None
        return
    from framework.testing.local_jobs import LocalJobs, sources_of

    root = _checkout()
    with tempfile.TemporaryDirectory(prefix="framework-fake-") as own:
        place = directory / "local" if directory else Path(own)
        with LocalJobs(place, sources_of(root) if root else {}, _say) as jobs:
            yield jobs, jobs.warehouse


def _workspace(port: int, directory: Path | None, run_job: "RunJob", tables: Path | None) -> "FakeWorkspace":
    from framework.testing.fake_workspace import FakeWorkspace

    try:
        return FakeWorkspace(port=port, directory=directory, listener=_show, run_job=run_job, tables=tables)
    except OSError as error:  # of the port: what is wrong with the directory is a ValueError
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        raise UsageError(
            f"cannot listen on port {port}: {error.strerror}", "Leave --port out for a free one."
        ) from None
    except ValueError as error:
        raise UsageError(f"--state: {error}", "Name an empty directory, or one that this command made.") from None


def _furnish(workspace: "FakeWorkspace", groups: list[str], service_principals: list[str]) -> None:
    from framework.testing.fake_workspace.furnishing import furnish

    for each in groups:
        workspace.add_group(each)
    for each in service_principals:
        workspace.add_service_principal(each)
    if root := _checkout():
        furnish(workspace, root)


def _checkout() -> Path | None:
    """The repository; outside of one there is nothing to go by."""
    from framework.core.errors import FrameworkError
    from framework.spec.loader import find_root

    try:
        return find_root(Path.cwd())
    except FrameworkError:
        return None


def _introduce(workspace: "FakeWorkspace", tokens: "Mapping[str, str]", run_jobs: bool) -> None:
    from framework.testing.fake_workspace import ADMIN

    typer.echo(
        f"# A fake workspace at {workspace.url} with the token {workspace.token} ({ADMIN}). In another terminal:"
    )
    for name, value in workspace.environment.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    for name, token in tokens.items():
        typer.echo(f"# As {name}: export DATABRICKS_TOKEN={shlex.quote(token)}")
    typer.echo(
        "# Runs of jobs are executed on local Spark: the first one takes a while to begin."
        if run_jobs
        else "# Runs of jobs succeed here at once, executing nothing. To run your code: start it with --run-jobs."
    )


def _show(request: "LoggedRequest") -> None:
    typer.echo(str(request), err=True)


def _say(event: "Event") -> None:
    typer.echo(getattr(event, "message", ""), err=True)
