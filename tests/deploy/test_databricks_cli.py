"""The Databricks CLI is found, is new enough, gets a clean environment, and its errors become one clear message."""

import os
import signal
import threading
import time

import pytest

from framework.core.errors import DatabricksError, FrameworkError
from framework.deploy.databricks_cli import BundleCli, DatabricksCli, environment_for_cli, find_cli
from framework.deploy.secrets import without_secrets


@pytest.fixture
def program(tmp_path):
    """An executable that does what a shell script says."""

    def write(script):
        path = tmp_path / "databricks"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def bundle(program, tmp_path):
    """A bundle whose CLI is such a script."""

    def make(script, **given):
        cli = DatabricksCli(str(program(script)), "1.14")
        return BundleCli(cli=cli, directory=tmp_path, target="prod", **given)

    return make


def test_the_cli_is_the_one_that_is_named_or_on_path(program):
    path = program("echo Databricks CLI v1.15.2")
    assert find_cli({"FRAMEWORK_DATABRICKS_CLI": str(path)}) == DatabricksCli(str(path), "1.15.2")
    assert find_cli({"PATH": str(path.parent)}).path == str(path)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo Databricks CLI v1.13.9", r"is 1\.13\.9; 1\.14 or later is needed"),
        ("echo Version 0.18.0", r"is 0\.18\.0; 1\.14 or later"),
        ("echo hello", "does not say its version"),
        ("exit 3", "does not say its version"),
    ],
)
def test_a_cli_that_will_not_do_is_refused(program, script, message):
    with pytest.raises(FrameworkError, match=message):
        find_cli({"FRAMEWORK_DATABRICKS_CLI": str(program(script))})


def test_without_a_cli_it_is_said_where_to_get_one():
    with pytest.raises(FrameworkError, match="no Databricks CLI on PATH") as error:
        find_cli({"PATH": "/nowhere"})
    assert "docs.databricks.com" in error.value.hint
    with pytest.raises(FrameworkError, match="no Databricks CLI at FRAMEWORK_DATABRICKS_CLI"):
        find_cli({"FRAMEWORK_DATABRICKS_CLI": "/nowhere/databricks"})


def test_settings_that_would_deploy_something_else_are_left_out():
    given = {
        "HOME": "/home/ann",
        "DATABRICKS_HOST": "https://x",
        "DATABRICKS_TOKEN": "t",
        "DATABRICKS_BUNDLE_ROOT": "/elsewhere",
        "DATABRICKS_BUNDLE_ENGINE": "terraform",
        "BUNDLE_VAR_release_path": "/elsewhere",
    }
    kept = environment_for_cli(given)
    assert {name: kept[name] for name in ("HOME", "DATABRICKS_HOST", "DATABRICKS_TOKEN")} == {
        name: given[name] for name in ("HOME", "DATABRICKS_HOST", "DATABRICKS_TOKEN")
    }
    assert kept["DATABRICKS_BUNDLE_ENGINE"] == "direct"
    assert not {"DATABRICKS_BUNDLE_ROOT", "BUNDLE_VAR_release_path"} & set(kept)


def test_target_and_variables_are_handed_over(bundle):
    made = bundle('printf \'{"asked": "%s"}\' "$*"', variables={"release_path": "/Workspace/a b"})
    assert made.summary()["asked"] == "bundle summary --output json --target prod --var release_path=/Workspace/a b"


@pytest.mark.parametrize(
    ("script", "message", "hint"),
    [
        ("echo 'Error: deploy lock acquired by bob' >&2; exit 1", "deploy lock acquired by bob", "Wait"),
        ("echo 'Error: no (403 PERMISSION_DENIED)' >&2; exit 1", r"no \(403", "permission"),
        ("echo 'Error: who? (401 UNAUTHENTICATED)' >&2; exit 1", r"who\? \(401", "databricks auth login"),
        ("echo 'Error: slow (429 X)' >&2; exit 1", "slow", "some minutes"),
        ("echo 'Error: a' >&2; echo 'Error: b' >&2; echo 'Error: a' >&2; exit 1", "bundle plan: a; b$", "again"),
        ("echo 'panic: oh no' >&2; exit 2", "panic: oh no", "again"),
        ("exit 9", "exit code 9 and said nothing", "again"),
        ("kill -9 $$", r"was killed \(signal 9\)", "again"),
        ("echo nonsense", "answered no JSON object", "-v"),
        ("echo '[]'", "answered no JSON object", "-v"),
    ],
)
def test_what_the_cli_says_is_one_message_with_the_next_step(bundle, script, message, hint):
    with pytest.raises(DatabricksError, match=message) as error:
        bundle(script).plan()
    assert hint in error.value.hint
    assert error.value.exit_code == 4


@pytest.mark.parametrize(
    ("script", "may_have_left_its_lock"),
    [
        ("echo 'Error: no (403)' >&2; exit 1", True),
        ("kill -9 $$", True),
        ("echo 'Error: deploy lock acquired by bob' >&2; exit 1", False),
    ],
)
def test_a_cli_that_fails_may_leave_its_lock_unless_it_never_got_it(bundle, script, may_have_left_its_lock):
    made = bundle(script)
    with pytest.raises(DatabricksError):
        made.unbind("daily")
    assert bool(made.failed) is may_have_left_its_lock


def test_no_token_gets_into_a_message(bundle, monkeypatch):
    monkeypatch.setenv("DATABRICKS_TOKEN", "hunter2-hunter2")
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", "s3cr3t-value")
    said = "hunter2-hunter2 s3cr3t-value dapi0123456789abcdef Bearer abc.def"
    with pytest.raises(DatabricksError) as error:
        bundle(f"echo 'Error: bad {said}' >&2; exit 1").plan()
    assert error.value.message == "databricks bundle plan: bad *** *** *** ***"
    assert without_secrets("nothing to hide", {}) == "nothing to hide"


def test_a_cli_that_hangs_is_ended(bundle):
    began = time.monotonic()
    with pytest.raises(DatabricksError, match="did not end within"):
        bundle("sleep 60").destroy(patience=0.3)
    assert time.monotonic() - began < 10


def test_the_first_interruption_lets_a_change_be_finished_and_nothing_begins_after_it(bundle, tmp_path, capfd):
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        bundle("sleep 1.5; touch done").deploy(tmp_path / "plan.json", patience=30)
    assert (tmp_path / "done").exists()
    assert "bundle deploy finishes what it has begun; ^C again kills it." in capfd.readouterr().err


def test_an_interruption_gives_the_cli_no_more_time(bundle, tmp_path):
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(DatabricksError, match="did not end within"):
        bundle("sleep 60").deploy(tmp_path / "plan.json", patience=1.5)
    assert time.monotonic() - began < 2.5


def test_an_interruption_ends_what_changes_nothing(bundle, tmp_path):
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        bundle("sleep 5; touch done").plan()
    assert not (tmp_path / "done").exists()
