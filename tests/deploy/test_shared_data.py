"""Data that a deployment only took over, or that others have too, outlives whoever destroys the project."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from framework.console.deployment_view import show_destroyed
from framework.core.errors import DatabricksError
from framework.deploy.data_owners import tell_of_others
from framework.deploy.deployment import deploy, plan
from framework.deploy.destroy import destroy, destroyed_by
from framework.deploy.plan_changes import Action, Change, PlanChanges
from framework.deploy.store import ReleaseStore
from framework.records.releases import Deployment
from framework.testing.fake_workspace import Fault

ROOT = "/Workspace/framework/prod"
BOOKS = Deployment(
    id="b" * 12,
    project="books",
    target="prod",
    release="0" * 16,
    started_at="2026-01-01T10:00:00.000+00:00",
    ended_at="2026-01-01T10:01:00.000+00:00",
    result="succeeded",
    who="bob@example.com",
    root_path=f"{ROOT}/books/bundle",
    data={"schemas prod.features": ""},
)
FEATURES = "schemas.features_schema"


def on_record(site, *deployments):
    for each in deployments:
        ReleaseStore(site.ground().client, ROOT, "books").note(each)


def made_by_bob(site, schema="prod.features"):
    site.workspace.add_user("bob@example.com")
    site.workspace.state.securables.pop(f"schema:{schema}", None)
    site.workspace.add_securable("schema", schema, "bob@example.com")


def is_left(site, why):
    """That the schema survives everything that this project can do, for that reason."""
    assert why in destroyed_by(site.ground(), data=True).reasons[FEATURES]
    done = destroy(site.ground(), data=True)
    assert why in done.reasons[FEATURES]
    assert (done.left[FEATURES], done.as_dict()["reasons"]) == ("prod.features", done.reasons)
    assert "schema:prod.features" in site.workspace.state.securables


def test_what_was_there_before_is_left(any_site):
    made_by_bob(any_site)
    deploy(any_site.release(), any_site.ground())
    is_left(any_site, "was there before")
    assert "schema:prod.models" not in any_site.workspace.state.securables


def test_what_was_there_before_is_left_by_every_later_deployment(site):
    made_by_bob(site)
    deploy(site.release(), site.ground())
    site.forget_state()
    deploy(site.release(description="Other."), site.ground())
    is_left(site, "was there before")


def test_what_a_broken_off_deployment_made_is_its_own(site):
    site.workspace.faults.add(Fault("POST *resources.json*", status=500, times=0))
    with pytest.raises(DatabricksError):
        deploy(site.release(), site.ground())
    site.workspace.faults.clear()
    assert deploy(site.release(), site.ground()).deployment.plan["adopt"]
    assert destroy(site.ground(), data=True).left == {}


def test_what_outlived_a_first_destroy_is_still_its_own(site):
    deploy(site.release(), site.ground())
    destroy(site.ground(), data=False)
    deploy(site.release(), site.ground())
    assert destroy(site.ground(), data=True).left == {}


def test_all_of_it_can_be_destroyed_again_and_again(site):
    for _ in range(2):
        deploy(site.release(), site.ground())
        assert destroy(site.ground(), data=True).left == {}


def test_what_was_destroyed_and_made_by_somebody_else_is_theirs(site):
    deploy(site.release(), site.ground())
    destroy(site.ground(), data=True)
    site.workspace.add_securable("schema", "prod.features")  # the same administrator, by hand
    deploy(site.release(), site.ground())
    is_left(site, "was there before")


def test_what_somebody_else_made_again_is_theirs(site):
    deploy(site.release(), site.ground())
    made_by_bob(site)
    is_left(site, "was made by bob@example.com, and not by the deployment of admin@example.com")


@pytest.mark.parametrize(
    ("theirs", "result"), [("schemas prod.features", "running"), ("volumes prod.features.raw", "succeeded")]
)
def test_what_another_project_has_too_is_left(site, theirs, result):
    deploy(site.release(), site.ground())
    on_record(site, replace(BOOKS, data={theirs: "bob@example.com"}, result=result))
    is_left(site, "also belongs to books")


def test_what_another_person_has_too_is_left(site):
    deploy(site.release(), site.ground())
    hers = replace(BOOKS, project="shop", root_path=f"{ROOT}/shop/ann/bundle", who="ann@example.com")
    site.ground().store.note(hers)
    is_left(site, "also belongs to shop of ann@example.com")


def test_what_another_project_no_longer_has_goes(site):
    deploy(site.release(), site.ground())
    gone = replace(BOOKS, id="c" * 12, kind="destroy", started_at="2026-01-02T10:00:00.000+00:00", data={})
    on_record(site, BOOKS, gone)
    assert FEATURES in destroy(site.ground(), data=True).removed


def test_what_another_project_left_when_it_was_destroyed_stays(site):
    deploy(site.release(), site.ground())
    left = replace(BOOKS, id="c" * 12, kind="destroy", started_at="2026-01-02T10:00:00.000+00:00")
    on_record(site, BOOKS, left)
    assert destroy(site.ground(), data=True).reasons[FEATURES] == "also belongs to books"


def test_a_schema_that_holds_what_stays_is_left(site):
    deploy(site.release(), site.ground())
    on_record(site, replace(BOOKS, data={"registered_models prod.models.demand": ""}))
    done = destroy(site.ground(), data=True)
    assert set(done.left.values()) == {"prod.models.demand", "prod.models"}


def test_nothing_goes_while_records_cannot_be_read(site):
    deploy(site.release(), site.ground())
    site.workspace.write(f"{ROOT}/books/deployments/1.ended.json", b"no record")
    is_left(site, f"may belong to others, too: {ROOT}/books cannot be read")


def test_a_plan_says_whose_it_takes_over(site):
    made_by_bob(site)
    on_record(site, BOOKS)
    plan(site.release(), site.ground())
    assert f"{FEATURES}: prod.features also belongs to books." in site.said


def test_a_person_sees_how_much_goes_and_why_the_rest_stays(site):
    made_by_bob(site, "prod.raw")
    deploy(site.release(schemas=["features", "models", "raw"]), site.ground())
    for name in ("weekly", "daily"):
        site.workspace.add_securable("table", f"prod.features.{name}")
    found = destroyed_by(site.ground(), data=True)
    said = io.StringIO()
    show_destroyed(Console(file=said, width=200), found, done=False)
    assert f"- delete  {FEATURES} (prod.features), with 2 tables\n" in said.getvalue()
    assert "schemas.models_schema (prod.models), with 1 model\n" in said.getvalue()
    assert "· leave   schemas.raw_schema (prod.raw): was there before this project came\n" in said.getvalue()
    assert json.loads(json.dumps(found.as_dict()))["contents"][FEATURES] == {"table": 2}


def test_where_nobody_may_look_around_it_is_not_known_whose_data_it_is(site):
    site.workspace.faults.add(Fault("GET */workspace/list", status=403, times=0))
    change = Change(key=FEATURES, action=Action.ADOPT, name="prod.features")
    tell_of_others(site.ground(), [PlanChanges((change,))])
    said = f"{FEATURES}: prod.features may belong to others, too: {ROOT} cannot be read."
    assert site.said == [said]


def test_a_first_deployment_says_nothing_of_others_where_there_are_none(site):
    made_by_bob(site)
    plan(site.release(), site.ground())
    assert not [said for said in site.said if "may belong to others" in said]
