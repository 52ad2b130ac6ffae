"""``framework destroy``."""

import json
from typing import Annotated

import typer

from framework.cli.deploy_options import DeployTarget, Project, Yes, agreed, answering, is_person
from framework.cli.errors import reporting_errors
from framework.cli.gate import pass_gate
from framework.cli.options import Output, OutputOption
from framework.core.errors import UsageError


@reporting_errors
def destroy(  # noqa: PLR0917 - typer makes an option of each
    project: Project = None,
    target: DeployTarget = None,
    data: Annotated[
        bool,
        typer.Option("--data", help="The schemas, volumes, models and experiments that it made, too, and all in them."),
    ] = False,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="PROJECT@TARGET", help="What else a person has to type.")
    ] = None,
    yes: Yes = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Delete the jobs that were deployed. Data stays without --data; outside of development you type what goes."""
    from framework.cli.deploy_options import aimed
    from framework.console.deployment_view import show_destroyed
    from framework.console.streams import stderr, stdout
    from framework.deploy import checkout
    from framework.deploy import destroy as destroying

    at, listener = aimed(project, target, {})
    ground = checkout.ground_of(at, listener)
    pass_gate(at, ground, (), "nothing was deleted", ["delete_jobs", *(["delete_data"] if data else [])])
    wanted = f"{at.project}@{at.target.name}"
    if yes and confirm is None and not at.is_production:
        confirm = wanted
    shown = None
    if confirm is None:
        shown = destroying.destroyed_by(ground, data)
        show_destroyed(stderr(), shown, done=False)
        confirm = _asked(wanted, typed=at.is_production) if is_person() else ""
    if confirm != wanted:
        answer = f"--confirm {wanted}" if at.is_production else "--yes"
        raise _not_confirmed(ground.words, data, answer, given=confirm)
    done = destroying.destroy(ground, data, shown.removed if shown else None)
    if output is Output.JSON:
        typer.echo(json.dumps(done.as_dict(), indent=2))
    else:
        show_destroyed(stdout(), done, done=True)


def _not_confirmed(words: str, data: bool, answer: str, given: str) -> UsageError:
    hint = f"framework destroy {words}{' --data' if data else ''} {answer}"
    why = f"'{given}' is not what this deletes" if given else "it takes a confirmation"
    return UsageError(f"nothing was deleted: {why}", hint)


def _asked(wanted: str, typed: bool) -> str:
    if typed:
        with answering():
            return str(typer.prompt(f"Type {wanted} to delete this", err=True))
    agreed(f"Delete this of {wanted}?")
    return wanted
