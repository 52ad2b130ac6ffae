"""Plan, deploy, deploy again, change, roll back and destroy: with the stand-in, and with the CLI where there is one."""

from dataclasses import replace

import pytest

from framework.core.errors import DatabricksError, FrameworkError, InvalidProject, UsageError
from framework.deploy.deployment import deploy, plan
from framework.deploy.destroy import destroy, destroyed_by
from framework.deploy.plan_changes import Action
from framework.deploy.plan_rules import Allowed
from framework.deploy.planned import Expected, keep_plan, read_plan
from framework.deploy.rollback import roll_back
from framework.deploy.status import status
from framework.testing.fake_workspace import Fault

HOME = "/Workspace/framework/prod/shop"


def test_a_release_is_deployed_once_and_then_nothing_is_left_to_do(any_site):
    wanted = any_site.release()
    done = deploy(wanted, any_site.ground())
    assert done.changed
    assert done.deployment.result == "succeeded"
    assert any_site.job_names() == ["shop.daily", "shop.weekly"]
    assert sorted(done.links) == ["shop.daily", "shop.weekly"]
    before = any_site.written()
    again = deploy(wanted, any_site.ground())
    assert not again.changed
    assert again.deployment.id == done.deployment.id
    assert any_site.written() - before <= 6  # its lock, taken and released, and nothing else


def test_a_plan_says_what_changes_and_changes_nothing(any_site):
    deploy(any_site.release(), any_site.ground())
    before = any_site.written()
    planned = plan(any_site.release(jobs={"daily": "shop.daily", "monthly": "shop.monthly"}), any_site.ground())
    assert {each.key: str(each.action) for each in planned.changes if each.kind == "jobs" and not each.is_child} == {
        "jobs.daily": "update",
        "jobs.monthly": "create",
        "jobs.weekly": "delete",
    }
    moved = next(each for each in planned.changes if each.key == "jobs.daily").fields
    assert all(field.only_release for field in moved)
    assert any_site.written() == before


def test_jobs_come_and_go_but_data_stays(any_site):
    deploy(any_site.release(), any_site.ground())
    planned = plan(any_site.release(jobs={"daily": "shop.daily"}, schemas=["features"]), any_site.ground())
    assert {each.name for each in planned.changes if each.action is Action.LEAVE} == {
        "prod.models",
        "prod.models.demand",
    }
    deploy(any_site.release(jobs={"daily": "shop.daily"}, schemas=["features"]), any_site.ground())
    assert any_site.job_names() == ["shop.daily"]
    assert "prod.models.demand" in str(any_site.workspace.state.securables)
    assert any("models_schema is not in the bundle any more" in said for said in any_site.said)


def test_a_rollback_restores_the_earlier_release_and_takes_what_stayed_back(any_site):
    first = deploy(any_site.release(), any_site.ground())
    deploy(any_site.release(description="Sells more.", schemas=["features"]), any_site.ground())
    back = roll_back(any_site.ground(), None)
    assert back.deployment.release == first.deployment.release
    assert (back.deployment.kind, back.deployment.commit) == ("rollback", "c" * 40)
    job = any_site.workspace.jobs["shop.daily"]
    assert job["settings"]["description"] == "Sells things."
    assert first.deployment.release in str(job["settings"]["tasks"])
    assert not plan(any_site.release(), any_site.ground()).changes


def test_a_rollback_names_what_there_is(site):
    with pytest.raises(FrameworkError, match="deployed here yet, or you may not see it: /Workspace") as error:
        roll_back(site.ground(), None)
    assert error.value.hint == "framework deploy shop -e prod"
    live = deploy(site.release(), site.ground()).deployment.release
    with pytest.raises(FrameworkError, match="no release before the one that is live"):
        roll_back(site.ground(), None)
    with pytest.raises(UsageError, match="was never live here") as error:
        roll_back(site.ground(), "0123")
    assert live in error.value.hint


def test_status_shows_what_somebody_changed_by_hand(any_site):
    live = deploy(any_site.release(), any_site.ground()).deployment
    assert not status(any_site.ground()).drift.changes
    any_site.workspace.jobs["shop.daily"]["settings"]["description"] = "By hand."
    found = status(any_site.ground())
    assert (found.live.release, found.deploying) == (live.release, None)
    (change,) = found.drift.changes
    assert [(each.path, each.old, each.new) for each in change.fields] == [("description", "By hand.", "Sells things.")]


def test_destroy_takes_jobs_and_leaves_data(any_site):
    deploy(any_site.release(), any_site.ground())
    assert set(destroyed_by(any_site.ground(), data=False).removed) == {"jobs.daily", "jobs.weekly"}
    done = destroy(any_site.ground(), data=False)
    assert set(done.left.values()) >= {"prod.features", "prod.models", "prod.models.demand"}
    assert any_site.job_names() == []
    assert status(any_site.ground()).live is None
    with pytest.raises(FrameworkError, match="nothing is deployed here"):
        destroy(any_site.ground(), data=False)
    assert deploy(any_site.release(), any_site.ground()).deployment.plan == {"adopt": 4, "create": 2}


def test_data_that_was_left_can_be_destroyed_later(site):
    deploy(site.release(), site.ground())
    destroy(site.ground(), data=False)
    assert "schemas.features_schema" in destroyed_by(site.ground(), data=True).removed
    assert "schemas.features_schema" in destroy(site.ground(), data=True).removed


def test_destroy_leaves_the_data_of_a_deployment_that_failed(any_site):
    deploy(any_site.release(schemas=("features",)), any_site.ground())
    any_site.workspace.faults.add(Fault("POST /api/2.2/jobs/reset", status=400, times=99))
    with pytest.raises(FrameworkError):
        deploy(any_site.release(schemas=("features", "extra"), description="New."), any_site.ground())
    any_site.workspace.faults.clear()
    done = destroy(any_site.ground(), data=False)
    assert {"prod.features", "prod.extra"} <= set(done.left.values())
    assert any_site.job_names() == []
    assert any("prod.extra" in key for key in any_site.workspace.state.securables)


def test_destroy_takes_no_more_than_was_agreed_to(site):
    deploy(site.release(), site.ground())
    with pytest.raises(FrameworkError, match="weekly came to it meanwhile"):
        destroy(site.ground(), data=False, agreed={"jobs.daily"})
    assert site.job_names() == ["shop.daily", "shop.weekly"]


def test_destroy_with_data_leaves_a_model_that_is_in_use_and_its_schema(any_site):
    deploy(any_site.release(), any_site.ground())
    any_site.workspace.add_model_version("prod.models.demand", ["champion"])
    done = destroy(any_site.ground(), data=True)
    assert done.left == {"registered_models.demand": "prod.models.demand", "schemas.models_schema": "prod.models"}
    assert "schemas.features_schema" in done.removed


def test_lost_state_makes_no_job_a_second_time(any_site):
    deploy(any_site.release(), any_site.ground())
    numbers = {job["job_id"] for job in any_site.workspace.jobs.values()}
    any_site.forget_state()
    renamed = any_site.release(jobs={"daily": "shop.daily", "weekly": "shop.every_week"})
    assert deploy(renamed, any_site.ground()).deployment.plan == {"adopt": 6}
    assert {job["job_id"] for job in any_site.workspace.jobs.values()} == numbers
    assert any_site.job_names() == ["shop.daily", "shop.every_week"]


def test_two_jobs_may_take_each_others_names(site):
    deploy(site.release(), site.ground())
    site.forget_state()
    swapped = site.release(jobs={"daily": "shop.weekly", "monthly": "shop.daily"})
    deploy(swapped, site.ground())
    assert site.job_names().count("shop.daily") == 1


def test_a_job_stays_the_same_job_whichever_bundle_of_the_project_has_it(any_site):
    def numbers():
        return {job["settings"]["name"]: job["job_id"] for job in any_site.workspace.state.jobs.values()}

    deploy(any_site.release(schemas=[]), any_site.ground())
    before = numbers()
    for parts in (
        ({"daily": "shop.daily"}, {"weekly": "shop.weekly"}),
        ({"weekly": "shop.weekly"}, {"daily": "shop.daily", "monthly": "shop.monthly"}),
        ({"weekly": "shop.weekly", "daily": "shop.daily"}, {"monthly": "shop.monthly"}),
    ):
        deploy(any_site.release_in_parts(*parts), any_site.ground())
        assert {name: number for name, number in numbers().items() if name in before} == before
        assert len(any_site.job_names()) == len(set(any_site.job_names()))
        assert not plan(any_site.release_in_parts(*parts), any_site.ground()).changes


def test_a_job_that_runs_is_not_deleted(site):
    deploy(site.release(), site.ground())
    site.ground().client.jobs.run_now(site.workspace.jobs["shop.weekly"]["job_id"])
    (run,) = site.workspace.state.runs.values()
    run["state"] = {"life_cycle_state": "RUNNING"}
    planned = plan(site.release(jobs={"daily": "shop.daily"}), site.ground())
    assert [each.rule for each in planned.refused] == ["job_is_running"]
    with pytest.raises(InvalidProject, match=f"would be deleted while it runs: {run['run_id']}"):
        deploy(site.release(jobs={"daily": "shop.daily"}), site.ground())
    assert site.job_names() == ["shop.daily", "shop.weekly"]


def test_somebody_elses_job_of_that_name_is_left_alone(site):
    site.ground().client.jobs.create(name="shop.daily")
    deploy(site.release(), site.ground())
    assert site.job_names() == ["shop.daily", "shop.daily", "shop.weekly"]


def test_data_is_never_made_again_elsewhere(site):
    deploy(site.release(), site.ground())
    site.workspace.faults.clear()
    moved = site.release(run_as="00000000-0000-0000-0000-000000000002")
    site.workspace.add_service_principal("00000000-0000-0000-0000-000000000002")
    with pytest.raises(InvalidProject) as error:
        deploy(moved, site.ground())
    assert [each.rule for each in error.value.found] == ["run_as_changed", "run_as_changed"]
    assert deploy(moved, site.ground(), allowed=[Allowed.RUN_AS]).changed


def test_a_plan_in_a_file_is_done_exactly_or_not_at_all(site, tmp_path):
    wanted, file = site.release(), tmp_path / "plan.json"
    keep_plan(plan(wanted, site.ground()), file)
    with pytest.raises(FrameworkError, match="these sources make"):
        deploy(site.release(description="Other."), site.ground(), read_plan(file, "shop", "prod"))
    assert deploy(wanted, site.ground(), read_plan(file, "shop", "prod")).changed
    with pytest.raises(FrameworkError, match="has changed since the plan was made"):
        deploy(wanted, site.ground(), read_plan(file, "shop", "prod"))
    with pytest.raises(UsageError, match="is for shop on prod"):
        read_plan(file, "shop", "dev")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"schema": 1}', '{"schema": 9, "release": "a", "parts": {}}'])
def test_what_is_no_plan_is_said_to_be_none(tmp_path, content):
    file = tmp_path / "plan.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=r"is not a plan|another version"):
        read_plan(file, "shop", "prod")


def test_what_was_agreed_to_is_what_is_done(site):
    agreed = Expected.of(plan(site.release(), site.ground()))
    assert deploy(site.release(), site.ground(), agreed).changed


def test_a_deployment_that_fails_is_on_record_and_the_next_one_mends_it(site):
    site.workspace.faults.add(Fault("POST /api/2.2/jobs/create", status=403, message="no permission to create jobs"))
    with pytest.raises(DatabricksError, match="no permission to create jobs"):
        deploy(site.release(), site.ground())
    (failed,) = status(site.ground()).unfinished
    assert (failed.result, failed.who) == ("failed", "admin@example.com")
    assert deploy(site.release(), site.ground()).deployment.result == "succeeded"
    assert site.job_names() == ["shop.daily", "shop.weekly"]


def test_a_job_that_an_interrupted_deployment_made_does_not_outlive_its_bundle(site):
    # The state is never pushed, and the next release has no such job.
    site.workspace.faults.add(Fault("POST *resources.json*", status=500, times=0))
    with pytest.raises(DatabricksError):
        deploy(site.release(), site.ground())
    site.workspace.faults.clear()
    assert site.job_names() == ["shop.daily", "shop.weekly"]
    done = deploy(site.release(jobs={"daily": "shop.daily"}), site.ground())
    assert done.removed == ("shop.weekly",)
    assert site.job_names() == ["shop.daily"]


def test_an_experiment_in_the_trash_is_taken_out_again(site):
    deploy(site.release(), site.ground())
    destroy(site.ground(), data=True)
    deploy(site.release(), site.ground())
    (experiment,) = site.workspace.state.experiments.values()
    assert experiment["lifecycle_stage"] == "active"


def test_a_job_with_other_capitals_is_another_job(site):
    deploy(site.release(jobs={"daily": "shop.daily", "loud": "SHOP.daily"}), site.ground())
    site.forget_state()
    deploy(site.release(jobs={"daily": "shop.daily", "loud": "SHOP.daily"}), site.ground())
    assert site.job_names() == ["SHOP.daily", "shop.daily"]


def test_a_job_that_is_taken_over_does_not_run_as_somebody_else_either(any_site):
    somebody, other = (f"00000000-0000-0000-0000-00000000000{number}" for number in (2, 3))
    for each in (somebody, other):
        any_site.workspace.add_service_principal(each)
    deploy(any_site.release(run_as=somebody), any_site.ground())
    any_site.forget_state()
    assert not plan(any_site.release(run_as=somebody), any_site.ground()).refused

    planned = plan(any_site.release(run_as=other), any_site.ground())
    assert [(each.path, each.rule) for each in planned.refused] == [
        ("jobs.daily", "run_as_changed"),
        ("jobs.weekly", "run_as_changed"),
    ]
    assert f"{somebody}, then {other}" in planned.refused.items[0].summary
    with pytest.raises(InvalidProject, match="would run as somebody else"):
        deploy(any_site.release(run_as=other), any_site.ground())
    assert deploy(any_site.release(run_as=other), any_site.ground(), allowed=[Allowed.RUN_AS]).changed


def test_a_later_commit_of_the_same_content_is_put_on_record_and_no_more(any_site):
    wanted = replace(any_site.release(), dirty=True)
    first = deploy(wanted, any_site.ground()).deployment
    state = any_site.workspace.read(f"{HOME}/bundle/state/resources.json")
    for commit in ("d" * 40, "e" * 40):
        later = replace(wanted, commit=commit, dirty=False)
        done = deploy(later, any_site.ground())
        assert (done.changed, done.deployment.commit, done.deployment.plan) == (False, commit, {})
        assert status(any_site.ground()).live == done.deployment
        assert deploy(later, any_site.ground()).deployment == done.deployment
    assert deploy(replace(wanted, commit="f" * 40), any_site.ground()).deployment == done.deployment
    assert [each.commit[0] for each in any_site.ground().past()] == ["c", "d", "e"]
    assert {each.release for each in any_site.ground().past()} == {first.release}
    assert any_site.workspace.read(f"{HOME}/bundle/state/resources.json") == state
