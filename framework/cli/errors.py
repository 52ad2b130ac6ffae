"""The one place that turns exceptions into exit codes.

0 ok, 1 a finding or a failed task, 2 usage, 3 our bug, 4 Databricks refused, 130 interrupted.
"""

import errno
import functools
import json
import platform
import shlex
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec

import typer
from typer.core import TyperGroup

Arguments = ParamSpec("Arguments")

BUG = 3
_DISK = {
    errno.ENOSPC: "Make room on the disk, then run again.",
    errno.EDQUOT: "Your disk quota is used up. Make room, then run again.",
    errno.EROFS: "The file system is read-only. Work in a directory that you can write to.",
    errno.EACCES: "You may not write there. Check who owns it: ls -ld.",
}
INTERRUPTED = 130


class Commands(TyperGroup):
    """The commands, with what an option does not take reported as every other error is."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            from framework.core.errors import UsageError

            command = error.ctx.command_path if error.ctx else "framework"
            message = error.format_message().replace("Value error, ", "").removesuffix(".")
            raise typer.Exit(_report(UsageError(message, f"Options and what they take: {command} -h"))) from None


def reporting_errors(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Let ``command`` raise what it likes: a person gets one clear message, a script an exit code."""

    @functools.wraps(command)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (KeyboardInterrupt, BrokenPipeError, typer.Abort):  # the last is ^C at a question
            raise typer.Exit(INTERRUPTED) from None
        except typer.Exit:
            raise
        except Exception as error:
            if kwargs.get("output") == "json":
                _report_to_a_machine(error)
            raise typer.Exit(_report(error)) from None

    return guarded


def _report_to_a_machine(error: Exception) -> None:
    """One object on stdout, whatever went wrong; fields may be added, never renamed."""
    from framework.core.errors import FrameworkError, InvalidProject

    known = error if isinstance(error, FrameworkError) else FrameworkError(type(error).__name__)
    found = tuple(known.diagnostics()) if isinstance(known, InvalidProject) else ()
    refused = [
        {"summary": each.summary, "rule": each.rule, "hint": each.hint, "location": str(each.location or "")}
        for each in found
    ]
    said = {"schema": 1, "error": {"message": known.message, "hint": known.hint}, **known.details}
    typer.echo(json.dumps({**said, "refused": refused} if refused else said, indent=2))


def _report(error: Exception) -> int:
    from framework.console.findings import show_findings
    from framework.console.streams import stderr
    from framework.core.errors import FrameworkError

    if isinstance(error, FrameworkError):
        show_findings(stderr(), error.diagnostics())
        return error.exit_code
    if isinstance(error, OSError) and error.errno in _DISK:
        show_findings(stderr(), FrameworkError(f"{error.strerror}: {error.filename}", _DISK[error.errno]).diagnostics())
        return FrameworkError.exit_code
    _report_bug(error)
    return BUG


def _report_bug(error: Exception) -> None:
    from framework import __version__

    with tempfile.NamedTemporaryFile("w", prefix="framework-bug-", suffix=".txt", delete=False) as file:
        file.write(f"framework {__version__}, Python {platform.python_version()}, {platform.platform()}\n")
        file.write(f"{shlex.join(['framework', *sys.argv[1:2]])}\n\n")
        file.write("".join(traceback.format_exception(error)))
    sys.stderr.write(
        f"Error: this is a bug in framework, not in your project: {type(error).__name__}\n"
        f"  Please report it with the file {Path(file.name)}\n"
    )
