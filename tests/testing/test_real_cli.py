"""The real Databricks CLI against the fake workspace."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from framework.testing.fake_workspace import Fault

CLI = shutil.which("databricks")
BUNDLE = Path(__file__).parent / "bundle"
LOCK = "/framework/prod/example/bundle/state/deploy.lock"

pytestmark = [
    pytest.mark.real_cli,
    pytest.mark.skipif(CLI is None, reason="there is no Databricks CLI ('databricks') on PATH"),
]


@pytest.fixture
def bundle(fake_workspace, tmp_path):
    """Runs ``databricks bundle …`` in a copy of the bundle, and answers what it said."""
    fake_workspace.add_group("data-science")
    fake_workspace.add_group("readers")
    fake_workspace.add_securable("schema", "prod.raw")
    fake_workspace.add_securable("table", "prod.raw.sales")
    directory = tmp_path / "bundle"
    shutil.copytree(BUNDLE, directory)
    settings = {
        **fake_workspace.environment,
        "DATABRICKS_BUNDLE_ENGINE": "direct",
        "DATABRICKS_BUNDLE_RETRY_INTERVAL_MS": "10",
        "DATABRICKS_CONFIG_FILE": str(tmp_path / "none.cfg"),
    }

    def start(*arguments, **more):
        command = [CLI, "bundle", *arguments, "--target", "prod"]
        environment = {**os.environ, **settings, **more}
        return subprocess.Popen(
            command, cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(*arguments, code=0, **more):
        process = start(*arguments, **more)
        out, said = process.communicate(timeout=60)
        assert process.returncode == code, out + said
        return subprocess.CompletedProcess(process.args, code, out, said)

    run.start = start
    run.directory = directory
    return run


def actions(plan):
    """The resources that a plan changes."""
    entries = json.loads(plan.stdout)["plan"].items()
    return {key.removeprefix("resources."): each["action"] for key, each in entries if each["action"] != "skip"}


def test_deploy_and_then_nothing_changes(bundle, fake_workspace):
    bundle("validate")
    planned = actions(bundle("plan", "-o", "json"))
    bundle("deploy")

    assert set(planned.values()) == {"create"}
    assert {"jobs.weekly", "schemas.features_schema.grants", "quality_monitors.sales_monitor"} <= set(planned)
    assert set(fake_workspace.jobs) == {"weekly", "nightly"}
    assert "schema:prod.features" in fake_workspace.state.securables
    assert fake_workspace.state.grants["registered_model:prod.features.demand"] == {"data-science": ["EXECUTE"]}
    assert LOCK not in fake_workspace.files
    assert actions(bundle("plan", "-o", "json")) == {}
    assert "0 created, 0 changed, 0 deleted" in bundle("deploy").stderr


def test_a_change_is_an_update(bundle, fake_workspace):
    bundle("deploy")

    changed = bundle("plan", "-o", "json", "--var", "comment=A new one")
    bundle("deploy", "--var", "comment=A new one")

    assert actions(changed) == {"registered_models.demand_model": "update"}
    assert fake_workspace.state.securables["registered_model:prod.features.demand"]["comment"] == "A new one"


def test_a_change_by_hand_is_drift(bundle, fake_workspace, client):
    bundle("deploy")
    client.jobs.update(fake_workspace.jobs["weekly"]["job_id"], fields_to_remove=["schedule"])

    assert actions(bundle("plan", "-o", "json")) == {"jobs.weekly": "update"}


def test_the_summary_names_the_ids(bundle, fake_workspace):
    bundle("deploy")

    summary = json.loads(bundle("summary", "-o", "json").stdout)

    assert summary["resources"]["jobs"]["weekly"]["id"] == str(fake_workspace.jobs["weekly"]["job_id"])


def test_a_deployed_job_runs(bundle, fake_workspace):
    bundle("deploy")

    bundle("run", "weekly", "--params", "as_of=2024-02-02")

    (run,) = fake_workspace.state.runs.values()
    assert [each["value"] for each in run["job_parameters"]] == ["2024-02-02"]


def test_what_is_there_already_can_be_bound(bundle, fake_workspace):
    bundle("deploy")
    shutil.rmtree(bundle.directory / ".databricks")
    for name in ("resources.json", "deployment.json"):
        del fake_workspace.state.objects[f"/framework/prod/example/bundle/state/{name}"]
    ids = {
        "weekly": fake_workspace.jobs["weekly"]["job_id"],
        "nightly": fake_workspace.jobs["nightly"]["job_id"],
        "features_schema": "prod.features",
        "files_volume": "prod.features.files",
        "demand_model": "prod.features.demand",
        "demand_experiment": next(iter(fake_workspace.state.experiments)),
        "sales_monitor": "prod.raw.sales",
    }
    for key, each in ids.items():
        bundle("deployment", "bind", key, str(each), "--auto-approve")
    bundle("deploy")

    assert len(fake_workspace.state.jobs) == 2
    assert actions(bundle("plan", "-o", "json")) == {}


def test_destroy_leaves_nothing(bundle, fake_workspace):
    bundle("deploy")

    bundle("destroy", "--auto-approve")

    assert fake_workspace.jobs == {}
    assert fake_workspace.state.experiments == {}
    assert fake_workspace.state.monitors == {}
    assert fake_workspace.files == []
    assert [key for key in fake_workspace.state.securables if "features" in key] == []


def test_a_refusal_is_told_and_the_lock_is_released(bundle, fake_workspace):
    fake_workspace.faults.add(Fault(pattern="POST */jobs/create", status=403, message="not you", times=0))

    refused = bundle("deploy", code=1)

    assert "not you (403 PERMISSION_DENIED)" in refused.stderr
    assert LOCK not in fake_workspace.files


def test_killed_in_the_middle_it_leaves_its_lock(bundle, fake_workspace):
    processes = []
    fake_workspace.faults.add(Fault(pattern="POST */jobs/create", when="after", kill=lambda: processes[0].pid))
    processes.append(bundle.start("deploy"))
    processes[0].communicate(timeout=60)

    assert processes[0].returncode == -9
    assert LOCK in fake_workspace.files
    assert "deploy lock acquired by admin@example.com" in bundle("deploy", code=1).stderr


def test_of_two_at_once_from_two_places_one_is_refused(bundle, fake_workspace, tmp_path):
    fake_workspace.faults.add(Fault(pattern="POST */jobs/create", delay=2))
    first = bundle.start("deploy")
    while LOCK not in fake_workspace.files:
        time.sleep(0.02)

    second = bundle("deploy", code=1, DATABRICKS_BUNDLE_TMP=str(tmp_path / "elsewhere"))
    _, said = first.communicate(timeout=60)

    assert first.returncode == 0, said
    assert "Another deployment may be in progress" in second.stderr
    assert len(fake_workspace.state.jobs) == 2


def test_who_may_not_write_there_is_told(bundle, fake_workspace):
    fake_workspace.add_user("ana@example.com")

    refused = bundle("deploy", code=1, **fake_workspace.environment_of("ana@example.com"))

    assert "as ana@example.com" in refused.stderr
    assert fake_workspace.jobs == {}
