"""``framework fake-workspace``."""

import errno
import shlex
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framework.testing.fake_workspace import FakeWorkspace, LoggedRequest


@reporting_errors
def fake_workspace(
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
) -> None:
    """A workspace on this machine to try deploys with, without an account. Ctrl-C ends it.

    It has the catalogs, groups and service principals that conf/ names. Runs succeed at once and execute nothing.
    Requests are shown on stderr.
    """
    # Both are the normal end of it.
    ended = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda _number, _frame: ended.set())
    with _workspace(port, state) as workspace:
        _furnish(workspace, group or [], service_principal or [])
        tokens = {name: workspace.add_user(name) for name in user or []}
        _introduce(workspace, tokens)
        ended.wait()
    typer.echo("Stopped.", err=True)


def _workspace(port: int, directory: Path | None) -> "FakeWorkspace":
    from framework.testing.fake_workspace import FakeWorkspace

    try:
        return FakeWorkspace(port=port, directory=directory, listener=_show)
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        raise UsageError(
            f"cannot listen on port {port}: {error.strerror}", "Leave --port out for a free one."
        ) from None
    except ValueError as error:
        raise UsageError(f"--state: {error}", "Name an empty directory, or one that this command made.") from None


def _furnish(workspace: "FakeWorkspace", groups: list[str], service_principals: list[str]) -> None:
    from framework.core.errors import FrameworkError
    from framework.spec.loader import find_root
    from framework.testing.fake_workspace.furnishing import furnish

    for each in groups:
        workspace.add_group(each)
    for each in service_principals:
        workspace.add_service_principal(each)
    try:
        root = find_root(Path.cwd())
    except FrameworkError:
        return  # outside of a repository there is nothing to go by
    furnish(workspace, root)


def _introduce(workspace: "FakeWorkspace", tokens: "Mapping[str, str]") -> None:
    from framework.testing.fake_workspace import ADMIN

    typer.echo(
        f"# A fake workspace at {workspace.url} with the token {workspace.token} ({ADMIN}). In another terminal:"
    )
    for name, value in workspace.environment.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    for name, token in tokens.items():
        typer.echo(f"# As {name}: export DATABRICKS_TOKEN={shlex.quote(token)}")
    typer.echo(
        "# Runs of jobs succeed here at once, executing nothing. To run your code: framework run, without --env."
    )


def _show(request: "LoggedRequest") -> None:
    typer.echo(str(request), err=True)
