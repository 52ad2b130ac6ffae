"""Old releases go, and never one that somebody else is about to use: several places may share a store."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest

from framework.core.errors import DatabricksError, FrameworkError
from framework.deploy import retention
from framework.deploy.deployment import deploy
from framework.deploy.lock import Holder
from framework.deploy.retention import await_clearing, clear_away
from framework.deploy.rollback import roll_back
from framework.testing.fake_workspace import Fault

HOME = "/Workspace/framework/prod/shop"
NOW = datetime.now(UTC)
BOB = Holder(
    id="b" * 32,
    who="bob@example.com",
    host="elsewhere",
    guard="/nowhere/b.guard",
    started_at=NOW.isoformat(timespec="seconds"),
    expires_at=(NOW + timedelta(minutes=10)).isoformat(timespec="seconds"),
)
LONG_AGO = replace(BOB, expires_at="2020-01-01T12:00:00+00:00")


@pytest.fixture(autouse=True)
def in_short(monkeypatch):
    """A store that holds one release beside those in use, and people with little patience."""
    for name, value in {"RETAINED": 1, "_PATIENCE": 0.5, "_EVERY": 0.05}.items():
        monkeypatch.setattr(retention, name, value)


@pytest.fixture
def store(site):
    """A store with three releases, of which the last is live."""
    for words in ("Sells.", "Sells more.", "Sells most."):
        wanted = site.release(description=words)
        site.ground().store.upload(wanted.directory, wanted.release)
    deploy(replace(site.release(description="Sells most."), kind="rollback"), in_development(site))
    return site.ground().store


def in_development(site):
    """The ground of one of several people who share the store."""
    return replace(site.ground(), home=f"{HOME}/ann")


def hold(site, holder):
    site.workspace.write(f"{HOME}/deployment.lock.json", json.dumps(asdict(holder)).encode())


def test_old_releases_go_after_a_deployment(site, store):
    (left,) = store.releases()
    assert left.id == in_development(site).past()[-1].release
    assert not [path for path in site.workspace.files if "lock" in path]


def test_nobody_clears_away_while_somebody_else_does(site):
    for words in ("Sells.", "Sells more."):
        wanted = site.release(description=words)
        site.ground().store.upload(wanted.directory, wanted.release)
    hold(site, BOB)
    clear_away(in_development(site), "admin@example.com")
    assert "Old releases stay: a deployment is going on: bob@example.com" in site.said[-1]
    assert len(site.ground().store.releases()) == 2


def test_whoever_deploys_waits_until_nothing_goes_any_more(site):
    hold(site, BOB)
    with pytest.raises(DatabricksError, match=r"old releases are being cleared away: bob@example\.com"):
        await_clearing(in_development(site))
    site.workspace.faults.add(Fault("GET *", skip=4, call=lambda: hold(site, LONG_AGO)))
    await_clearing(in_development(site))


def test_a_rollback_to_what_went_meanwhile_changes_nothing(site, monkeypatch):
    monkeypatch.setattr(retention, "RETAINED", 9)
    first = deploy(site.release(), site.ground()).deployment.release
    live = deploy(site.release(description="Sells more."), site.ground()).deployment.release
    manifest = f"/framework/prod/shop/releases/{first}/release.json"
    objects = site.workspace.state.objects
    site.workspace.faults.add(Fault("POST /api/2.0/workspace/import", call=lambda: objects.pop(manifest)))
    with pytest.raises(FrameworkError, match=f"release {first} is not in the store any more"):
        roll_back(site.ground(), None)
    assert live in str(site.workspace.jobs["shop.daily"]["settings"]["tasks"])
    assert site.ground().past()[-1].result == "failed"
