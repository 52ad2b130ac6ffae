"""One deployment at a time, and no lock for ever."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest

from framework.core.errors import DatabricksError
from framework.deploy.ci import CiRun, ci_run
from framework.deploy.guard import Guard, is_free
from framework.deploy.lock import Holder, holder_of, locked
from framework.deploy.workspace import client
from framework.testing.fake_workspace import Fault

HOME = "/Workspace/framework/prod/shop"
STATE = f"{HOME}/bundle/state"
NOW = datetime.now(UTC)
HOLDER = Holder(
    id="a" * 32,
    who="ann@example.com",
    host="elsewhere",
    guard="/nowhere/a.guard",
    started_at=(NOW - timedelta(minutes=1)).isoformat(timespec="seconds"),
    expires_at=(NOW + timedelta(hours=1)).isoformat(timespec="seconds"),
)
GONE = replace(HOLDER, started_at="2020-01-01T10:00:00+00:00", expires_at="2020-01-01T12:00:00+00:00")


@pytest.fixture
def hold(logged_in, tmp_path):
    """Take the lock as the administrator does."""

    def take(said=None):
        workspace = client(logged_in.url, retry_seconds=2)
        heard = said if said is not None else []
        return locked(
            workspace, HOME, [STATE], who="admin@example.com", scratch=tmp_path, listener=lambda e: heard.append(str(e))
        )

    return take


def held_by(workspace, holder):
    workspace.write(f"{HOME}/deployment.lock.json", json.dumps(asdict(holder)).encode())


def cli_holds(workspace, user, moment):
    lock = {"ID": "0", "AcquisitionTime": moment, "IsForced": False, "User": user}
    workspace.write(f"{STATE}/deploy.lock", json.dumps(lock).encode())


def test_a_second_deployment_is_told_who_is_at_work(hold, logged_in):
    with hold(), pytest.raises(DatabricksError, match=r"a deployment is going on: admin@example\.com since"), hold():
        pass
    assert holder_of(client(logged_in.url), HOME) is None
    with hold() as lock:
        lock.ensure_held()
        assert 6000 < lock.seconds_left() <= 7200


def test_of_several_at_the_same_moment_one_gets_it(hold):
    got, refused, go = [], [], threading.Barrier(4)

    def deploy():
        go.wait()
        try:
            with hold():
                got.append(1)
                go_on.wait(10)
        except DatabricksError as error:
            refused.append(error.message)
            if len(refused) == 3:
                go_on.set()

    go_on = threading.Event()
    threads = [threading.Thread(target=deploy) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(got), len(refused)) == (1, 3)


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("meanwhile", ["holds", "held"])
def test_of_two_that_take_over_one_gets_it(hold, logged_in, number, meanwhile):
    """The first one is held up at one after the other of its requests that change something; then the second comes."""
    held_by(logged_in, GONE)
    has_come, go_on, got = threading.Event(), threading.Event(), []

    def take_over():
        with suppress(DatabricksError), hold():
            got.append("first")

    def goes_on():
        go_on.set()
        first.join(20)

    logged_in.faults.add(Fault("POST *", skip=number, call=lambda: (has_come.set(), go_on.wait(20))))
    first = threading.Thread(target=take_over)
    first.start()
    assert has_come.wait(20)
    try:
        with hold() as lock:
            before = list(got)
            if meanwhile == "holds":
                goes_on()
                lock.ensure_held()
    except DatabricksError as error:
        before = ["first"]
        assert "is going on" in error.message
    goes_on()
    assert got == before
    with hold() as lock:
        lock.ensure_held()
    assert not [path for path in logged_in.files if path.endswith("deployment.lock.json")]


def test_whoever_takes_over_may_be_killed_too(hold, logged_in):
    held_by(logged_in, GONE)
    bob = replace(GONE, id="b" * 32, who="bob@example.com", started_at="2020-01-02T10:00:00+00:00")
    bob = replace(bob, expires_at="2020-01-02T12:00:00+00:00")
    logged_in.write(f"{HOME}/deployment.lock.json.{GONE.id}", json.dumps(asdict(bob)).encode())
    cli_holds(logged_in, "ann@example.com", "2020-01-01T10:00:05Z")
    said = []
    with hold(said):
        assert "Taking over the lock of bob@example.com" in said[0]
        assert holder_of(client(logged_in.url), HOME).who == "admin@example.com"
    assert not [path for path in logged_in.files if "lock" in path]


def test_a_holder_that_may_be_at_work_is_left_alone(hold, logged_in):
    held_by(logged_in, HOLDER)
    with pytest.raises(DatabricksError, match=r"ann@example\.com since .* on machine elsewhere") as error, hold():
        pass
    assert f"delete {HOME}/deployment.lock.json" in error.value.hint


@pytest.mark.parametrize(
    ("holder", "ci", "proof"),
    [
        (HOLDER, CiRun(), ""),
        (replace(HOLDER, expires_at=(NOW - timedelta(minutes=6)).isoformat()), CiRun(), "its time was up"),
        (replace(HOLDER, expires_at=(NOW - timedelta(minutes=4)).isoformat()), CiRun(), ""),
        (replace(HOLDER, host="here"), CiRun(), ""),  # no such file: it may be another machine of that name
        (replace(HOLDER, ci_run="github/7", ci_attempt=1), CiRun("github/7", 2), "attempt 1 of this CI run"),
        (replace(HOLDER, ci_run="github/7", ci_attempt=2), CiRun("github/7", 2), ""),
        (replace(HOLDER, ci_run="github/6", ci_attempt=1), CiRun("github/7", 2), ""),
    ],
)
def test_only_what_is_proved_makes_a_holder_gone(holder, ci, proof):
    assert holder.gone(NOW, "here", ci).startswith(proof)
    assert bool(holder.gone(NOW, "here", ci)) is bool(proof)


def test_a_process_that_was_killed_here_lets_go(hold, logged_in, tmp_path):
    guard = tmp_path / "a.guard"
    script = (
        f"import os, time, pathlib; from framework.deploy.guard import Guard\n"
        f"with Guard.made(pathlib.Path({str(guard)!r}), {HOLDER.id!r}): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    assert not is_free(guard, HOLDER.id)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert is_free(guard, HOLDER.id)
    assert not is_free(guard, "b" * 32)
    held_by(logged_in, replace(HOLDER, host=os.uname().nodename, guard=str(guard)))
    said = []
    with hold(said):
        assert "Taking over the lock of ann@example.com" in said[0]


def test_a_child_that_goes_on_keeps_the_guard(tmp_path):
    with Guard.made(tmp_path / "a.guard", "a") as guard:
        child = subprocess.Popen(["sleep", "60"], pass_fds=[guard.descriptor])
        copy = tmp_path / "copy"
        copy.hardlink_to(guard.path)
    assert not is_free(copy, "a")
    child.kill()
    child.wait()
    assert is_free(copy, "a")


def test_the_clis_lock_goes_with_the_holder_that_left_it(hold, logged_in):
    held_by(logged_in, GONE)
    cli_holds(logged_in, "ann@example.com", "2020-01-01T10:00:05.123456789Z")
    with hold():
        assert not [path for path in logged_in.files if path.endswith("deploy.lock")]


@pytest.mark.parametrize(
    ("user", "moment"),
    [
        ("bob@example.com", "2020-01-01T10:00:05Z"),
        ("ann@example.com", "2020-01-01T13:00:00Z"),
        ("ann@example.com", "yesterday"),
        ("ann@example.com", None),
    ],
)
def test_the_lock_of_somebody_with_the_cli_is_named(hold, logged_in, user, moment):
    held_by(logged_in, GONE)
    cli_holds(logged_in, user, moment)
    with pytest.raises(DatabricksError, match=f"{user} deploys with the Databricks CLI itself") as error, hold():
        pass
    assert f"databricks workspace delete {STATE}/deploy.lock" in error.value.hint


def test_the_clis_lock_stops_who_has_none_of_ours_to_take_over(hold, logged_in):
    cli_holds(logged_in, "bob@example.com", "2026-01-01T10:00:05Z")
    with pytest.raises(DatabricksError, match=r"bob@example\.com deploys"), hold():
        pass
    assert not [path for path in logged_in.files if path.endswith("deployment.lock.json")]


def test_a_lock_whose_answer_was_lost_is_ours(hold, logged_in):
    logged_in.faults.add(Fault("POST /api/2.0/workspace/import*", when="after", status=503))
    with hold() as lock:
        lock.ensure_held()


def test_a_lock_that_could_not_be_released_is_taken_over(hold, logged_in, tmp_path):
    with hold():
        logged_in.faults.add(Fault("POST /api/2.0/workspace/delete", status=403))
    said = []
    with hold(said):
        assert "it was released, and could not be deleted" in said[0]
    with hold(said):
        assert len(said) == 1
    assert len(list(tmp_path.glob("*.guard"))) == 1  # that of the first


@pytest.mark.parametrize(("request_", "status"), [("import", 409), ("delete", 404)])
def test_a_lock_that_is_there_against_what_the_workspace_said_is_taken_over(hold, logged_in, request_, status):
    with hold():
        logged_in.faults.add(Fault(f"POST /api/2.0/workspace/{request_}*", status=status))
    said = []
    with hold(said):
        assert "its process on this machine has ended" in said[0]


def test_who_lost_the_lock_notices(hold, logged_in):
    with pytest.raises(DatabricksError, match="the lock of this deployment is gone: ann@"), hold() as lock:
        held_by(logged_in, HOLDER)
        lock.ensure_held()
    assert holder_of(client(logged_in.url), HOME) == HOLDER


def test_a_record_that_is_none_is_not_thrown_away(hold, logged_in):
    logged_in.write(f"{HOME}/deployment.lock.json", b"{}")
    with pytest.raises(DatabricksError, match="is not the record of a lock"), hold():
        pass


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({}, ""),
        ({"GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1"}, "github/7"),
        ({"GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "3"}, "github/7 attempt 3"),
        ({"CI_JOB_ID": "9"}, "gitlab/9"),
        ({"BUILD_BUILDID": "5", "SYSTEM_JOBATTEMPT": "2"}, "azure/5 attempt 2"),
    ],
)
def test_a_run_of_a_ci_system_is_known_by_its_number(environment, shown):
    assert str(ci_run(environment)) == shown


def test_a_lock_that_somebody_took_over_meanwhile_is_theirs(hold, logged_in):
    with hold() as lock:
        theirs = replace(HOLDER, id="b" * 32)
        logged_in.write(f"{HOME}/deployment.lock.json.{lock.holder.id}", json.dumps(asdict(theirs)).encode())
        cli_holds(logged_in, "admin@example.com", datetime.now(UTC).isoformat())
    assert holder_of(client(logged_in.url), HOME).id == theirs.id
    assert [path for path in logged_in.files if path.endswith("/deploy.lock")]


def test_the_cli_lock_of_a_person_at_work_with_the_same_login_stays(hold, logged_in):
    with hold():
        cli_holds(logged_in, "admin@example.com", datetime.now(UTC).isoformat())
    assert [path for path in logged_in.files if path.endswith("/deploy.lock")]


def test_the_cli_lock_of_a_cli_of_ours_that_failed_goes(hold, logged_in):
    with hold() as lock:
        cli_holds(logged_in, "admin@example.com", datetime.now(UTC).isoformat())
        lock.cli_failed.append((datetime.now(UTC) - timedelta(seconds=5), datetime.now(UTC)))
    assert not [path for path in logged_in.files if "lock" in path]
