"""A compiled bundle and a project become a release: content with an id, the same wherever it is made."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.core.errors import FrameworkError, InvalidProject, UsageError
from framework.deploy.release import content_of, read_manifest, staged_release
from framework.records.releases import Release, release_id
from framework.runtime.provenance import origin_of


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one project and its bundle for prod."""
    root = tmp_path / "checkout"
    files = {
        "projects/shop/pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = ["numpy"]\n',
        "projects/shop/requirements.lock": "# by uv\nnumpy==2.1.0 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb\n",
        "projects/shop/src/shop/__init__.py": "",
        "bundles/shop/prod/databricks.yml": "bundle: {name: shop}\n",
        "bundles/shop/prod/resources/demand.job.yml": "resources: {}\n",
        "bundles/shop/prod/plans/demand.json": "{}\n",
        "bundles/shop/prod/files/notebooks/count.py": "# Databricks notebook source\n",
        "bundles/shop/prod/notebooks/task.py": "# Databricks notebook source\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def staged(checkout: Path, into: Path | None = None) -> Release:
    return staged_release(checkout / "bundles/shop/prod", checkout / "projects/shop", into or checkout / "releases")


def files_in(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def test_a_release_holds_all_that_its_jobs_refer_to(checkout):
    release = staged(checkout)
    directory = checkout / "releases" / release.id

    assert (release.project, release.target) == ("shop", "prod")
    assert files_in(directory) == {
        "release.json",
        "bundle/databricks.yml",
        "bundle/resources/demand.job.yml",
        "plans/demand.json",
        "files/notebooks/count.py",
        "notebooks/task.py",
        f"wheels/{release.project_wheel}",
        f"wheels/{release.runtime_wheel}",
        "requirements.txt",
    }
    assert read_manifest((directory / "release.json").read_bytes()) == release
    assert release.id == release_id(release.files)


def test_a_task_knows_the_release_that_it_is_of(checkout):
    release = staged(checkout)

    origin = origin_of(checkout / "releases" / release.id / "plans/demand.json")
    wheel = release.files[f"wheels/{release.project_wheel}"]
    assert (origin.release, origin.project_wheel) == (release.id, wheel[:16])


def test_packages_are_pinned_without_hashes_so_that_wheels_can_stand_beside_them(checkout):
    release = staged(checkout)

    assert (checkout / "releases" / release.id / "requirements.txt").read_text() == "numpy==2.1.0\n"


def test_without_a_lock_the_dependencies_stay_as_they_are_written(checkout):
    (checkout / "projects/shop/requirements.lock").unlink()
    release = staged(checkout)

    assert (checkout / "releases" / release.id / "requirements.txt").read_text() == "numpy\n"


def test_two_checkouts_make_one_release(checkout, tmp_path):
    other = Path(shutil.copytree(checkout, tmp_path / "elsewhere/other"))

    assert staged(other) == staged(checkout)


def test_a_second_staging_writes_nothing(checkout):
    release = staged(checkout)
    before = {path: path.stat().st_mtime_ns for path in (checkout / "releases").rglob("*")}

    assert staged(checkout) == release
    assert {path: path.stat().st_mtime_ns for path in (checkout / "releases").rglob("*")} == before


def test_a_release_that_was_damaged_is_made_again(checkout):
    release = staged(checkout)
    plan = checkout / "releases" / release.id / "plans/demand.json"
    plan.write_text("[]")

    assert staged(checkout) == release
    assert plan.read_text() == "{}\n"
    with pytest.raises(UsageError, match=r"plans/demand.json of release .* was changed"):
        plan.write_text("[]")
        content_of(checkout / "releases" / release.id, release, "plans/demand.json")


@pytest.mark.parametrize(
    "name",
    ["bundles/shop/prod/plans/demand.json", "projects/shop/src/shop/__init__.py", "projects/shop/requirements.lock"],
)
def test_every_part_counts(name, checkout):
    before = staged(checkout)
    (checkout / name).write_text("pandas==2.2.3\n")

    assert staged(checkout).id != before.id


def test_a_bundle_in_parts_stays_in_parts(checkout):
    whole = checkout / "bundles/shop/prod"
    for number in ("1", "2"):
        shutil.copytree(whole / "resources", whole / number / "resources")

    assert {f"bundle/{number}/resources/demand.job.yml" for number in "12"} < set(staged(checkout).files)


def test_what_was_staged_long_ago_goes_but_for_the_last_releases(checkout):
    releases, ids = checkout / "releases", []
    for number in range(8):
        (checkout / "projects/shop/src/shop/__init__.py").write_text(f"NUMBER = {number}\n")
        ids.append(staged(checkout).id)
    assert {path.name for path in releases.iterdir()} == {*ids, "wheels"}
    for days, each in enumerate(reversed(ids), 2):
        os.utime(releases / each, (0, time.time() - days * 86400))
    for wheel in releases.glob("wheels/shop*"):
        os.utime(wheel, (0, 0))
    (checkout / "projects/shop/src/shop/__init__.py").write_text("NUMBER = 0\n")

    assert staged(checkout).id == ids[0]
    assert {path.name for path in releases.iterdir()} == {ids[0], *ids[-4:], "wheels"}
    assert len(list(releases.glob("wheels/shop*"))) == 5


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--index-url https://me:pa55@packages.example.com/simple", "an address with a login in it"),
        ("-e .", "is not there on a cluster"),
        ("-r other.txt", "is not there on a cluster"),
        ("./wheels/x-1.0-py3-none-any.whl", "is not there on a cluster"),
        ("numpy=2.1", "is not a requirement"),
    ],
)
def test_a_lock_that_no_cluster_can_install_is_refused_at_its_line(line, said, checkout):
    (checkout / "projects/shop/requirements.lock").write_text(f"pandas==2.2.3\n{line}\n")

    with pytest.raises(InvalidProject, match=said) as refused:
        staged(checkout)
    assert str(refused.value.found.items[0].location) == "projects/shop/requirements.lock:2:1"
    assert "pa55" not in str(refused.value.found.items[0])
    assert not list((checkout / "releases").glob("????????????????"))


def test_a_package_index_may_take_its_login_from_the_clusters_environment(checkout):
    line = "--index-url https://${USER}:${TOKEN}@packages.example.com/simple"
    (checkout / "projects/shop/requirements.lock").write_text(f"{line}\nnumpy==2.1.0\n")
    release = staged(checkout)

    assert (checkout / "releases" / release.id / "requirements.txt").read_text() == f"{line}\nnumpy==2.1.0\n"


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.none() | st.text(max_size=5), lambda inner: st.dictionaries(st.text(max_size=5), inner)))
def test_what_is_no_manifest_is_refused(value):
    with pytest.raises(FrameworkError):
        read_manifest(json.dumps(value).encode())
