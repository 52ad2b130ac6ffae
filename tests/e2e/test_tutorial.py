"""The tutorial, copied and pasted."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from framework.local.engine import Engine
from framework.local.paths import LocalPaths

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
FILE = re.compile(r"```(?:yaml|python)\n# (projects/\S+)\n(.*?)```", re.DOTALL)
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
pytestmark = [pytest.mark.spark, pytest.mark.timeout(300)]


def paste(commands: str, root: Path) -> str:
    commands = commands.replace("framework run", f"{sys.executable} -m framework run")
    return subprocess.run(["sh", "-ec", commands], cwd=root, capture_output=True, text=True, check=True).stdout


def test_the_tutorial_works_as_it_stands(tmp_path):
    text = TUTORIAL.read_text()
    folders, data, run, worse, back, _test = SHELL.findall(text)
    paste(folders, tmp_path)
    for name, content in FILE.findall(text):
        (tmp_path / name).write_text(content)
    paste(data, tmp_path)

    with Engine.connect(LocalPaths(tmp_path), lambda event: None):
        first = paste(run, tmp_path)
        second = paste(worse, tmp_path)
    paste(back, tmp_path)

    assert "Verdict of evaluate: passed" in first
    assert "champion is now v1" in first
    assert "Verdict of evaluate: not passed" in second
    assert "kept champion v1" in second
    assert "* 3" not in (tmp_path / "projects/shop/src/shop/demand.py").read_text()
