"""The command line itself: what it answers without a project, and what it does with errors."""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from framework import __version__
from framework.cli.app import app
from framework.cli.errors import reporting_errors
from framework.core.errors import DatabricksError, DataError, FrameworkError, UsageError


def test_the_version_needs_no_command():
    result = CliRunner().invoke(app, ["--version"])

    assert (result.exit_code, result.stdout) == (0, f"framework {__version__}\n")


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["run", "-h"]], ids=" ".join)
def test_help_is_shown(arguments):
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_a_bug_says_so_and_leaves_a_report(capsys):
    @reporting_errors
    def broken() -> None:
        raise RuntimeError("the details")

    with pytest.raises(typer.Exit) as raised:
        broken()

    said = capsys.readouterr().err
    report = Path(re.search(r"with the file (\S+)", said)[1])
    text = report.read_text()
    report.unlink()
    assert raised.value.exit_code == 3
    assert "a bug in framework, not in your project: RuntimeError" in said
    assert "Traceback" not in said
    assert text.startswith(f"framework {__version__}, Python ")
    assert "RuntimeError: the details" in text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FrameworkError("no", "try"), 1),
        (DataError("no", "try"), 1),
        (UsageError("no", "try"), 2),
        (DatabricksError("no", "try"), 4),
    ],
)
def test_an_error_is_one_message_and_an_exit_code(error, code, capsys):
    @reporting_errors
    def failing() -> None:
        raise error

    with pytest.raises(typer.Exit) as raised:
        failing()

    assert raised.value.exit_code == code
    assert capsys.readouterr().err == "Error: no\n  try\n"


def test_an_interrupted_command_ends_as_a_shell_expects():
    @reporting_errors
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as raised:
        interrupted()

    assert raised.value.exit_code == 130
