"""The options that commands share, so that one word means the same everywhere."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from framework.core.errors import UsageError


class Output(StrEnum):
    """Whom the result is for."""

    TEXT = "text"
    JSON = "json"


class LogFormat(StrEnum):
    """How an attempt writes its stdout.log and stderr.log."""

    TEXT = "text"
    JSON = "json"


Name = Annotated[
    str | None, typer.Argument(help="The project, or with --bundle the job; left out, the only one there is.")
]
Pipeline = Annotated[str | None, typer.Option("--pipeline", "-p", help="The pipeline, when there are several.")]
Bundle = Annotated[
    Path | None, typer.Option("--bundle", help="Run a job of the bundle in this directory, whoever wrote it.")
]
Target = Annotated[
    str | None, typer.Option("--env", "-e", "--target", "-t", help="Where to run; default: local.", show_default=False)
]
Params = Annotated[list[str] | None, typer.Option("--params", help="KEY=VALUE for a parameter; may be repeated.")]
Var = Annotated[list[str] | None, typer.Option("--var", help="KEY=VALUE for a variable; may be repeated.")]
Source = Annotated[list[str] | None, typer.Option("--source", help="TABLE=PATH of a source's file; may be repeated.")]
Only = Annotated[
    list[str] | None, typer.Option("--only", help="TASK, +TASK with all before it, TASK+ with all after it.")
]
First = Annotated[str | None, typer.Option("--from", help="This task and what comes after it.")]
Last = Annotated[str | None, typer.Option("--to", help="This task and what comes before it.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Attempts at a time.")]
Repair = Annotated[
    str | None,
    typer.Option("--repair", metavar="RUN", help="Run again what failed in a run that is done, or the last."),
]
RerunTasks = Annotated[
    list[str] | None, typer.Option("--rerun-tasks", help="With --repair: these tasks; may be repeated.")
]
RerunDependentTasks = Annotated[
    bool, typer.Option("--rerun-dependent-tasks", help="With --repair: successful tasks after those, too.")
]
Resume = Annotated[
    str | None, typer.Option("--resume", metavar="RUN", help="Go on with a run whose process was killed, or the last.")
]
IdempotencyToken = Annotated[
    str | None, typer.Option("--idempotency-token", help="Start nothing if a run has this token already.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="On a workspace: start the run, and leave it to itself.")]
Cancel = Annotated[str | None, typer.Option("--cancel", metavar="RUN", help="On a workspace: end a run, or the last.")]
LogFormatOption = Annotated[
    LogFormat, typer.Option("--log-format", help="On this machine: what the tasks' logs are; json is for a machine.")
]
OutputOption = Annotated[Output, typer.Option("--output", "-o", help="text for a person, json for a machine.")]


def pairs(option: str, written: list[str] | None) -> dict[str, str]:
    """KEY=VALUE of a repeated option. Raises UsageError."""
    pairs = [text.partition("=") for text in written or []]
    for key, separator, _ in pairs:
        if not key or not separator:
            raise UsageError(f"{option} takes KEY=VALUE, and '{key}' is none", "Repeat the option for several values.")
    return {key: value for key, _, value in pairs}
