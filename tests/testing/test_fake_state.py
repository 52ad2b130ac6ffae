"""The state of the fake workspace: kept in a directory, and the same for the same requests."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from framework.testing.fake_workspace import FakeWorkspace, State
from framework.testing.fake_workspace.api.workspace_files import stored_path


def test_everything_is_there_after_a_restart(tmp_path):
    with FakeWorkspace(directory=tmp_path) as first:
        first.add_user("ana@example.com", ["data"])
        first.write("/Shared/a.bin", b"\x00\xff")
        first.add_securable("schema", "dev.features")
        first.grant("schema:dev.features", "data", "SELECT")
    with FakeWorkspace(directory=tmp_path) as second:
        assert second.read("/Shared/a.bin") == b"\x00\xff"
        assert second.state == first.state
        assert second.token_of("ana@example.com") == first.token_of("ana@example.com")


def test_a_request_is_kept_at_once(tmp_path, monkeypatch):
    from databricks.sdk import WorkspaceClient

    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none.cfg"))
    with FakeWorkspace(directory=tmp_path / "state") as workspace:
        WorkspaceClient(host=workspace.url, token=workspace.token).jobs.create(name="weekly")

        on_disk = State.load(tmp_path / "state")

    assert [job["settings"]["name"] for job in on_disk.jobs.values()] == ["weekly"]


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"bundle": {}}), json.dumps({"jobs": []}), b"\xff"])
def test_another_file_of_that_name_is_left_alone(tmp_path, content):
    content = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "state.json").write_bytes(content)

    with pytest.raises(ValueError, match="is not the state of a fake workspace"):
        FakeWorkspace(directory=tmp_path)

    assert (tmp_path / "state.json").read_bytes() == content


def test_a_place_that_can_hold_no_state_is_one_clear_message(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "broken" / "state.json").mkdir(parents=True)
    with FakeWorkspace(directory=tmp_path / "lost") as workspace:
        workspace.write("/Shared/a.txt", b"a")
    for each in (tmp_path / "lost" / "contents").iterdir():
        each.unlink()

    with pytest.raises(ValueError, match=r"file/state\.json cannot be read: Not a directory"):
        FakeWorkspace(directory=tmp_path / "file")
    with pytest.raises(ValueError, match=r"broken/state\.json cannot be read: Is a directory"):
        FakeWorkspace(directory=tmp_path / "broken")
    with pytest.raises(ValueError, match=r"is missing, which .*lost/state\.json refers to"):
        FakeWorkspace(directory=tmp_path / "lost")
    with pytest.raises(ValueError, match="/proc/1/nothing cannot be written to"):
        FakeWorkspace(directory=Path("/proc/1/nothing"))


def test_a_copy_goes_its_own_way():
    with FakeWorkspace() as workspace:
        workspace.write("/Shared/a.txt", b"a")
        copy = workspace.state.copy()
        workspace.write("/Shared/a.txt", b"b")

    with FakeWorkspace(state=copy) as second:
        assert second.read("/Shared/a.txt") == b"a"


def test_the_same_requests_make_the_same_ids():
    def ids():
        with FakeWorkspace() as workspace:
            workspace.add_user("ana@example.com", ["data"])
            return workspace.state.principals, workspace.state.groups, workspace.state.next_id

    assert ids() == ids()


@given(some.lists(some.sampled_from(["Workspace", "Shared", "Users", "..", ".", "a b", "ä"]), max_size=6))
@settings(deadline=None)
def test_a_path_is_stored_in_one_way(parts):
    path = stored_path("/" + "/".join(parts))

    assert path.startswith("/")
    assert ".." not in path.split("/")
    assert not path.startswith("/Workspace") or parts.count("Workspace") > 1
    assert path == "/" or not path.endswith("/")
