"""Jobs of the fake workspace: their settings, access and pages."""

import pytest
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied
from databricks.sdk.service import iam, jobs

from framework.testing.fake_workspace import Refused


def notebook_task(key, *after):
    return jobs.Task(
        task_key=key,
        notebook_task=jobs.NotebookTask("/Shared/n"),
        depends_on=[jobs.TaskDependency(each) for each in after] or None,
    )


def test_the_service_fills_in_its_defaults(client):
    job_id = client.jobs.create(name="weekly", tasks=[notebook_task("one"), notebook_task("two", "one")]).job_id

    job = client.jobs.get(job_id)

    assert job.settings.max_concurrent_runs == 1
    assert job.settings.tasks[1].run_if is jobs.RunIf.ALL_SUCCESS
    assert job.settings.tasks[0].notebook_task.source is jobs.Source.WORKSPACE
    assert (job.creator_user_name, job.run_as_user_name) == ("admin@example.com", "admin@example.com")


def test_update_changes_a_part_and_reset_everything(client):
    job_id = client.jobs.create(name="weekly", tags={"a": "1"}, tasks=[notebook_task("one")]).job_id

    client.jobs.update(job_id, new_settings=jobs.JobSettings(description="New"), fields_to_remove=["tags"])
    updated = client.jobs.get(job_id).settings
    client.jobs.reset(job_id, jobs.JobSettings(name="daily"))
    replaced = client.jobs.get(job_id).settings

    assert (updated.name, updated.description, updated.tags) == ("weekly", "New", None)
    assert (replaced.name, replaced.description, replaced.tasks or []) == ("daily", None, [])


def test_names_are_not_unique(client):
    ids = [client.jobs.create(name="weekly").job_id for _ in range(2)]

    assert sorted(job.job_id for job in client.jobs.list(name="WEEKLY")) == sorted(ids)


def test_the_list_comes_in_pages_with_tasks_on_request(client):
    for number in range(45):
        client.jobs.create(name=f"job {number}", tasks=[notebook_task("one")])

    listed = list(client.jobs.list())
    in_full = list(client.jobs.list(expand_tasks=True, limit=100))

    assert [job.settings.name for job in listed] == [f"job {number}" for number in reversed(range(45))]
    assert not listed[0].settings.tasks
    assert in_full[0].settings.tasks[0].task_key == "one"


def test_a_job_of_many_tasks_comes_in_pages(client):
    job_id = client.jobs.create(name="wide", tasks=[notebook_task(f"t{n}") for n in range(250)]).job_id

    assert len(client.jobs.get(job_id).settings.tasks) == 250


@pytest.mark.parametrize(
    "tasks",
    [[notebook_task("one"), notebook_task("one")], [notebook_task("one", "two")], [notebook_task("one", "one")]],
    ids=["twice", "unknown", "itself"],
)
def test_a_broken_graph_is_refused(client, tasks):
    with pytest.raises(BadRequest, match="Task"):
        client.jobs.create(name="weekly", tasks=tasks)


def test_a_job_runs_as_a_service_principal_only_for_those_who_may_use_it(client_of, fake_workspace):
    fake_workspace.add_user("ana@example.com")
    fake_workspace.add_user("ben@example.com")
    fake_workspace.add_service_principal("app-1", users=["ana@example.com"])
    identity = jobs.JobRunAs(service_principal_name="app-1")

    job_id = client_of("ana@example.com").jobs.create(name="weekly", run_as=identity).job_id

    assert client_of("ana@example.com").jobs.get(job_id).run_as_user_name == "app-1"
    with pytest.raises(PermissionDenied, match="app-1"):
        client_of("ben@example.com").jobs.create(name="weekly", run_as=identity)
    with pytest.raises(BadRequest, match="does not exist"):
        client_of("ana@example.com").jobs.create(run_as=jobs.JobRunAs(service_principal_name="nobody"))


def test_a_manager_of_a_service_principal_may_not_use_it(client_of, fake_workspace):
    fake_workspace.add_user("ana@example.com")
    fake_workspace.add_service_principal("app-1", users=["ana@example.com"])
    for rules in fake_workspace.state.rule_sets.values():
        rules["grant_rules"][0]["role"] = "roles/servicePrincipal.manager"

    with pytest.raises(PermissionDenied, match="app-1"):
        client_of("ana@example.com").jobs.create(name="weekly", run_as=jobs.JobRunAs(service_principal_name="app-1"))


def test_a_level_that_there_is_not_is_refused(client, fake_workspace):
    job_id = client.jobs.create(name="weekly").job_id
    entry = {"user_name": "admin@example.com", "permission_level": "CAN_DANCE"}

    with pytest.raises(BadRequest, match="Unknown permission level CAN_DANCE"):
        client.api_client.do("PATCH", f"/api/2.0/permissions/jobs/{job_id}", body={"access_control_list": [entry]})
    with pytest.raises(BadRequest, match="Unknown permission level CAN_DANCE"):
        client.api_client.do("POST", "/api/2.2/jobs/create", body={"name": "x", "access_control_list": [entry]})
    with pytest.raises(Refused, match="CAN_DANCE"):
        fake_workspace.allow("/Shared", "admin@example.com", "CAN_DANCE")
    assert client.jobs.get(job_id).settings.name == "weekly"


def test_access_to_a_job_is_by_its_list(client, client_of, fake_workspace):
    fake_workspace.add_user("ana@example.com", ["data"])
    ana = client_of("ana@example.com")
    job_id = client.jobs.create(name="weekly").job_id

    with pytest.raises(PermissionDenied):
        ana.jobs.get(job_id)
    assert list(ana.jobs.list()) == []

    client.permissions.update(
        "jobs",
        str(job_id),
        access_control_list=[iam.AccessControlRequest("data", iam.PermissionLevel.CAN_MANAGE_RUN)],
    )
    assert ana.jobs.get(job_id).settings.name == "weekly"
    ana.jobs.run_now(job_id)
    with pytest.raises(PermissionDenied):
        ana.jobs.delete(job_id)


def test_a_list_has_exactly_one_owner_and_known_principals(client, fake_workspace):
    job_id = str(client.jobs.create(name="weekly").job_id)
    fake_workspace.add_group("data")

    with pytest.raises(BadRequest, match="exactly one owner"):
        client.permissions.set(
            "jobs",
            job_id,
            access_control_list=[iam.AccessControlRequest("data", iam.PermissionLevel.CAN_MANAGE)],
        )
    with pytest.raises(NotFound, match="nobody"):
        client.permissions.update(
            "jobs",
            job_id,
            access_control_list=[iam.AccessControlRequest("nobody", iam.PermissionLevel.CAN_VIEW)],
        )


def test_who_cannot_manage_does_not_see_the_list(client, client_of, fake_workspace):
    fake_workspace.add_user("ana@example.com")
    fake_workspace.allow("warehouses/fake", "ana@example.com", "CAN_USE")

    assert client_of("ana@example.com").warehouses.get("fake").name == "fake"
    with pytest.raises(PermissionDenied):
        client_of("ana@example.com").permissions.get("sql/warehouses", "fake")
    assert client.permissions.get("warehouses", "fake").object_id == "/sql/warehouses/fake"


def test_a_deleted_job_is_gone(client):
    job_id = client.jobs.create(name="weekly").job_id

    client.jobs.delete(job_id)

    with pytest.raises(NotFound, match=f"Job {job_id} does not exist"):
        client.jobs.get(job_id)
