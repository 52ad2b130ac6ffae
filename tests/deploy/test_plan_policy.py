"""What the policy says about plans: forbidden, warned of, allowed; and what no policy changes."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from framework.console.plan_view import show_plan
from framework.core.errors import InvalidProject
from framework.deploy.checkout import Aim
from framework.deploy.deployment import deploy, plan
from framework.deploy.gate import gate
from framework.deploy.plan_changes import changes_of
from framework.deploy.plan_rules import Allowed, judged
from framework.deploy.planned import Planned
from framework.deploy.rights import rights_opened
from framework.spec.policy_spec import read_policy
from framework.spec.target_spec import read_target


def permission(level, who, field="group_name"):
    return {"level": level, field: who}


def rights(*entries):
    return {"object_id": "/jobs/17", "__embed__": list(entries)}


VIEWERS = permission("CAN_VIEW", "viewers")
PLAN = {
    "plan": {
        "resources.jobs.daily": {
            "action": "update",
            "new_state": {"value": {"name": "shop.daily"}},
            "remote_state": {"job_id": 17, "name": "shop.daily"},
            "changes": {"run_as": {"action": "update", "remote": {"user_name": "ann"}, "new": {"user_name": "bob"}}},
        },
        "resources.jobs.daily.permissions": {
            "action": "update",
            "new_state": {"value": rights(permission("CAN_MANAGE", "viewers"), permission("CAN_VIEW", "users"))},
            "remote_state": rights(VIEWERS),
        },
        "resources.jobs.monthly": {"action": "create", "new_state": {"value": {"name": "shop.monthly"}}},
        "resources.jobs.monthly.permissions": {"action": "create", "new_state": {"value": rights(VIEWERS)}},
        "resources.jobs.old": {"action": "delete", "remote_state": {"job_id": 18, "name": "shop.old"}},
        "resources.jobs.other": {"action": "recreate", "remote_state": {"job_id": 19, "name": "shop.other"}},
        "resources.schemas.sales": {"action": "delete", "remote_state": {"catalog_name": "prod", "name": "sales"}},
    }
}
FIXED = {"schemas.sales": "data_deleted"}


@pytest.fixture
def policy(tmp_path):
    """What the files for all projects, and for this one, say for ``prod``."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "projects/shop").mkdir(parents=True)
    (tmp_path / "conf/prod.yml").write_text("mode: production\ncatalog: prod\n")

    def write(organisation, project=""):
        (tmp_path / "conf/policy.yml").write_text(organisation)
        (tmp_path / "projects/shop/policy.yml").write_text(project)
        return read_policy(tmp_path, tmp_path / "projects/shop").of_target("prod")

    return write


def errors(policy, *allowed):
    return {each.path: each.rule for each in judged(changes_of(PLAN), allowed, policy=policy).errors}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("", {"jobs.daily": "run_as_changed"}),
        ("plan: {delete_jobs: true, change_run_as: true}", {}),
        ("plan: {change_run_as: false}", {"jobs.daily": "policy.plan_change_run_as"}),
        ("plan: {change_run_as: true, delete_jobs: false}", {"jobs.old": "policy.plan_delete_jobs"}),
        ("plan: {change_run_as: true, recreate_jobs: false}", {"jobs.other": "policy.plan_recreate_jobs"}),
        (
            "plan: {change_run_as: true, open_permissions: false}",
            {"jobs.daily.permissions": "policy.plan_open_permissions"},
        ),
        ("targets: {prod: {plan: {change_run_as: true}}}", {}),
        (
            "plan: {change_run_as: false}\nseverities: {policy.plan_change_run_as: warning}",
            {"jobs.daily": "run_as_changed"},
        ),
        ("plan: {change_run_as: true, delete_jobs: false}\nseverities: {policy.plan_delete_jobs: off}", {}),
    ],
)
def test_a_plan_is_judged_by_the_policy(policy, written, found):
    assert errors(policy(written)) == FIXED | found


def test_a_person_may_allow_what_the_policy_leaves_open(policy):
    assert errors(policy(""), Allowed.RUN_AS) == FIXED
    assert "jobs.daily" in errors(policy("plan: {change_run_as: false}"), Allowed.RUN_AS)


def test_a_project_forbids_more_and_never_allows_more(policy):
    assert errors(policy("", "plan: {change_run_as: true}")) == FIXED | {"jobs.daily": "run_as_changed"}
    assert "jobs.old" in errors(policy("", "plan: {delete_jobs: false}"))
    assert "jobs.old" in errors(policy("plan: {delete_jobs: false}", "plan: {delete_jobs: true}"))


def test_a_person_reads_what_is_refused_and_what_is_warned_of(policy):
    rules = policy(
        "plan: {change_run_as: false, delete_jobs: false, open_permissions: false}\n"
        "severities: {policy.plan_delete_jobs: warning}\n"
    )
    found = judged(changes_of(PLAN), (), "shop -e prod", rules)
    warnings = replace(found, items=tuple(each for each in found if each not in found.errors))
    about = {"project": "shop", "target": "prod", "release": "0" * 16, "root_path": "/x", "parts": {}}
    planned = Planned(**about, refused=replace(found, items=found.errors), warnings=warnings)
    out = io.StringIO()
    show_plan(Console(file=out, width=140), planned)
    assert out.getvalue() == (
        "Release 0000000000000000: nothing to do, 0 unchanged.\n"
        "Warning: jobs.old (shop.old) would be deleted\n"
        "  conf/policy.yml:1 forbids it.\n"
        "Refused: schemas.sales (prod.sales) would be deleted, with everything in it\n"
        "  A deployment deletes no data; this does: framework destroy shop -e prod --data\n"
        "Refused: jobs.daily (shop.daily) would run as somebody else: ann, then bob\n"
        "  conf/policy.yml:1 forbids it.\n"
        "Refused: jobs.daily.permissions would give rights: CAN_VIEW for users, CAN_MANAGE for viewers\n"
        "  conf/policy.yml:1 forbids it.\n"
    )
    assert [each["rule"] for each in planned.as_dict()["warnings"]] == ["policy.plan_delete_jobs"]


@pytest.mark.parametrize(
    ("before", "after", "opened"),
    [
        ([VIEWERS], [VIEWERS], ()),
        ([VIEWERS], [], ()),
        ([permission("CAN_MANAGE", "a")], [permission("CAN_VIEW", "a")], ()),
        ([permission("CAN_MANAGE", "a")], [permission("CAN_USE", "a")], ()),
        (
            [{"principal": "a", "privileges": ["ALL_PRIVILEGES"]}],
            [{"principal": "a", "privileges": ["SELECT", "MANAGE"]}],
            ("MANAGE for a",),
        ),
        ([permission("CAN_VIEW", "a")], [permission("CAN_RUN_ANYTHING", "a")], ("CAN_RUN_ANYTHING for a",)),
        ([], [permission("IS_OWNER", "ci", "service_principal_name")], ("IS_OWNER for ci",)),
        (
            [{"principal": "a", "privileges": ["SELECT"]}],
            [{"principal": "a", "privileges": ["SELECT", "MODIFY"]}, {"principal": "b", "privileges": ["SELECT"]}],
            ("SELECT for b", "MODIFY for a"),
        ),
        ("nonsense", [None, 3, {"privileges": "x", "level": ["y"]}], ("['y'] for ",)),
    ],
)
def test_which_rights_are_new(before, after, opened):
    assert set(rights_opened({"__embed__": before}, {"__embed__": after})) == set(opened)


def test_a_deployment_keeps_the_policy_and_destroy_does(site, policy, tmp_path):
    rules = policy("plan: {delete_jobs: false, delete_data: false}\nseverities: {policy.plan_delete_data: warning}")
    ground = replace(site.ground(), policy=lambda: rules)
    deploy(site.release(), ground)
    fewer = site.release(jobs={"daily": "shop.daily"})
    assert [each.rule for each in plan(fewer, ground).refused] == ["policy.plan_delete_jobs"]
    with pytest.raises(InvalidProject, match=r"jobs.weekly \(shop.weekly\) would be deleted"):
        deploy(fewer, ground)
    assert site.job_names() == ["shop.daily", "shop.weekly"]

    at = Aim(root=tmp_path, project="shop", target=read_target(tmp_path, "prod"))
    *_, jobs, data = gate(at, ground, (), ["delete_jobs", "delete_data"])
    assert (str(jobs.state), jobs.found, jobs.advice) == (
        "missing",
        "it may not delete jobs here",
        "conf/policy.yml:1 forbids it.",
    )
    assert (str(data.state), data.found) == ("warning", "it may not delete data here")
