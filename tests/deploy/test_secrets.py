"""Nothing that looks like a login, or that the environment holds as one, gets into messages, plans and records."""

import json

import pytest

from framework.core.errors import DatabricksError
from framework.deploy.deployment import deploy, plan
from framework.deploy.models import copy_version
from framework.deploy.planned import keep_plan
from framework.deploy.secrets import without_secrets
from framework.deploy.status import status
from framework.testing.fake_workspace import Fault

PLANTED = {
    "SHOP_TOKEN": "planted-token",
    "SHOP_API_KEY": "planted-key",
    "SHOP_ACCESS_KEY_ID": "planted-id",
    "GITHUB_PAT": "planted-pat",
    "DB_PASSWD": "planted-passwd",
    "DB_PASSWORD": "planted-password",
}
SAID = " ".join(PLANTED.values()) + " dapi0123456789abcdef"


@pytest.fixture
def planted(monkeypatch):
    """Secrets of the environment, and a text that somebody wrote them into."""
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    return SAID


def hidden(text):
    assert "planted" not in text
    assert "dapi0123" not in text
    return "***" in text


@pytest.mark.parametrize("name", [*PLANTED, "KEY", "api_key", "AWS_SECRET_ACCESS_KEY", "APIKEY", "PGP_PASSPHRASE"])
def test_what_is_a_secret_by_its_name(name):
    assert without_secrets("it is s3cr3t-value, really", {name: "s3cr3t-value"}) == "it is ***, really"


@pytest.mark.parametrize("name", ["PATH", "KEYBOARD", "MONKEY", "HOME", "PWD", "OLDPWD", "XPATH"])
def test_what_is_none(name):
    assert without_secrets("/home/ann", {name: "/home/ann"}) == "/home/ann"


def test_a_secret_that_begins_with_another_one():
    assert without_secrets("abcdef-more", {"A_TOKEN": "abcdef", "B_TOKEN": "abcdef-more"}) == "***"


def test_what_a_workspace_says_is_cleaned(site, planted):
    site.workspace.faults.add(Fault("POST *mkdirs*", status=403, message=planted, times=0))
    with pytest.raises(DatabricksError) as error:
        deploy(site.release(), site.ground())
    assert hidden(error.value.message)


def test_what_somebody_wrote_into_a_job_is_in_no_plan_and_no_record(site, planted, tmp_path):
    deploy(site.release(), site.ground())
    site.workspace.jobs["shop.daily"]["settings"]["description"] = planted
    planned, file = plan(site.release(), site.ground()), tmp_path / "plan.json"
    keep_plan(planned, file)
    assert hidden(file.read_text())
    assert hidden(json.dumps(status(site.ground()).drift.as_dict()))


def test_a_deployment_that_fails_is_on_record_without_them(site, planted):
    site.workspace.faults.add(Fault("POST /api/2.2/jobs/create", status=403, message=planted))
    with pytest.raises(DatabricksError):
        deploy(site.release(), site.ground())
    (failed,) = status(site.ground()).unfinished
    assert hidden(failed.error)


def test_what_mlflow_says_is_cleaned(logged_in, planted):
    logged_in.faults.add(Fault("GET *mlflow/model-versions/get*", status=403, message=planted, times=0))
    with pytest.raises(DatabricksError, match="cannot copy v1") as error:
        copy_version("dev.models.demand", "1", "prod.models.demand", registry=logged_in.url)
    assert hidden(error.value.message)
