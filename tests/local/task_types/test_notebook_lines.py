"""IPython's lines when they run."""

import os

import pytest

from framework.local.task_types.notebooks.line_magics import LineMagics


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo {x + 1} $x", "6 5"),
        ("echo {x:>3}. $days.stop", "5. 2"),
        ("echo {{x}} '$x'", "{x} $x"),
        ("x=shell; echo $$x", "shell"),
        ("echo a b | awk '{print $2}'", "b"),
        ("GREETING=hi; echo $GREETING {x}", "hi {x}"),
        ("printf '%s' {}", "{}"),
    ],
)
def test_a_command_has_the_values_of_the_notebook_if_it_names_no_others(capsys, command, said):
    LineMagics({"x": 5, "days": range(2)}).shell(command)

    assert capsys.readouterr().out.strip() == said


def test_the_lines_that_a_command_says(caplog):
    assert LineMagics({}).lines("printf 'a b\\nc\\n'; echo no >&2") == ["a b", "c"]
    assert caplog.messages == ["no"]


def test_what_is_no_utf8_is_shown_all_the_same(capsys):
    LineMagics({}).shell(r"printf 'a\xff'")

    assert capsys.readouterr().out == "a\ufffd"


def test_the_current_directory_and_the_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir("/")
    monkeypatch.setenv("DAY", "")
    lines = LineMagics({"folder": tmp_path})

    lines.cd("$folder")
    lines.env("DAY=2026-{1 + 1}")
    lines.env("DAY")
    lines.shell("pwd")

    assert os.environ["DAY"] == "2026-2"
    assert capsys.readouterr().out.splitlines() == [str(tmp_path), "2026-2", str(tmp_path)]
