"""Releases and records in a workspace: whole or not there, never changed, and found again."""

import hashlib
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from framework.core.errors import DatabricksError, DatabricksRefused, FrameworkError
from framework.deploy.release import keep
from framework.deploy.store import ReleaseStore
from framework.deploy.workspace import client
from framework.records.releases import Deployment, Release, release_id
from framework.testing.fake_workspace import FakeWorkspace, Fault

ROOT = "/Workspace/framework/prod"
JOBS = "00000000-0000-0000-0000-000000000002"
IMPORT = "POST /api/2.0/workspace/import"
CONTENTS = {
    "bundle/databricks.yml": b"bundle: {name: shop}\n",
    "bundle/resources/demand.job.yml": b"resources: {}\n",
    "plans/demand.json": b"{}\n",
    "files/notebooks/count.py": b"# Databricks notebook source\nprint(1)\n",
    "files/notebooks/show.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n',
    "files/sql/region.sql": b"-- Databricks notebook source\nselect 1\n",
    "files/sql/report.sql": b"select 1\n",
    "files/scripts/tidy.py": b"print(1)\n",
    "wheels/shop-1+0123-py3-none-any.whl": b"PK\x03\x04 shop",
    "wheels/bundle_framework-0.1+4567-py3-none-any.whl": b"PK\x03\x04 runtime",
    "requirements.txt": b"numpy==2.1.0\n",
}


@pytest.fixture
def workspace(fake_workspace: FakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> FakeWorkspace:
    """A workspace that this process is logged in to."""
    for name, value in fake_workspace.environment.items():
        monkeypatch.setenv(name, value)
    fake_workspace.add_service_principal(JOBS)
    return fake_workspace


@pytest.fixture
def store(workspace: FakeWorkspace) -> ReleaseStore:
    return ReleaseStore(client(workspace.url, retry_seconds=2), ROOT, "shop")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A release, in ``tmp_path / release.id``."""
    return made(tmp_path)


def made(into: Path, **changed: bytes) -> Release:
    contents = {**CONTENTS, **changed}
    files = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    wheels = sorted(path.removeprefix("wheels/") for path in contents if path.startswith("wheels/"))
    names = dict(zip(("runtime_wheel", "project_wheel"), wheels, strict=True))
    release = Release(id=release_id(files), project="shop", target="prod", files=files, **names)
    keep(release, contents, into)
    return release


def deployed(number: int, release: str, **fields: object) -> Deployment:
    at = f"2024-03-0{number}T10:00:00.000+00:00"
    deployment = Deployment(id=f"d{number}", project="shop", target="prod", release=release, started_at=at)
    return replace(deployment, **fields)


def below(workspace: FakeWorkspace, release: Release) -> set[str]:
    home = f"/framework/prod/shop/releases/{release.id}/"
    return {path.removeprefix(home) for path in workspace.files if path.startswith(home)}


def changes(workspace: FakeWorkspace) -> list[str]:
    return [f"{each.method} {each.path}" for each in workspace.requests if each.method != "GET"]


def test_a_release_is_there_as_jobs_refer_to_it(workspace, store, release, tmp_path):
    assert not store.has(release.id)

    assert store.upload(tmp_path / release.id, release) == len(CONTENTS)

    assert store.has(release.id)
    notebooks = {"files/notebooks/count.py", "files/notebooks/show.ipynb", "files/sql/region.sql"}
    expected = {path.rpartition(".")[0] if path in notebooks else path for path in CONTENTS}
    assert below(workspace, release) == {*expected, "release.json"}
    home = store.release_path(release.id)
    assert workspace.read(f"{home}/plans/demand.json") == CONTENTS["plans/demand.json"]
    kinds = {path: each["object_type"] for path, each in workspace.state.objects.items()}
    assert kinds[f"{home}/files/notebooks/count".removeprefix("/Workspace")] == "NOTEBOOK"
    assert kinds[f"{home}/files/scripts/tidy.py".removeprefix("/Workspace")] == "FILE"


def test_a_second_upload_sends_nothing(workspace, store, release, tmp_path):
    store.upload(tmp_path / release.id, release, {"service_principal_name": JOBS})
    workspace.requests.clear()

    assert store.upload(tmp_path / release.id, release, {"service_principal_name": JOBS}) == 0
    assert changes(workspace) == []


def test_what_the_jobs_run_as_may_read_it_and_no_more(workspace, store, release, tmp_path):
    store.upload(tmp_path / release.id, release, {"service_principal_name": JOBS})
    jobs = ReleaseStore(client_of(workspace, JOBS), ROOT, "shop")

    assert jobs.has(release.id)
    with pytest.raises(DatabricksRefused, match="does not have Edit permissions") as refused:
        jobs.note(deployed(1, release.id))
    assert refused.value.status == 403
    assert "It takes CAN_EDIT" in refused.value.hint


def test_who_may_do_more_does_not_lose_it(workspace, store, release, tmp_path):
    workspace.allow(f"{ROOT}/shop", JOBS, "CAN_MANAGE")
    store.upload(tmp_path / release.id, release, {"service_principal_name": JOBS})

    ReleaseStore(client_of(workspace, JOBS), ROOT, "shop").note(deployed(1, release.id))


def client_of(workspace: FakeWorkspace, name: str):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABRICKS_TOKEN", workspace.token_of(name))
        return client(workspace.url, retry_seconds=1)


@pytest.mark.parametrize("number", range(0, len(CONTENTS) + 1, 3))
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_upload_that_is_broken_off_is_not_whole_and_the_next_one_ends_it(
    number, when, workspace, store, release, tmp_path
):
    workspace.faults.add(Fault(IMPORT, skip=number, status=500, when=when))

    with pytest.raises(DatabricksRefused, match="a fault on purpose"):
        store.upload(tmp_path / release.id, release)
    whole_already = when == "after" and number == len(CONTENTS)
    assert store.has(release.id) == whole_already

    store.upload(tmp_path / release.id, release)
    assert store.has(release.id)
    assert len(below(workspace, release)) == len(CONTENTS) + 1
    assert store.upload(tmp_path / release.id, release) == 0


def test_a_file_that_is_cut_short_is_written_again(workspace, store, release, tmp_path):
    workspace.write(f"{store.release_path(release.id)}/plans/demand.json", b"{")

    store.upload(tmp_path / release.id, release)

    assert workspace.read(f"{store.release_path(release.id)}/plans/demand.json") == CONTENTS["plans/demand.json"]


def test_what_somebody_deleted_is_brought_back(workspace, store, release, tmp_path):
    store.upload(tmp_path / release.id, release)
    with pytest.raises(FrameworkError, match=r"plans/demand.json is missing"):
        client(workspace.url).workspace.delete(f"{store.release_path(release.id)}/plans/demand.json")
        store.download(release.id, tmp_path / "down")

    assert store.upload(tmp_path / release.id, release) == 1
    assert store.download(release.id, tmp_path / "down") == release


@pytest.mark.parametrize("fault", [Fault(IMPORT, cut=True), Fault(IMPORT, cut=True, when="after")])
def test_a_cut_connection_is_tried_again(fault, workspace, store, release, tmp_path):
    workspace.faults.add(fault)

    store.upload(tmp_path / release.id, release)

    assert len(below(workspace, release)) == len(CONTENTS) + 1


def test_two_uploads_at_once_make_one_release(workspace, store, release, tmp_path):
    errors: list[BaseException] = []

    def upload() -> None:
        try:
            ReleaseStore(client(workspace.url), ROOT, "shop").upload(tmp_path / release.id, release)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=upload) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert errors == []
    assert store.download(release.id, tmp_path / "down") == release


def test_a_download_is_the_bundle_as_it_was(workspace, store, release, tmp_path):
    store.upload(tmp_path / release.id, release)

    assert store.download(release.id, tmp_path / "down") == release
    bundle = tmp_path / "down" / release.id / "bundle"
    assert (bundle / "databricks.yml").read_bytes() == CONTENTS["bundle/databricks.yml"]
    assert (bundle / "resources/demand.job.yml").is_file()


def test_a_bundle_that_was_changed_in_the_workspace_is_not_deployed(workspace, store, release, tmp_path):
    store.upload(tmp_path / release.id, release)
    workspace.write(f"{store.release_path(release.id)}/bundle/databricks.yml", b"bundle: {name: evil}\n")

    with pytest.raises(FrameworkError, match=r"bundle/databricks.yml was changed"):
        store.download(release.id, tmp_path / "down")
    assert not (tmp_path / "down").exists()


def test_a_release_that_is_not_there_is_named(store, tmp_path):
    with pytest.raises(FrameworkError, match=f"there is no release 0123456789abcdef in {ROOT}/shop"):
        store.download("0123456789abcdef", tmp_path)


def test_files_that_changed_since_they_were_staged_are_not_sent(workspace, store, release, tmp_path):
    (tmp_path / release.id / "plans/demand.json").write_text("[]")

    with pytest.raises(FrameworkError, match="was changed"):
        store.upload(tmp_path / release.id, release)
    assert changes(workspace) == []


def test_a_large_file_goes_the_way_that_has_no_limit(workspace, store, tmp_path):
    large = made(tmp_path, **{"files/model.bin": b"0" * 10_000_001})

    store.upload(tmp_path / large.id, large)

    assert any("import-file" in each for each in changes(workspace))
    assert "files/model.bin" in below(workspace, large)


def test_deployments_are_told_in_their_order_with_how_they_ended(store):
    first, second = deployed(1, "a" * 16), deployed(2, "b" * 16)
    ended = replace(first, ended_at="2024-03-01T10:01:00.000+00:00", result="succeeded")
    for each in (second, first, ended):
        store.note(each)

    assert store.deployments() == [ended, second]


def test_a_record_is_never_overwritten(store):
    store.note(deployed(1, "a" * 16))
    store.note(deployed(1, "b" * 16))

    assert [each.release for each in store.deployments()] == ["a" * 16]


def test_a_project_that_was_never_deployed_has_no_past(store):
    assert (store.deployments(), store.releases(), store.prune(0)) == ([], [], [])


def test_old_releases_go_and_those_in_use_stay(workspace, store, tmp_path):
    releases = [made(tmp_path, **{"plans/demand.json": str(number).encode()}) for number in range(4)]
    for number, each in enumerate(releases, 1):
        store.upload(tmp_path / each.id, each)
        place = "/elsewhere" if number == 1 else ""
        store.note(deployed(number, each.id, result="succeeded", root_path=place))
    oldest, older, last_but_one, last = releases

    assert store.holds_more_than(3)
    assert store.prune(2) == [older.id]
    assert not store.holds_more_than(3)
    assert {each.id for each in store.releases()} == {oldest.id, last_but_one.id, last.id}
    assert below(workspace, older) == set()


def test_what_jobs_may_refer_to_stays_however_often_a_deployment_failed_since(workspace, store, tmp_path):
    live, tried, unused = (made(tmp_path, **{"plans/demand.json": str(number).encode()}) for number in range(3))
    for each in (live, tried, unused):
        store.upload(tmp_path / each.id, each)
    for number in range(30):
        result, release = ("succeeded", live.id) if number == 2 else ("failed", tried.id)
        minute = {"started_at": f"2024-03-01T10:{number:02}:00.000+00:00", "id": f"d{number}"}
        record = deployed(1, unused.id if number < 2 else release, result=result, **minute)
        workspace.write(f"{ROOT}/shop/deployments/{record.name}.started.json", json.dumps(record.as_dict()).encode())

    assert store.prune(0) == [unused.id]


def test_whoever_clears_away_ends_in_time(store, release, tmp_path):
    store.upload(tmp_path / release.id, release)

    assert store.prune(0, lambda: False) == []
    assert store.has(release.id)


def test_a_release_that_is_half_deleted_does_not_look_whole(workspace, store, release, tmp_path):
    store.upload(tmp_path / release.id, release)
    workspace.faults.add(Fault("POST /api/2.0/workspace/delete", skip=1, status=500))

    with pytest.raises(DatabricksError):
        store.prune(0)
    assert store.releases() == []
    assert store.prune(0) == [release.id]


def test_a_record_that_is_broken_is_named(workspace, store) -> None:
    workspace.write(f"{ROOT}/shop/deployments/20240301T100000000Z-d1.started.json", b"oops")

    with pytest.raises(FrameworkError, match=r"d1.started.json is not the record of a deployment: it is not JSON"):
        store.deployments()
    told: list[FrameworkError] = []
    assert store.deployments(broken=told.append) == []
    assert "d1.started.json" in told[0].message
