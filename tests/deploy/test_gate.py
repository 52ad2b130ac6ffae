"""Who may roll back and destroy, and when: as for a deployment, whatever is in the checkout."""

import pytest

from framework.core.errors import DatabricksError
from framework.deploy.checkout import Aim
from framework.deploy.deployment import deploy
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
    site.ground().client.jobs.run_now(site.workspace.jobs["shop.weekly"]["job_id"])
    (run,) = site.workspace.state.runs.values()
    run["state"] = {"life_cycle_state": "RUNNING"}


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
