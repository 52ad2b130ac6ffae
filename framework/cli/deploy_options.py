"""What the commands about deployments have in common."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.core.errors import FrameworkError, UsageError

if TYPE_CHECKING:
    from framework.core.events import Listener
    from framework.deploy.checkout import Aim
    from framework.deploy.plan_rules import Allowed

Project = Annotated[str | None, typer.Argument(help="The project; left out, the only one there is.")]
DeployTarget = Annotated[
    str | None, typer.Option("--env", "-e", "--target", "-t", help="The target: a file in conf/.", show_default=False)
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]
Allow = Annotated[
    list[str] | None, typer.Option("--allow", help="run-as: jobs may run as somebody else then (repeatable).")
]


def aimed(project: str | None, target: str | None, variables: Mapping[str, str]) -> "tuple[Aim, Listener]":
    """The project and target of the command line, and who is told about progress. Raises UsageError."""
    from framework.console.notes import saying
    from framework.deploy.checkout import aim

    if target is None:
        raise UsageError("which target?", "Name one with --env, such as --env dev.")
    return aim(Path.cwd(), project, target, variables), saying


def allowed(written: list[str] | None) -> "frozenset[Allowed]":
    """What ``--allow`` says. Raises UsageError."""
    from framework.deploy.plan_rules import Allowed

    known = [str(each) for each in Allowed]
    for name in written or []:
        if name not in known:
            raise UsageError(f"--allow takes {', '.join(known)}, and '{name}' is none")
    return frozenset(map(Allowed, written or []))


def is_person() -> bool:
    """Whether somebody sits at a terminal who can be asked; a CI system does not, even where it has one."""
    from framework.deploy.ci import in_ci

    return sys.stdin.isatty() and sys.stderr.isatty() and not in_ci()


def agreed(question: str) -> None:
    """Ask; nobody's yes is an end. Raises FrameworkError, and Abort for ^C."""
    with answering():
        if not typer.confirm(question, default=False, err=True):
            raise FrameworkError("nothing was changed: you did not agree")


@contextmanager
def answering() -> Iterator[None]:
    """Who breaks off instead of an answer is told what came of it."""
    try:
        yield
    except typer.Abort:
        sys.stderr.write("\nNothing was changed.\n")
        raise
