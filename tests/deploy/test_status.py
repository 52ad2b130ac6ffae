"""What ``framework status`` and ``framework releases`` say of a deployment that goes on, or does not any more."""

import io
import json
import socket
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from framework.console.deployment_view import show_releases, show_status
from framework.core.errors import FrameworkError
from framework.core.moments import shown
from framework.deploy.deployment import deploy
from framework.deploy.lock import Holder
from framework.deploy.status import at_work, status
from framework.records.releases import Deployment

HOME = "/Workspace/framework/prod/shop"
NOW = datetime.now(UTC)
BEGUN = Deployment(
    id="a" * 12,
    project="shop",
    target="prod",
    release="0" * 16,
    started_at="2026-01-31T10:30:00.000+01:00",
    who="ann@example.com",
    root_path=f"{HOME}/bundle",
)
HOLDER = Holder(
    id="a" * 32,
    who="ann@example.com",
    host="elsewhere",
    guard="/nowhere/a.guard",
    started_at=(NOW - timedelta(minutes=1)).isoformat(timespec="seconds"),
    expires_at=(NOW + timedelta(hours=1)).isoformat(timespec="seconds"),
)


def hold(site, holder):
    site.workspace.write(f"{HOME}/deployment.lock.json", json.dumps(asdict(holder)).encode())


def killed(site):
    """The lock that a process leaves which was killed on this machine."""
    guard = site.directory / "a.guard"
    guard.write_text(HOLDER.id)
    hold(site, replace(HOLDER, host=socket.gethostname(), guard=str(guard)))


def printed(show, *values, **named):
    said = io.StringIO()
    show(Console(file=said, width=300), *values, **named)
    return said.getvalue()


def test_what_was_killed_is_broken_off_and_the_next_command_is_named(site):
    site.ground().store.note(BEGUN)
    killed(site)
    found = status(site.ground())
    assert found.as_dict()["broken_off"]["proof"] == "its process on this machine has ended"
    assert found.as_dict()["deploying"] is None
    assert (
        "The deploy of 2026-01-31 09:30:00 UTC by ann@example.com is broken off (its process on this machine has ended)"
        "; next: framework deploy shop -e prod\n"
    ) in printed(show_status, found)
    assert not at_work(site.ground())


def test_what_was_killed_before_it_was_on_record_is_told_too(site):
    killed(site)
    assert "is broken off (its process on this machine has ended)" in printed(show_status, status(site.ground()))


def test_whoever_may_be_at_work_is(site):
    site.ground().store.note(BEGUN)
    hold(site, HOLDER)
    found = status(site.ground())
    assert "by ann@example.com is going on\nAt work: ann@example.com since" in printed(show_status, found)
    assert (found.as_dict()["broken_off"], at_work(site.ground())) == (None, True)


@pytest.mark.parametrize(("going_on", "word"), [(True, "going on"), (False, "broken off")])
def test_releases_tell_the_two_apart(going_on, word):
    text = printed(show_releases, [BEGUN, replace(BEGUN, id="b" * 12)], None, going_on=going_on)
    assert word in text.splitlines()[1]
    assert "broken off" in text.splitlines()[2]
    assert "2026-01-31 09:30:00 UTC" in text


def test_what_one_does_not_see_need_not_be_absent(site, monkeypatch):
    deploy(site.release(), site.ground())
    site.workspace.jobs["shop.daily"]["settings"]["name"] = "another"
    assert "  shop.daily: not there, or you may not see it\n" in printed(show_status, status(site.ground()))
    site.workspace.add_user("carol@example.com")
    monkeypatch.setenv("DATABRICKS_TOKEN", site.workspace.token_of("carol@example.com"))
    said = printed(show_status, status(site.ground()))
    assert said == f"shop is not deployed on prod, or you may not see it: {HOME}\n"


def test_moments_have_one_form():
    assert shown("2026-01-31T10:30:00.123+01:00") == shown("2026-01-31T09:30:00Z") == "2026-01-31 09:30:00 UTC"


def test_a_record_that_nobody_can_read_is_told_and_left_out(site):
    deploy(site.release(), site.ground())
    record = site.ground().past()[-1]
    for number, content in enumerate((b"oops", b"{}", json.dumps({**record.as_dict(), "ended_at": "noon"}).encode())):
        name = replace(record, id=f"{number}", started_at="2030-01-01T00:00:00.000Z").name
        site.workspace.write(f"{HOME}/deployments/{name}.ended.json", content)
    found = status(site.ground())
    assert (found.live, len(found.unreadable), found.drift.changes) == (record, 3, ())
    said = printed(show_status, found)
    assert (
        said.count("Left out, so this may not be the last word: /Workspace/framework/prod/shop/deployments/2030") == 3
    )
    with pytest.raises(FrameworkError, match="is not the record of a deployment"):
        deploy(site.release(), site.ground())


@pytest.mark.parametrize("name", ["release.json", "bundle/databricks.yml"])
def test_a_release_that_nobody_can_read_is_told_and_the_rest_is_said(site, name):
    live = deploy(site.release(), site.ground()).deployment
    site.workspace.write(f"{HOME}/releases/{live.release}/{name}", b"oops")
    found = status(site.ground())
    assert (found.live, found.drift, found.as_dict()["runs"]) == (live, None, {"shop.daily": [], "shop.weekly": []})
    assert "Nobody can say whether it was changed: " in printed(show_status, found)
