"""Logging in, and what is said when a workspace refuses: one line, the next command, no token."""

import re
import socket
import time
from pathlib import Path

import pytest

from framework.core.errors import DatabricksError, DatabricksRefused
from framework.deploy.workspace import asking, client, login_advice
from framework.deploy.workspace_files import WorkspaceFiles, is_notebook, path_of
from framework.testing.fake_workspace import FakeWorkspace, Fault

TOKEN = "made-up-login-of-nobody"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No login, wherever these tests run."""
    for name in ("HOST", "TOKEN", "CONFIG_PROFILE", "CLIENT_ID", "CLIENT_SECRET", "AUTH_TYPE"):
        monkeypatch.delenv(f"DATABRICKS_{name}", raising=False)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "databrickscfg"))
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def files(fake_workspace: FakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> WorkspaceFiles:
    monkeypatch.setenv("DATABRICKS_TOKEN", fake_workspace.token)
    return WorkspaceFiles(client(fake_workspace.url, retry_seconds=1))


def refused(files: WorkspaceFiles) -> DatabricksError:
    with pytest.raises(DatabricksError) as error:
        files.make("/Workspace/framework")
    assert error.value.exit_code == 4
    assert files.client.config.token not in str(error.value) + error.value.hint
    return error.value


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "databricks auth login"),
        (403, "It takes CAN_EDIT on the directory above"),
        (404, "may have deleted it"),
        (409, "Somebody else is at it"),
        (500, "a failure of the workspace"),
        (504, "took too long"),
    ],
)
def test_a_refusal_says_what_was_asked_and_what_to_do(status, advice, fake_workspace, files):
    fake_workspace.faults.add(Fault("POST *", status=status, message="no, thank you"))

    error = refused(files)

    assert error.message == "cannot make /Workspace/framework: no, thank you"
    assert advice in error.hint
    assert isinstance(error, DatabricksRefused)
    assert error.status == status


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_workspace_is_asked_again(status, fake_workspace, files):
    fake_workspace.faults.add(Fault("POST *", status=status, retry_after=0))
    files.make("/Workspace/framework")

    fake_workspace.faults.add(Fault("POST *", status=status, times=0, retry_after=1))
    assert "in a few minutes" in refused(files).hint


def test_a_login_that_is_not_valid_says_so(fake_workspace, monkeypatch):
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)

    error = refused(WorkspaceFiles(client(fake_workspace.url)))

    assert "databricks auth login" in error.hint
    assert TOKEN not in f"{error} {error.hint}"


def test_a_workspace_that_is_not_there_gave_no_answer(monkeypatch):
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken_port = taken.getsockname()[1]
        files = WorkspaceFiles(client(f"http://127.0.0.1:{taken_port}", retry_seconds=1))

        error = refused(files)

    assert "gave no answer (there is no connection to it)" in error.message
    assert f"The host is 127.0.0.1:{taken_port}. Check the target's 'host'" in error.hint


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("http://127.0.0.1:9", "there is no connection to it"),
        ("https://nowhere.invalid", "nobody knows its host's name"),
    ],
)
def test_where_nobody_listens_nobody_waits_long(monkeypatch, host, reason):
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
    began = time.monotonic()

    error = refused(WorkspaceFiles(client(host)))

    assert time.monotonic() - began < 10
    assert reason in error.message


def test_who_waits_is_told(fake_workspace, files, capsys):
    fake_workspace.faults.add(Fault("POST *", cut=True))
    WorkspaceFiles(client(fake_workspace.url, retry_seconds=10)).make("/Workspace/framework")
    assert re.fullmatch(
        r"no answer, trying again \(until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)\n", capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("token", "advice"), [(TOKEN, "DATABRICKS_TOKEN in the environment"), ("", "The login is not")]
)
def test_whose_login_it_is_that_is_not_valid(monkeypatch, token, advice):
    monkeypatch.setenv("DATABRICKS_TOKEN", token)
    assert login_advice().startswith(advice)


def test_no_login_says_how_to_log_in(fake_workspace):
    with pytest.raises(DatabricksError) as error:
        client(fake_workspace.url)

    assert f"no login for {fake_workspace.url} was found" in error.value.message
    assert f"databricks auth login --host {fake_workspace.url}" in error.value.hint
    assert "\n" not in error.value.message


def test_no_workspace_says_where_to_write_it(monkeypatch):
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)

    with pytest.raises(DatabricksError) as error:
        client()
    assert TOKEN not in error.value.message


def test_the_profile_of_the_host_is_the_login(fake_workspace, tmp_path):
    (tmp_path / "databrickscfg").write_text(
        f"[other]\nhost = https://example.invalid\ntoken = x\n[ours]\nhost = {fake_workspace.url}/\n"
        f"token = {fake_workspace.token}\n"
    )

    WorkspaceFiles(client(fake_workspace.url)).make("/Workspace/framework")


def test_a_profile_of_another_host_is_not_sent_there(fake_workspace, tmp_path, monkeypatch):
    (tmp_path / "databrickscfg").write_text(f"[other]\nhost = https://example.invalid\ntoken = {TOKEN}\n")
    monkeypatch.setenv("DATABRICKS_CONFIG_PROFILE", "other")

    with pytest.raises(DatabricksError, match=r"profile 'other' is for https://example.invalid"):
        client(fake_workspace.url)
    assert fake_workspace.requests == []


def test_a_broken_configuration_file_is_named(fake_workspace, tmp_path):
    (tmp_path / "databrickscfg").write_text(f"token = {TOKEN}\n")

    with pytest.raises(DatabricksError, match=r"databrickscfg cannot be read") as error:
        client(fake_workspace.url)
    assert TOKEN not in error.value.message


def test_our_own_mistakes_stay_what_they_are():
    with pytest.raises(KeyError), asking("count"):
        raise KeyError("x")


@pytest.mark.parametrize(
    ("path", "content", "stored"),
    [
        ("a/count.py", b"# Databricks notebook source\nprint(1)", "a/count"),
        ("a/count.py", b"\xef\xbb\xbf# Databricks notebook source\r\nprint(1)", "a/count"),
        ("a/count.py", b"print(1)", "a/count.py"),
        ("a/count.sql", b"-- Databricks notebook source\nselect 1", "a/count"),
        ("a/count.sql", b"# Databricks notebook source", "a/count.sql"),
        ("a/count.ipynb", b"{}", "a/count"),
        ("a/count.whl", b"PK\x03\x04", "a/count.whl"),
        ("a/count.py", b"", "a/count.py"),
    ],
)
def test_notebooks_have_no_suffix_in_a_workspace(path, content, stored):
    assert path_of(path, content) == stored
    assert is_notebook(path, content) == (path != stored)
