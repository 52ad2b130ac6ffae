"""A run of a CI system is nobody who can be asked, though some of them have a terminal."""

import os
import pty
import subprocess
import sys

import pytest

from framework.deploy.ci import in_ci

ASK = "from framework.cli.deploy_options import is_person; raise SystemExit(0 if is_person() else 7)"


@pytest.mark.parametrize(
    ("environment", "known"),
    [
        ({}, False),
        ({"CI": "false"}, False),
        ({"CI": "true"}, True),
        ({"GITHUB_RUN_ID": "8"}, True),
        ({"CI_JOB_ID": "8"}, True),
        ({"BUILD_BUILDID": "8"}, True),
    ],
)
def test_what_a_run_of_a_ci_system_is(environment, known):
    assert in_ci(environment) is known


@pytest.mark.parametrize(("environment", "code"), [({}, 0), ({"CI": "true"}, 7)])
def test_only_a_person_at_a_terminal_is_asked(environment, code):
    person, terminal = pty.openpty()
    try:
        streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
        done = subprocess.run(
            [sys.executable, "-c", ASK], check=False, env=os.environ | environment, timeout=30, **streams
        )
        assert done.returncode == code
    finally:
        os.close(terminal)
        os.close(person)
