"""Releases and deployments as values: what is written is read again, and what was changed is noticed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.core.errors import FrameworkError
from framework.records.releases import Deployment, Release, key_of_place, release_id

HASHES = st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}\.json)?", fullmatch=True), st.text("0123456789abcdef"))


def release(files: dict[str, str]) -> Release:
    return Release(
        id=release_id(files),
        project="shop",
        target="prod",
        files=files,
        project_wheel="shop-1.0+0123-py3-none-any.whl",
        runtime_wheel="bundle_framework-0.1+4567-py3-none-any.whl",
    )


def deployment(**fields: object) -> Deployment:
    return Deployment(
        **{
            "id": "d1",
            "project": "shop",
            "target": "prod",
            "release": "0123456789abcdef",
            "started_at": "2024-03-01T10:00:00.123+00:00",
            **fields,
        }
    )


@settings(max_examples=25, deadline=None)
@given(HASHES)
def test_a_release_is_read_as_it_was_written(files):
    written = json.loads(json.dumps(release(files).as_dict()))

    assert Release.from_dict(written) == release(files)


@settings(max_examples=25, deadline=None)
@given(HASHES)
def test_the_id_does_not_depend_on_the_order_of_the_files(files):
    assert release_id(dict(reversed(files.items()))) == release_id(files)


@settings(max_examples=25, deadline=None)
@given(HASHES, st.from_regex(r"[a-z]{1,8}\.json", fullmatch=True))
def test_each_file_and_its_content_counts(files, name):
    assert len({release_id({**files, name: digest}) for digest in ("", "a", "b")}) == 3
    assert release_id({**files, name: "a"}) != release_id({each: files[each] for each in files if each != name})


def test_a_manifest_that_was_changed_is_refused():
    written = release({"bundle/databricks.yml": "aa"}).as_dict()
    written["files"]["bundle/databricks.yml"] = "bb"

    with pytest.raises(FrameworkError, match="does not fit its files"):
        Release.from_dict(written)


@pytest.mark.parametrize("path", ["../conf/prod.yml", "/etc/passwd", "bundle/../../x"])
def test_a_file_outside_of_the_release_is_refused(path):
    with pytest.raises(FrameworkError, match="below the release's directory"):
        Release.from_dict(release({path: "aa"}).as_dict())


def test_a_deployment_is_read_as_it_was_written():
    made = deployment(plan={"create": 2}, jobs={"17": "shop.demand"}, model_aliases={"prod.m.x": {"champion": "3"}})

    assert Deployment.from_dict(json.loads(json.dumps(made.as_dict()))) == made


def test_deployments_sort_by_time_whatever_their_id():
    first = deployment(id="z", started_at="2024-03-01T10:00:00.123+00:00")
    second = deployment(id="a", started_at="2024-03-01T10:00:00.124Z")

    assert first.name == f"20240301T100000123Z-{key_of_place('')}-z"
    assert sorted([second.name, first.name]) == [first.name, second.name]


def test_fields_that_a_newer_version_added_are_ignored():
    assert Deployment.from_dict({**deployment().as_dict(), "weather": "fine"}) == deployment()


def test_a_record_of_a_newer_schema_is_refused_with_the_way_out():
    with pytest.raises(FrameworkError, match="has schema 99") as refused:
        Deployment.from_dict({**deployment().as_dict(), "schema": 99})

    assert "Use the version" in refused.value.hint


@pytest.mark.parametrize(
    "changed",
    [
        {"started_at": ""},
        {"started_at": "2024-03-01T10:00:00"},
        {"ended_at": "noon"},
        {"kind": "guess"},
        {"jobs": []},
        {"jobs": {"a": 5}},
        {"model_aliases": {"m": "champion"}},
        {"who": None},
        {"dirty": "no"},
    ],
)
def test_a_deployment_that_somebody_changed_by_hand_is_refused(changed):
    with pytest.raises(FrameworkError, match=f"{next(iter(changed))}|when that was"):
        Deployment.from_dict({**deployment().as_dict(), **changed})


@pytest.mark.parametrize("value", [None, [], "x", {}, {"schema": "1"}, {"schema": 1}, {"schema": 1, "id": 3}])
@pytest.mark.parametrize("kind", [Release, Deployment])
def test_what_is_no_record_is_refused(kind, value):
    with pytest.raises(FrameworkError):
        kind.from_dict(value)
