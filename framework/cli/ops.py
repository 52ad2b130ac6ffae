"""``framework ops``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.deploy_options import DeployTarget
from framework.cli.errors import reporting_errors
from framework.cli.options import Output
from framework.core.errors import FrameworkError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from framework.deploy.ops_install import Ops
    from framework.deploy.sql_warehouse import SqlWarehouse

app = typer.Typer(name="ops", help="The tables of run records in a target.", no_args_is_help=True)


@app.command("install")
@reporting_errors
def install(
    target: DeployTarget = None,
    project: Annotated[
        list[str] | None, typer.Option("--project", help="The project; may be repeated. Left out, every one.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the statements; change nothing.")] = False,
) -> None:
    """Make the tables of run records, and the views over them, in a target: once, and after an upgrade.

    It takes a SQL warehouse, and the right to make schemas in the target's catalog.
    """
    from framework.deploy import ops_install
    from framework.spec.loader import find_root
    from framework.spec.policy_spec import read_policy

    place, warehouse, names = opened(target, project or [])
    wanted = list(ops_install.statements(place, names, read_policy(find_root(Path.cwd())).auditors(place.target.name)))
    if dry_run:
        typer.echo(";\n\n".join(wanted) + ";")
        return
    ops_install.install(warehouse, wanted)
    typer.echo(f"The tables of run records of {', '.join(names)} are in {place.target.catalog}.", err=True)
    if not (place.target.run_as or place.person):
        typer.echo(f"{target} has no run_as: grant MODIFY on the tables to whoever its jobs run as.", err=True)


def bring(target: str, output: Output, since: "datetime | None" = None, project: str = "") -> None:
    """Bring what the runs of a target could not record themselves, of all projects or of one.

    Raises FrameworkError: that of the first project that fails, when the others are done.
    """
    from framework.deploy.ops_sync import Sync

    place, warehouse, names = opened(target, [project] if project else [])
    done = {}
    failed = {}
    for name in names:
        try:
            done[name] = Sync(place, warehouse, name).bring(since)
        except FrameworkError as raised:
            failed[name] = raised
    if output is Output.TEXT:
        for name, each in done.items():
            typer.echo(f"{name} on {target}: {each.runs} runs looked at, {each.task_runs} records of tasks brought.")
        for name, error in list(failed.items())[1:]:
            typer.echo(f"{name} on {target}: {error.message}", err=True)
    elif not failed:
        typer.echo(json.dumps({name: vars(each) for name, each in done.items()}))
    for error in failed.values():
        raise error


def opened(target: str | None, projects: list[str]) -> "tuple[Ops, SqlWarehouse, list[str]]":
    """The place of the records, what answers questions there, and the names of the projects, all of them if none."""
    from framework.deploy.ops_install import ops_of
    from framework.deploy.sql_warehouse import warehouse_of
    from framework.deploy.workspace import client, host_of
    from framework.spec.loader import find_root, project_directory, project_names
    from framework.spec.target_spec import deployed_targets, read_target

    if target is None:
        raise UsageError("which target?", "Name one with --env, such as --env dev.")
    root = find_root(Path.cwd())
    deployed_targets(root, (target,))
    read = read_target(root, target)
    names = [project_directory(root, each, root).name for each in projects] or list(project_names(root))
    workspace = client(host_of(read))
    return ops_of(workspace, read), warehouse_of(workspace, read.warehouse_id, target), names
