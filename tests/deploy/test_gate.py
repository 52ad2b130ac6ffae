"""Who may roll back and destroy, and when: as for a deployment, whatever is in the checkout."""

import pytest

from framework.core.errors import DatabricksError, FrameworkError
from framework.deploy.checkout import Aim
from framework.deploy.deployment import deploy
from framework.deploy.destroy import destroy, destroyed_by
from framework.deploy.gate import gate
from framework.spec.target_spec import read_target
from framework.testing.fake_workspace import Fault

PRINCIPAL = "00000000-0000-0000-0000-000000000002"
TARGET = f"mode: production\ncatalog: prod\nrun_as: {{service_principal_name: {PRINCIPAL}}}\n"
POLICY = "targets: {prod: {deploy: {groups: [release-team], principals: [ci@example.com]}}}\n"


@pytest.fixture
def at(tmp_path, monkeypatch):
    """The target ``prod`` of a checkout with a policy."""
    monkeypatch.delenv("DATABRICKS_ACCOUNT_ID", raising=False)
    (tmp_path / "projects/shop").mkdir(parents=True)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/prod.yml").write_text(TARGET)
    (tmp_path / "conf/policy.yml").write_text(POLICY)
    return Aim(root=tmp_path, project="shop", target=read_target(tmp_path, "prod"))


def looked(at, site, kept=None):
    return {each.name: each for each in gate(at, site.ground(), kept)}


def run_weekly(site):
    deploy(site.release(), site.ground())
    run(site)


@pytest.mark.parametrize(
    ("who", "state"), [("lead@example.com", "ok"), ("ci@example.com", "ok"), ("dev@example.com", "missing")]
)
def test_who_may_deploy_may_do_it(at, site, monkeypatch, who, state):
    token = site.workspace.add_user(who, ["release-team"] if who.startswith("lead") else [])
    monkeypatch.setenv("DATABRICKS_TOKEN", token)
    checks = looked(at, site)
    assert checks["login"].state == state
    assert list(checks) == ["login", "run_as", "runs"]


def test_a_job_that_goes_is_not_at_work(at, site):
    run_weekly(site)
    assert looked(at, site)["runs"].state == "warning"
    assert looked(at, site, kept=["weekly"])["runs"].state == "warning"
    gone = looked(at, site, kept=["daily"])["runs"]
    assert (gone.state, "shop.weekly" in gone.found) == ("missing", True)


def test_what_the_workspace_does_not_tell_is_not_taken_for_good(at, site):
    deploy(site.release(), site.ground())
    site.workspace.faults.add(Fault("GET */jobs/list", status=403, times=0))
    assert looked(at, site)["runs"].state == "unknown"


def test_nobody_gets_in_with_a_login_that_is_not_valid(at, site, monkeypatch):
    ground = site.ground()
    site.workspace.state.tokens.clear()
    with pytest.raises(DatabricksError, match="cannot see who is logged in") as error:
        gate(at, ground, None)
    assert error.value.exit_code == 4


def leave_weekly_behind(site):
    """A deployment breaks off before its state is there, and then there is no job ``weekly`` any more."""
    deploy(site.release(jobs={"daily": "shop.daily"}), site.ground())
    site.workspace.faults.add(Fault("POST *resources.json*", status=500, times=0))
    with pytest.raises(DatabricksError):
        deploy(site.release(), site.ground())
    site.workspace.faults.clear()
    return run(site)


def run(site):
    site.ground().client.jobs.run_now(site.workspace.jobs["shop.weekly"]["job_id"])
    (begun,) = site.workspace.state.runs.values()
    begun["state"] = {"life_cycle_state": "RUNNING"}
    return begun


def test_a_job_that_a_broken_off_deployment_left_is_looked_at_too(at, site):
    leave_weekly_behind(site)
    found = looked(at, site, kept=["daily"])["runs"]
    assert (found.state, "shop.weekly" in found.found) == ("missing", True)


def test_such_a_job_is_not_deleted_while_it_runs(site):
    begun = leave_weekly_behind(site)
    with pytest.raises(FrameworkError, match=rf"\(shop\.weekly\) is to be deleted, and runs: {begun['run_id']}"):
        deploy(site.release(jobs={"daily": "shop.daily"}), site.ground())
    assert site.job_names() == ["shop.daily", "shop.weekly"]

    begun["state"] = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}
    assert deploy(site.release(jobs={"daily": "shop.daily"}), site.ground()).removed == ("shop.weekly",)


def test_what_began_to_run_while_a_person_thought_about_it_is_not_destroyed(site):
    deploy(site.release(), site.ground())
    shown = destroyed_by(site.ground(), data=False)
    begun = run(site)
    before = site.ground().past()
    with pytest.raises(FrameworkError, match="is to be deleted, and runs") as error:
        destroy(site.ground(), data=False, agreed=shown.removed)
    assert f"databricks jobs cancel-run {begun['run_id']}" in error.value.hint
    assert site.job_names() == ["shop.daily", "shop.weekly"]
    assert site.ground().past() == before


def test_a_job_that_a_broken_off_deployment_left_is_not_destroyed_while_it_runs(site):
    leave_weekly_behind(site)
    with pytest.raises(FrameworkError, match=r"\(shop\.weekly\) is to be deleted, and runs"):
        destroy(site.ground(), data=False)
    assert site.job_names() == ["shop.daily", "shop.weekly"]
