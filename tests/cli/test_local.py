"""``framework local``."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework.cli.app import app
from framework.local.engine_control import EngineState

_STOPPED = EngineState(state="stopped")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "projects" / "shop").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "projects" / "shop")
    return tmp_path


def framework(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "framework", "local", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


def test_nothing_runs(repository):
    shown = [CliRunner().invoke(app, ["local", *command]) for command in (["status"], ["stop"], ["stop", "--force"])]
    as_json = CliRunner().invoke(app, ["local", "status", "-o", "json"])

    assert [(result.exit_code, result.stdout) for result in shown] == [(0, "The local engine is not running.\n")] * 3
    assert (as_json.exit_code, json.loads(as_json.stdout)["state"], json.loads(as_json.stdout)["pid"]) == (
        0,
        "stopped",
        None,
    )
    assert not (repository / ".framework").exists()


@pytest.mark.parametrize("command", ["start", "stop", "status"])
def test_outside_of_a_repository_the_error_says_so(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(app, ["local", command])

    assert result.exit_code == 2
    assert f"Error: no projects/ in {tmp_path} or above it" in result.stderr


def test_a_bundle_has_an_engine_of_its_own(repository, monkeypatch):
    bundle = repository / "bundle"
    (bundle / "resources").mkdir(parents=True)
    (bundle / "databricks.yml").write_text("bundle: {name: b}")
    seen = []
    monkeypatch.setattr("framework.local.engine_control.look", lambda paths: seen.append(paths.root) or _STOPPED)

    for directory, arguments in ((repository, ["--bundle", "bundle"]), (bundle / "resources", []), (repository, [])):
        monkeypatch.chdir(directory)
        assert CliRunner().invoke(app, ["local", "status", *arguments]).exit_code == 0

    assert seen == [bundle, bundle, repository]


def test_a_directory_that_is_no_bundle_is_refused(repository):
    result = CliRunner().invoke(app, ["local", "status", "--bundle", str(repository)])

    assert (result.exit_code, f"Error: no bundle in {repository}" in result.stderr) == (2, True)


@pytest.mark.parametrize("minutes", ["0", "-1", "soon", "99999"])
def test_an_idle_time_that_is_none_is_refused(repository, minutes):
    assert CliRunner().invoke(app, ["local", "start", "--idle", minutes]).exit_code == 2
    assert not (repository / ".framework").exists()


def test_a_start_without_the_extra_names_what_is_missing(repository, monkeypatch):
    monkeypatch.setattr("framework.local.launch.find_spec", lambda name: None)

    result = CliRunner().invoke(app, ["local", "start"])

    assert result.exit_code == 1
    assert "pyspark, delta, deltalake, mlflow" in result.stderr
    assert "pip install 'bundle-framework[local]'" in result.stderr


@pytest.mark.spark
def test_an_engine_is_started_seen_and_stopped(repository):
    started = framework("start", "--idle", "5")
    try:
        again, kept, text = framework("start", "--idle", "7"), framework("start"), framework("status")
        seen = json.loads(framework("status", "-o", "json").stdout)
    finally:
        stopped = framework("stop")

    assert started.returncode == 0, started.stderr
    assert started.stdout == (
        f"The local engine is ready: process {seen['pid']}, Spark {seen['spark_version']}; "
        "it ends after 5 min 00 s without a run.\n"
    )
    assert "starting local Spark\n" in started.stderr
    assert again.stdout.startswith(f"The local engine was running already: process {seen['pid']}, ")
    assert "it ends after 7 min 00 s without a run" in kept.stdout
    assert (seen["state"], seen["runs"], seen["attempts"], seen["idle_seconds"]) == ("ready", 0, 0, 420)
    assert text.stdout.startswith("The local engine is ready.\n")
    assert "0 runs, 0 attempts" in text.stdout
    assert not (repository / ".framework/engine/warm_up/stderr.log").read_text()
    since = datetime.fromisoformat(seen["since"]).astimezone()
    assert f"{since:%Y-%m-%d %H:%M:%S} " in text.stdout, "as a clock on the wall says it"
    assert stopped.stdout == f"The local engine (process {seen['pid']}) was ended.\n"
    assert framework("status").stdout == "The local engine is not running.\n"
