"""``framework doctor``: real programs on a PATH of the test's own, real files in a home of its own."""

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework.cli.app import app
from framework.core.errors import LocalEngineError
from framework.local.doctor import checkout, engine, machine, workspace
from framework.local.doctor.checkup import State

SECRET = "dapi" + "0" * 30
HOST = "https://a.example"
JARS = ("delta-spark_4.2_2.13-4.4.0.jar", "delta-storage-4.4.0.jar")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with no configuration, and a checkout in it as the working directory."""
    for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_CONFIG_FILE", "DATABRICKS_CONFIG_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FRAMEWORK_JARS_DIR", str(tmp_path / "jars"))
    (tmp_path / "jars").mkdir()
    for name in JARS:
        (tmp_path / "jars" / name).touch()
    project = tmp_path / "shop" / "projects" / "demand"
    project.mkdir(parents=True)
    (project / "project.yml").write_text("name: demand\n")
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path


@pytest.fixture
def install(home: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a program on PATH: its name, and the lines of its shell script."""
    folder = home / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def put(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return put


def doctor(*arguments: str) -> tuple[int, dict]:
    result = CliRunner().invoke(app, ["doctor", "-o", "json", *arguments])
    return result.exit_code, json.loads(result.stdout)


def test_each_check_is_a_line_and_what_to_do_another(home, install):
    install("databricks", "echo 'Databricks CLI v1.14.2'")

    result = CliRunner().invoke(app, ["doctor"])

    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"ok       databricks  1.14.2 at {home}/bin/databricks" in lines
    assert f"ok       projects    1 in {home}/shop: demand" in lines
    place = lines.index(f"problem  login       neither DATABRICKS_HOST nor {home}/.databrickscfg is there")
    assert lines[place + 1].strip() == "→ Log in: databricks auth login --host https://<your workspace>"
    assert lines[-2:] == ["framework run: ready", "deploying: not ready: git, login"]


def test_what_only_a_deployment_needs_fails_where_it_is_asked_for(home):
    (code, found), (deploying, _) = doctor(), doctor("--deploy")

    assert (code, deploying) == (0, 1)
    assert found["ready"] == {"run": True, "deploy": False}
    assert {check["name"]: check["needed_for"] for check in found["checks"]}["login"] == "deploy"


def test_what_a_run_needs_fails(home):
    (home / "jars" / JARS[0]).unlink()

    code, found = doctor()

    jars = next(check for check in found["checks"] if check["name"] == "jars")
    assert (code, found["ready"]["run"], jars["state"]) == (1, False, "problem")
    assert jars["found"] == f"{home}/jars does not have {JARS[0]}"
    assert "unset FRAMEWORK_JARS_DIR" in jars["advice"]


def test_nobody_is_asked_but_the_programs_here(home, install):
    install("databricks", "echo 'Databricks CLI v1.14.2'; echo \"$@\" >> $HOME/asked")

    doctor()

    assert (home / "asked").read_text() == "-v\n"


@pytest.mark.parametrize(
    ("script", "state", "words"),
    [
        ("echo 'Databricks CLI v1.14.0'", "ok", "1.14.0"),
        ("echo 'Databricks CLI v2.0.0-rc1'", "ok", "2.0.0"),
        ("echo 'Databricks CLI v0.240.0'", "problem", "1.14 or later is needed"),
        ("echo 'Version 0.18.0'", "problem", "pip uninstall databricks-cli"),
        ("exit 1", "problem", "does not say its version"),
    ],
)
def test_the_databricks_cli(script, state, words, home, install):
    install("databricks", script)

    found = workspace.databricks_cli()

    assert found.state == state
    assert words in f"{found.found} {found.advice}"


@pytest.mark.parametrize(
    ("config", "environment", "state", "found"),
    [
        ("[DEFAULT]\nhost = {h}\ntoken = {s}", {}, "ok", f"{HOST} by profile DEFAULT, with a token"),
        (
            "[d]\nhost = {h}\nauth_type = azure-cli",
            {"CONFIG_PROFILE": "d"},
            "ok",
            f"{HOST} by profile d, with azure-cli",
        ),
        ("[dev]\nhost = {h}\ntoken = {s}", {}, "problem", "no profile 'DEFAULT' in"),
        ("[DEFAULT]\ntoken = {s}", {}, "problem", "profile DEFAULT names no host of a workspace"),
        ("[DEFAULT]\nhost = https://u:{s}@a.example/?x={s}", {}, "warning", f"{HOST} by profile DEFAULT, without"),
        ("[DEFAULT]\nhost {h}\n{s}", {}, "problem", "cannot be read"),
        ("[DEFAULT]\nhost = https://[{s}", {}, "problem", "names no host"),
        ("", {"HOST": "a.example", "TOKEN": SECRET}, "ok", f"{HOST} by DATABRICKS_HOST, with a token"),
        ("", {"HOST": "http://127.0.0.1:8123", "TOKEN": SECRET}, "ok", "http://127.0.0.1:8123 by"),
        ("", {"HOST": HOST}, "warning", "without a way to log in"),
    ],
)
def test_the_login_is_told_without_its_secrets(config, environment, state, found, home, monkeypatch):
    if config:
        (home / ".databrickscfg").write_text(config.format(h=HOST, s=SECRET))
    for name, value in environment.items():
        monkeypatch.setenv(f"DATABRICKS_{name}", value)

    result = CliRunner().invoke(app, ["doctor", "-o", "json"])

    login = next(check for check in json.loads(result.stdout)["checks"] if check["name"] == "login")
    assert login["state"] == state
    assert found in login["found"]
    assert SECRET not in result.output


@pytest.mark.parametrize(
    ("script", "state"), [('echo \'{"userName": "ana@a.example"}\'', "ok"), ("echo refused >&2; exit 1", "problem")]
)
def test_the_workspace_is_asked_when_told_to(script, state, home, install):
    install("databricks", f'if [ "$1" = -v ]; then echo v1.14.0; else {script}; fi')

    _, found = doctor("--online")

    assert found["checks"][-1]["name"] == "workspace"
    assert found["checks"][-1]["state"] == state


def test_git(home, monkeypatch):
    root = home / "shop"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, timeout=30)

    outside = checkout.git(root)
    git("init", "--initial-branch=main")
    unknown = checkout.git(root)
    git("config", "user.name", "Ana")
    git("config", "user.email", "ana@a.example")
    dirty = checkout.git(root)
    git("add", ".")
    git("commit", "-m", "x")
    clean = checkout.git(root)

    assert [found.state for found in (outside, unknown, dirty, clean)] == ["problem", "warning", "warning", "ok"]
    assert "is in no repository" in outside.found
    assert "does not know who you are" in unknown.found
    assert "on main, without a commit" in unknown.found
    assert dirty.found.endswith("1 file not committed")
    assert clean.found.endswith("on main; everything is committed")


def test_outside_of_a_checkout_there_is_something_to_say(tmp_path):
    found = checkout.projects(tmp_path)

    assert (found.state, found.found) == (State.WARNING, f"no projects/ in {tmp_path} or above it")


@pytest.mark.parametrize(
    ("requirements", "state", "found"),
    [
        (["pytest>=1,<99", "nonesuch>=1; extra == 'other'"], "ok", "all there"),
        (["pytest<2"], "problem", "and <2 is needed"),
        (["nonesuch[extra]>=1 ; extra == 'local'"], "problem", "nonesuch is missing"),
        (["pandas<3,>=2.2"], "ok", "pandas 2"),
    ],
)
def test_packages(requirements, state, found):
    checkup = engine.packages(requirements)

    assert checkup.state == state
    assert found in checkup.found


def test_no_java_is_a_problem_with_the_engines_own_words(monkeypatch):
    def none(*_: object) -> None:
        raise LocalEngineError("no Java 17 or 21 for local Spark", hint="run: pip install 'bundle-framework[local]'")

    monkeypatch.setattr("framework.local.java.find", none)

    found = engine.java()

    assert (found.state, found.found) == (State.PROBLEM, "no Java 17 or 21 for local Spark")
    assert found.advice == "run: pip install 'bundle-framework[local]'"


@pytest.mark.parametrize("release", ["", 'JAVA_VERSION="1.8.0_402"\nMODULES="java.base"\n'])
def test_a_java_home_that_is_not_used_is_told(release, tmp_path, monkeypatch):
    if release:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/java").touch(mode=0o755)
        (tmp_path / "release").write_text(release)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    found = engine.java()

    assert found.state == State.WARNING
    assert f"; JAVA_HOME={tmp_path} {'is Java 8' if release else 'has no Java that works'}" in found.found


def test_ivy_settings_that_are_not_there_are_told(home, monkeypatch):
    monkeypatch.setenv("FRAMEWORK_IVY_SETTINGS", "/nowhere.xml")

    assert (engine.jars().state, engine.jars().found) == (
        State.WARNING,
        "FRAMEWORK_IVY_SETTINGS=/nowhere.xml is no file",
    )


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("2g", "8.0 GB available"),
        ("lots", "8.0 GB available; FRAMEWORK_DRIVER_MEMORY=lots is no amount of memory"),
        ("2", "8.0 GB available; FRAMEWORK_DRIVER_MEMORY=2 is no amount of memory"),
        ("900G", "8.0 GB available; FRAMEWORK_DRIVER_MEMORY=900G is more than that"),
    ],
)
def test_the_memory_that_spark_is_told_to_take(setting, found, monkeypatch):
    monkeypatch.setenv("FRAMEWORK_DRIVER_MEMORY", setting)

    assert machine.memory(8 * 1024**3).found == found


@pytest.mark.parametrize(
    ("checkup", "state"),
    [
        (machine.python((3, 10, 4)), "problem"),
        (machine.python((3, 12, 1)), "ok"),
        (machine.python((3, 14, 0)), "warning"),
        (machine.system("win32"), "problem"),
        (machine.system("darwin"), "ok"),
        (machine.memory(8 * 1024**3), "ok"),
        (machine.memory(1024**3), "warning"),
        (machine.memory(1024**2), "problem"),
    ],
)
def test_the_machine(checkup, state):
    assert checkup.state == state
    assert bool(checkup.advice) == (state != "ok")
