"""The command ``framework``."""

from typing import Annotated

import typer

from framework import __version__
from framework.cli import (
    backfill,
    compile,
    dag,
    deploy,
    destroy,
    doctor,
    fake_workspace,
    local,
    logs,
    models,
    ops,
    plan,
    promote,
    releases,
    reproduce,
    rollback,
    run,
    runs,
    schema,
    status,
    trace,
    validate,
)
from framework.cli.errors import Commands

app = typer.Typer(
    name="framework",
    cls=Commands,
    help="Pipelines for Databricks jobs: declared in YAML, compiled into bundles, run alike on a cluster and locally.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("validate")(validate.validate)
app.command("compile")(compile.compile_bundles)
app.command("plan")(plan.plan)
app.command("deploy")(deploy.deploy)
app.command("status")(status.status)
app.command("releases")(releases.releases)
app.command("rollback")(rollback.rollback)
app.command("models")(models.models)
app.command("promote")(promote.promote)
app.command("destroy")(destroy.destroy)
app.command("run")(run.run)
app.command("backfill")(backfill.backfill)
app.command("runs")(runs.runs)
app.command("trace")(trace.trace)
app.command("reproduce")(reproduce.reproduce)
app.command("logs")(logs.logs)
app.add_typer(ops.app, name="ops")
app.command("dag")(dag.dag)
app.command("doctor")(doctor.doctor)
app.command("schema")(schema.schema)
app.command("fake-workspace")(fake_workspace.fake_workspace)
app.add_typer(local.app, name="local")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"framework {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        # Eager: it is answered before anybody asks for a command.
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass
