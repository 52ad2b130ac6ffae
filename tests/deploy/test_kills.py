"""Killed at any request of a deployment, together with the CLI that it runs: the next deployment is right.

Right means: it succeeds, each job is there once and as the release says, and nothing is left over.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from framework.core.errors import DatabricksError
from framework.deploy.deployment import deploy, plan
from framework.testing.fake_workspace import Fault

SCRIPT = Path(__file__).parent / "standin" / "deploy_release.py"
IMPORT = "POST /api/2.0/workspace/import*"
POINTS = {
    "lock": (IMPORT, 0, "after"),
    "manifest": (IMPORT, 7, "before"),
    "cli_lock": ("POST *deploy.lock*", 0, "after"),
    "first_job": ("POST /api/2.2/jobs/create", 0, "after"),
    "second_job": ("POST /api/2.2/jobs/create", 1, "before"),
    "state": ("POST *resources.json*", 0, "before"),
}
"""Where to kill in ``make test``: a request, how many of its kind go through before, and whether it takes effect."""


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_that_matters(site, point):
    pattern, skip, when = POINTS[point]
    assert killed(site, Fault(pattern, skip=skip, when=when))
    is_right_after_the_next_deployment(site)


def test_a_cli_that_goes_on_alone_is_waited_for(any_site):
    """Only our process is killed; the CLI is in the middle of its work, and nobody gets in its way."""
    site = any_site
    with held_at_the_first_job(site) as has_come:
        process = started(site)
        assert has_come.wait(60)
        process.kill()
        process.communicate()
        with pytest.raises(DatabricksError, match="a deployment is going on: admin@"):
            deploy(site.release(), site.ground())
    wait_until(lambda: not [path for path in site.workspace.files if path.endswith("/deploy.lock")])
    is_right_after_the_next_deployment(site)


def test_of_two_deployments_at_once_one_is_told_of_the_other(any_site):
    site = any_site
    with ThreadPoolExecutor(1) as other, held_at_the_first_job(site) as has_come:
        first = other.submit(deploy, site.release(), site.ground())
        assert has_come.wait(60)
        with pytest.raises(DatabricksError, match="a deployment is going on: admin@") as error:
            deploy(site.release(description="Sells more."), site.ground())
        assert "Wait until it is done" in error.value.hint
    assert first.result().deployment.result == "succeeded"
    is_right_after_the_next_deployment(site)


@pytest.mark.soak
@pytest.mark.parametrize("began", ["empty", "deployed"])
def test_killed_at_each_request(any_site, began):
    """Each request in turn, before and after its effect, of a first deployment and of one that changes everything."""
    site, count = any_site, 0
    while True:
        for when in ("before", "after"):
            site.empty()
            if began == "deployed":
                deploy(site.release(jobs={"daily": "shop.daily", "old": "shop.old"}, schemas=["raw"]), site.ground())
            number = len(site.workspace.requests) + count + 1
            if not killed(site, Fault(number=number, when=when)):
                assert count > 60
                print(f"{count} requests, killed before and after each")
                return
            is_right_after_the_next_deployment(site)
        count += 1


def killed(site, fault: Fault) -> bool:
    """Deploy in another process, which dies at ``fault`` with its children; False when it came to its end before."""
    process = started(site)

    def die() -> None:
        for pid in (*descendants(process.pid), process.pid):
            os.kill(pid, signal.SIGKILL)

    site.workspace.faults.add(Fault(**{**vars(fault), "call": die, "cut": True}))
    _, said = process.communicate(timeout=120)
    site.workspace.faults.clear()
    assert process.returncode in (0, -signal.SIGKILL), said.decode()
    return process.returncode != 0


def started(site) -> subprocess.Popen[bytes]:
    """A deployment in another process."""
    return subprocess.Popen(
        [sys.executable, SCRIPT, site.release().directory, site.directory / "scratch"],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@contextmanager
def held_at_the_first_job(site) -> Iterator[threading.Event]:
    """The workspace does not answer the request that makes the first job before the block ends."""
    has_come, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        has_come.set()
        go_on.wait(120)

    site.workspace.faults.add(Fault("POST /api/2.2/jobs/create", call=hold))
    try:
        yield has_come
    finally:
        go_on.set()


def wait_until(holds) -> None:
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it never came to that")


def is_right_after_the_next_deployment(site) -> None:
    done = deploy(site.release(), site.ground())
    assert done.deployment.result == "succeeded"
    assert site.job_names() == ["shop.daily", "shop.weekly"]
    jobs = site.workspace.jobs.values()
    assert all(done.deployment.release in str(job["settings"]["tasks"]) for job in jobs)
    assert not plan(site.release(), site.ground()).changes
    assert not [path for path in site.workspace.files if path.endswith(("deploy.lock", "deployment.lock.json"))]


def descendants(pid: int) -> Iterator[int]:
    """The processes that ``pid`` started, and those that they did."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    for child in map(int, found.split()):
        yield from descendants(child)
        yield child
