"""A workspace that refuses, is busy, slow or cut off: one clear message, and the next deployment is right."""

import re

import pytest

from framework.core.errors import DatabricksError
from framework.deploy.deployment import deploy
from framework.testing.fake_workspace import Fault

CREATE = "POST /api/2.2/jobs/create"
STATUSES = (401, 403, 404, 409, 429, 500)


@pytest.mark.parametrize("status", STATUSES)
def test_a_refusal_while_jobs_are_made(site, status):
    is_mended_after(site, Fault(CREATE, status=status, times=0, message="no, thank you"), "no, thank you")


@pytest.mark.parametrize("place", ["POST /api/2.0/workspace/import*", "GET /api/2.0/workspace/export*"])
def test_a_refusal_of_files(site, place):
    is_mended_after(site, Fault(place, status=403, times=0, message="no, thank you"), "no, thank you")


def test_a_cut_connection_in_the_middle(site):
    is_mended_after(site, Fault(CREATE, cut=True, skip=1, times=0, when="after"), "bundle deploy: ")


def test_a_cli_that_cannot_delete_its_lock_stops_nobody(site):
    site.workspace.faults.add(Fault("POST /api/2.0/workspace/delete", status=403, message="no, thank you"))
    with pytest.raises(DatabricksError, match=r"bundle deploy: .*no, thank you"):
        deploy(site.release(), site.ground())
    assert not [path for path in site.workspace.files if path.endswith("deploy.lock")]
    deploy(site.release(), site.ground())
    assert site.job_names() == ["shop.daily", "shop.weekly"]


def test_a_slow_answer_is_waited_for(site):
    site.workspace.faults.add(Fault(CREATE, delay=1.0))
    assert deploy(site.release(), site.ground()).changed


def test_a_busy_workspace_is_asked_again(site):
    site.workspace.faults.add(Fault("POST /api/2.0/workspace/import*", status=429, retry_after=1))
    assert deploy(site.release(), site.ground()).changed


@pytest.mark.soak
@pytest.mark.parametrize("status", [*STATUSES, 0])
def test_each_request_goes_wrong_in_turn(any_site, status):
    """Once each; 0 cuts the connection after the effect. What is tried again and works then is no failure."""
    site, count, failures = any_site, 0, 0
    while True:
        site.empty()
        number = len(site.workspace.requests) + count + 1
        fault = {"cut": True, "when": "after"} if status == 0 else {"status": status}
        site.workspace.faults.add(Fault(number=number, **fault))
        try:
            deploy(site.release(description=f"Sells {count}."), site.ground())
        except DatabricksError:
            failures += 1
        reached = len(site.workspace.requests) >= number
        site.workspace.faults.clear()
        deploy(site.release(description=f"Sells {count}."), site.ground())
        assert site.job_names() == ["shop.daily", "shop.weekly"]
        if not reached:
            print(f"{count} requests, of which {failures} made a deployment fail")
            return
        count += 1


def is_mended_after(site, fault: Fault, says: str) -> None:
    site.workspace.faults.add(fault)
    with pytest.raises(DatabricksError, match=re.escape(says)) as error:
        deploy(site.release(), site.ground())
    assert error.value.hint
    assert error.value.exit_code == 4
    site.workspace.faults.clear()
    assert deploy(site.release(), site.ground()).changed
    assert site.job_names() == ["shop.daily", "shop.weekly"]
    assert not [path for path in site.workspace.files if path.endswith(("deploy.lock", "deployment.lock.json"))]
