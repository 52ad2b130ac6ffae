"""``framework ops``."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.deploy_options import DeployTarget, Yes, agreed, is_person
from framework.cli.errors import reporting_errors
from framework.cli.options import Output, OutputOption
from framework.core.errors import FrameworkError, UsageError

if TYPE_CHECKING:
    from framework.deploy.ops_install import Ops
    from framework.deploy.sql_warehouse import SqlWarehouse
    from framework.spec.target_spec import TargetSpec

Projects = Annotated[
    list[str] | None, typer.Option("--project", help="The project; may be repeated. Left out, every one.")
]
app = typer.Typer(name="ops", help="The tables of run records in a target.", no_args_is_help=True)


@app.command("install")
@reporting_errors
def install(
    target: DeployTarget = None,
    project: Projects = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the statements; change nothing.")] = False,
) -> None:
    """Make the tables of run records, and the views over them, in a target: once, and after an upgrade.

    It takes a SQL warehouse, and the right to make schemas in the target's catalog.
    """
    from framework.deploy import ops_install
    from framework.spec.loader import find_root
    from framework.spec.policy_spec import read_policy

    place, warehouse, names = opened(target, project or [])
    auditors = read_policy(find_root(Path.cwd())).auditors(place.target.name)
    wanted = list(ops_install.statements(place, names, auditors, _tags(names, place.target)))
    if dry_run:
        typer.echo(";\n\n".join(wanted) + ";")
        return
    ops_install.install(warehouse, wanted)
    typer.echo(f"The tables of run records of {', '.join(names)} are in {place.target.catalog}.", err=True)
    if not (place.target.run_as or place.person):
        typer.echo(f"{target} has no run_as: grant MODIFY on the tables to whoever its jobs run as.", err=True)


@app.command("prune")
@reporting_errors
def prune(
    target: DeployTarget = None,
    project: Projects = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the rows; change nothing.")] = False,
    yes: Yes = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Take away the records of runs that ended longer ago than the policy wants them kept. Production asks first.

    It takes a SQL warehouse, and SELECT and MODIFY on the tables.
    """
    from framework.deploy.ops_prune import Prune

    place, warehouse, names = opened(target, project or [])
    now, kept = datetime.now(UTC), _days_kept(names, place.target.name)
    prunes = {name: Prune(place, warehouse, name, now - timedelta(days)) for name, days in kept.items() if days}
    rows = {name: each.old() for name, each in prunes.items()}
    old = [name for name, found in rows.items() if any(found.values())]
    if old and not dry_run:
        if place.target.mode == "production" and not yes:
            _agree_to(sum(sum(rows[name].values()) for name in old), place.target.name)
        rows |= {name: prunes[name].take_away(rows[name]) for name in old}
    for each in () if dry_run else prunes.values():
        each.close()
    if output is Output.JSON:
        typer.echo(json.dumps({name: {"days": kept[name], **rows.get(name, {})} for name in names}))
        return
    for name in names:
        typer.echo(f"{name} on {target}: {_told(rows.get(name), kept[name], 'would go' if dry_run else 'went')}")


def bring(target: str, output: Output, since: datetime | None = None, project: str = "") -> None:
    """Bring what the runs of a target could not record themselves, of all projects or of one.

    Raises FrameworkError: that of the first project that fails, when the others are done.
    """
    from framework.console.results import several
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
            brought = several(each.task_runs, "record")
            typer.echo(f"{name} on {target}: {several(each.runs, 'run')} looked at, {brought} of tasks brought.")
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


def _tags(projects: list[str], target: "TargetSpec") -> "dict[str, dict[str, str]]":
    """Those that each project says itself. Raises InvalidProject."""
    from framework.core.diagnostics import Diagnostics
    from framework.core.errors import InvalidProject
    from framework.spec.loader import find_root
    from framework.spec.spec_reader import SpecReader

    root = find_root(Path.cwd())
    reader = SpecReader(root)
    read = {name: reader.project(root / "projects" / name, target) for name in projects}
    if reader.findings:
        raise InvalidProject(Diagnostics.of(reader.findings))
    return {name: spec.tags for name, spec in read.items() if spec}


def _days_kept(projects: list[str], target: str) -> dict[str, int | None]:
    from framework.spec.loader import find_root
    from framework.spec.policy_spec import read_policy

    root = find_root(Path.cwd())
    return {name: read_policy(root, root / "projects" / name).run_records_days(target) for name in projects}


def _agree_to(rows: int, target: str) -> None:
    if not is_person():
        raise UsageError("nothing was taken away: it takes a confirmation", f"framework ops prune -e {target} --yes")
    agreed(f"Take {rows} rows of run records away in {target}, for good?")


def _told(rows: dict[str, int] | None, days: int | None, did: str) -> str:
    if rows is None:
        return "no row goes: conf/policy.yml says no retention.run_records_days for it."
    counts = " and ".join(f"{count} of {table}" for table, count in rows.items())
    return f"{counts} {did}: rows of runs that ended more than {days} days ago."
