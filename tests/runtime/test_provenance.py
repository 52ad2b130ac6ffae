"""Which code an attempt is made of, and that nothing runs outside of local that nobody could trace back."""

import json

import pytest

from framework.core.task_run import AttemptRecord, TaskRun
from framework.runtime import entrypoint, provenance
from framework.runtime.run_records import RECORD_LINE

WHEELS = {"wheels/shop.whl": "a" * 64, "wheels/runtime.whl": "b" * 64}
MANIFEST = {
    "schema": 1, "id": "r1", "project": "shop", "target": "prod", "project_wheel": "shop.whl",
    "runtime_wheel": "runtime.whl", "files": {**WHEELS, "plans/shop.json": "c" * 64},
}  # fmt: skip
DEPLOYED = {"schema": 1, "id": "d1", "release": "r1", "kind": "deploy", "commit": "c0ffee", "dirty": False}


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Writes a release as deploy leaves it in the workspace, and gives the path of its plan."""
    monkeypatch.delenv("FRAMEWORK_OUTBOX", raising=False)

    def make(manifest=MANIFEST, target="prod", **records):
        directory = tmp_path / "shop" / "releases" / "r1"
        (directory / "plans").mkdir(parents=True)
        task = TaskRun(project="shop", pipeline="shop", target=target, task_key="it", kind="python",
                       options={"entrypoint": "shop.nowhere:nothing"})  # fmt: skip
        plan = directory / "plans" / "shop.json"
        plan.write_text(json.dumps({"schema": 1, "tasks": {"it": task.as_dict()}}))
        if manifest:
            (directory / "release.json").write_text(json.dumps(manifest))
        deployments = tmp_path / "shop" / "deployments"
        deployments.mkdir()
        for name, record in records.items():
            (deployments / f"{name}.json").write_text(json.dumps(record))
        return plan

    return make


def attempt(plan, **more) -> AttemptRecord:
    own = {"plan": plan, "task": "it", "job_run_id": "7", "task_run_id": "71", **more}
    return entrypoint.attempt([f"--framework.{name}={value}" for name, value in own.items()])


def test_a_deployed_release_tells_its_hashes_and_the_newest_deployment_of_it_the_commit(release):
    plan = release(
        t1_started=DEPLOYED | {"id": "d0", "commit": "older"}, t2_ended=DEPLOYED,
        t3_ended=DEPLOYED | {"release": "r2", "commit": "another"}, t4_ended=DEPLOYED | {"kind": "destroy"},
    )  # fmt: skip

    origin = provenance.origin_of(plan)

    assert (origin.release, origin.deployment, origin.commit, origin.dirty) == ("r1", "d1", "c0ffee", False)
    assert (origin.project_wheel, origin.runtime_wheel) == ("a" * 16, "b" * 16)
    assert origin.bundle == provenance.hash_of_plans({"plans/shop.json": "c" * 64})


@pytest.mark.parametrize(
    ("manifest", "records", "more", "missing"),
    [
        (MANIFEST, {}, {}, "it has no commit"),
        (MANIFEST | {"files": {}}, {"t1": DEPLOYED}, {}, "it has no hash of the project's wheel"),
        (None, {}, {}, "it has no commit, no hash of the project's wheel, no release"),
        (MANIFEST, {"t1": DEPLOYED}, {"job_run_id": "{{job.run_id}}"}, "it has no job run id"),
    ],
)
def test_outside_of_local_what_cannot_be_traced_back_is_refused_before_any_work(
    release, manifest, records, more, missing
):
    error = attempt(release(manifest, **records), **more).error

    assert missing in error.message
    assert "no module" not in error.message.lower()
    assert error.hint.endswith("framework deploy -e prod")


def test_a_commit_is_found_however_much_others_deployed_since(release):
    others = {f"t{n:03}.{part}": DEPLOYED | {"release": "r2"} for n in range(150) for part in ("started", "ended")}

    assert provenance.origin_of(release(**others, **{"t.ended": DEPLOYED})).commit == "c0ffee"


def test_what_cannot_be_read_is_not_said_to_be_missing(release, tmp_path):
    plan = release(t1=DEPLOYED)
    unreadable = tmp_path / "shop" / "deployments" / "t2.json"
    unreadable.mkdir()

    error = attempt(plan).error

    assert f"{unreadable} cannot be read: Is a directory" in error.message
    assert "CAN_READ" in error.hint
    unreadable.rmdir()
    assert attempt(plan).origin.commit == "c0ffee"


def test_what_was_deployed_is_not_refused(release):
    record = attempt(release(t1=DEPLOYED))

    assert "nowhere" in record.error.message
    assert record.origin.commit == "c0ffee"
    assert record.environment.framework


def test_a_local_run_needs_none_of_it_but_on_databricks_its_plan_is_refused_too(release, monkeypatch):
    plan = release(None, target="local")

    assert "nowhere" in attempt(plan).error.message
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "16.4")
    monkeypatch.setenv("FRAMEWORK_OUTBOX", str(plan.parent))
    assert "refused" in attempt(plan).error.message
    assert not (plan.parent / "record.json").exists()


@pytest.mark.parametrize(
    ("workspace_url", "said"), [("http://localhost", "nowhere"), ("http://127.0.0.1:8000", "it has no commit")]
)
def test_a_local_run_of_a_bundle_is_told_from_a_job_of_a_workspace_on_this_machine(
    release, monkeypatch, workspace_url, said
):
    plan = release()
    monkeypatch.setenv("FRAMEWORK_OUTBOX", str(plan.parent))

    assert said in attempt(plan, workspace_url=workspace_url).error.message


def test_on_databricks_the_record_leads_to_the_page_of_the_run(release, monkeypatch, caplog):
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "16.4")
    caplog.set_level("INFO", "framework.records")

    record = attempt(release(t1=DEPLOYED), job_id="5", workspace_url="adb-1.example.net")

    assert (record.environment.runtime, record.environment.job_id) == ("16.4", "5")
    assert record.environment.run_url == "https://adb-1.example.net/jobs/5/runs/7"
    assert record.environment.principal == ""
    told = next(line for line in caplog.messages if RECORD_LINE in line)
    assert AttemptRecord.from_json(told.partition(RECORD_LINE)[2]) == record
