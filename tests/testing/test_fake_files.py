"""Workspace files, notebooks, directories and files of volumes."""

import io

import pytest
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceAlreadyExists, ResourceConflict
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType


def test_a_file_comes_back_as_it_was(client):
    client.workspace.mkdirs("/Workspace/Shared/example")
    client.workspace.upload("/Workspace/Shared/example/a.json", b"{}", format=ImportFormat.AUTO)

    status = client.workspace.get_status("/Workspace/Shared/example/a.json")

    assert client.workspace.download("/Workspace/Shared/example/a.json").read() == b"{}"
    assert (status.object_type, status.size) == (ObjectType.FILE, 2)


def test_the_path_without_workspace_is_the_same_object(client):
    client.workspace.upload("/Workspace/Shared/a.txt", b"a", format=ImportFormat.AUTO)

    assert client.workspace.download("/Shared/a.txt").read() == b"a"
    assert [each.path for each in client.workspace.list("/Workspace/Shared")] == ["/Workspace/Shared/a.txt"]
    assert [each.path for each in client.workspace.list("/Shared")] == ["/Shared/a.txt"]


def test_a_notebook_loses_its_suffix(client):
    source = b"# Databricks notebook source\nprint(1)"
    client.workspace.upload("/Shared/report.py", source, format=ImportFormat.AUTO)

    status = client.workspace.get_status("/Shared/report")

    assert (status.object_type, status.language) == (ObjectType.NOTEBOOK, Language.PYTHON)
    assert client.workspace.download("/Shared/report", format=ExportFormat.SOURCE).read() == source


def test_nothing_is_overwritten_unless_asked(client):
    client.workspace.upload("/Shared/a.txt", b"first", format=ImportFormat.AUTO)

    with pytest.raises((ResourceAlreadyExists, ResourceConflict)):
        client.workspace.upload("/Shared/a.txt", b"second", format=ImportFormat.AUTO)
    client.workspace.upload("/Shared/a.txt", b"third", format=ImportFormat.AUTO, overwrite=True)

    assert client.workspace.download("/Shared/a.txt").read() == b"third"


def test_the_directory_must_be_there(client):
    with pytest.raises(NotFound, match="parent folder"):
        client.workspace.upload("/Shared/no/a.txt", b"a", format=ImportFormat.AUTO)


def test_the_one_request_upload_of_the_cli(fake_workspace, client):
    path = "/api/2.0/workspace-files/import-file/Workspace%2FShared%2Fa.bin"

    client.api_client.do("POST", path, query={"overwrite": "false"}, data=b"\x00\xff", headers={"Content-Type": "x/y"})

    assert fake_workspace.read("/Workspace/Shared/a.bin") == b"\x00\xff"


def test_a_directory_is_deleted_with_what_is_in_it_only_when_asked(client, fake_workspace):
    fake_workspace.write("/Shared/example/deep/a.txt", b"a")

    with pytest.raises(BadRequest, match="not empty"):
        client.workspace.delete("/Shared/example")
    client.workspace.delete("/Shared/example", recursive=True)

    with pytest.raises(NotFound):
        client.workspace.get_status("/Shared/example")
    assert fake_workspace.files == []


def test_what_one_may_not_read_is_not_there_and_not_to_be_written(client_of, fake_workspace):
    fake_workspace.add_user("ana@example.com", ["data"])
    fake_workspace.write("/framework/prod/a.txt", b"a")
    ana = client_of("ana@example.com")

    with pytest.raises(NotFound):
        ana.workspace.get_status("/framework/prod/a.txt")
    with pytest.raises(PermissionDenied):
        ana.workspace.mkdirs("/framework/prod/b")

    fake_workspace.allow("/framework/prod", "data", "CAN_MANAGE")
    ana.workspace.mkdirs("/framework/prod/b")
    assert ana.workspace.download("/framework/prod/a.txt").read() == b"a"


def test_everybody_has_a_home(client_of, fake_workspace):
    fake_workspace.add_user("ana@example.com")

    client_of("ana@example.com").workspace.mkdirs("/Workspace/Users/ana@example.com/project")

    assert "/Users/ana@example.com/project" in fake_workspace.state.objects


def test_files_of_a_volume(client, fake_workspace):
    fake_workspace.add_securable("schema", "dev.raw")
    fake_workspace.add_securable("volume", "dev.raw.landing")

    client.files.upload("/Volumes/dev/raw/landing/2024/a.csv", io.BytesIO(b"a,b\n"))

    assert client.files.download("/Volumes/dev/raw/landing/2024/a.csv").contents.read() == b"a,b\n"
    (entry,) = client.files.list_directory_contents("/Volumes/dev/raw/landing/2024")
    assert (entry.name, entry.file_size) == ("a.csv", 4)
    with pytest.raises(NotFound, match="Volume"):
        client.files.upload("/Volumes/dev/raw/other/a.csv", io.BytesIO(b""))
