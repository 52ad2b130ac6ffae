"""What counts may lie far back: releases are deployed again, put on record anew, and fail, a hundred times."""

import json
from dataclasses import replace

import pytest

from framework.deploy import history
from framework.deploy.rollback import wanted_deployment
from framework.records.releases import Deployment

PLACE = "/Workspace/framework/prod/shop"


@pytest.fixture
def past(site):
    """Puts deployments of these releases on record, one for each minute."""

    def put(*releases, **fields):
        for number, release in enumerate(releases):
            at = f"2026-01-01T{number // 60:02}:{number % 60:02}:00.000+00:00"
            record = Deployment(
                id=f"{number:03}", project="shop", target="prod", release=release, started_at=at, result="succeeded",
                root_path=f"{PLACE}/bundle",
            )  # fmt: skip
            record = replace(record, **fields) if number else record
            content = json.dumps(record.as_dict()).encode()
            site.workspace.write(f"{PLACE}/deployments/{record.name}.started.json", content)

    return put


def test_as_many_releases_stay_as_are_kept(site, past):
    store = site.ground().store
    releases = [site.release(description=str(number)) for number in range(4)]
    for each in releases:
        store.upload(each.directory, each.release)
    oldest, *kept = [each.release.id for each in releases]
    past(oldest, *kept, *["gone"] * 25, *kept[-1:] * 25)
    assert store.prune(3) == [oldest]


def test_a_rollback_looks_back_as_far_as_it_takes(site, past):
    past("a" * 16, *["b" * 16] * 105)
    assert wanted_deployment(site.ground(), None).release == "a" * 16
    assert wanted_deployment(site.ground(), "aaaa").release == "a" * 16


def test_what_is_live_is_known_after_a_hundred_failures(site, past):
    past(*["a"] * 105, result="failed")
    assert history.live(site.ground().past()).id == "000"
