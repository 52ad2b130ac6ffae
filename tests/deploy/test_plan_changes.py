"""The CLI's plan becomes values, and what may not be done is found in them."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from framework.console.plan_view import show_plan
from framework.core.errors import DatabricksError, FrameworkError
from framework.deploy.plan_changes import Action, Change, FieldChange, PlanChanges, changes_of
from framework.deploy.plan_rules import Allowed, judged
from framework.deploy.planned import Planned, keep_plan, read_plan

OLD, NEW = "/Workspace/framework/prod/shop/releases/", "0123456789abcdef"
JOB = {
    "action": "update",
    "new_state": {"value": {"name": "shop.daily"}},
    "remote_state": {"job_id": 17, "name": "shop.daily"},
    "changes": {
        "description": {"action": "update", "old": "a", "new": "b", "remote": "by hand"},
        "tasks[task_key='sell'].notebook_task.notebook_path": {
            "action": "update",
            "old": f"{OLD}{'f' * 16}/files/sell",
            "new": f"{OLD}{NEW}/files/sell",
            "remote": f"{OLD}{'f' * 16}/files/sell",
        },
        "max_concurrent_runs": {"action": "skip", "reason": "backend_default", "remote": 1},
        "run_as": {
            "action": "update",
            "new": {"service_principal_name": "new"},
            "remote": {"service_principal_name": "old"},
        },
    },
}
SCHEMA = {
    "action": "recreate",
    "new_state": {"value": {"catalog_name": "prod", "name": "sales"}},
    "remote_state": {"catalog_name": "dev", "name": "sales"},
    "changes": {"catalog_name": {"action": "recreate", "old": "dev", "new": "prod", "remote": "dev"}},
}
PLAN = {
    "plan_version": 2,
    "lineage": "l",
    "serial": 3,
    "plan": {
        "resources.jobs.daily": JOB,
        "resources.jobs.daily.permissions": {"action": "skip"},
        "resources.jobs.monthly": {"action": "create", "new_state": {"value": {"name": "shop.monthly"}}},
        "resources.jobs.old": {"action": "delete", "remote_state": {"job_id": 18, "name": "shop.old"}},
        "resources.schemas.sales": SCHEMA,
        "resources.volumes.files": {
            "action": "delete",
            "remote_state": {"catalog_name": "prod", "schema_name": "sales", "name": "files"},
        },
    },
}


def test_each_resource_that_changes_has_its_name_and_its_fields():
    plan = changes_of(PLAN)
    assert [(each.key, str(each.action), each.name) for each in plan.changes] == [
        ("jobs.daily", "update", "shop.daily"),
        ("jobs.monthly", "create", "shop.monthly"),
        ("jobs.old", "delete", "shop.old"),
        ("schemas.sales", "recreate", "prod.sales"),
        ("volumes.files", "delete", "prod.sales.files"),
    ]
    assert (plan.unchanged, plan.job_ids) == (1, {17, 18})
    assert plan.counts == {"update": 1, "create": 1, "delete": 2, "recreate": 1}
    (description, run_as, path) = plan.changes[0].fields
    assert (description.old, description.new) == ("by hand", "b")
    assert (run_as.only_release, path.only_release) == (False, True)


def test_what_takes_data_along_or_changes_who_runs_it_is_refused():
    assert [(each.path, each.rule) for each in judged(changes_of(PLAN))] == [
        ("jobs.daily", "run_as_changed"),
        ("schemas.sales", "data_recreated"),
        ("volumes.files", "data_deleted"),
    ]
    assert "run_as_changed" not in [each.rule for each in judged(changes_of(PLAN), [Allowed.RUN_AS])]


def test_a_person_reads_it_in_lines():
    out = io.StringIO()
    plan = changes_of(PLAN)
    planned = Planned(
        project="shop",
        target="prod",
        release=NEW,
        root_path="/x",
        parts={"": plan},
        refused=judged(plan, words="shop -e prod"),
    )
    show_plan(Console(file=out, width=140, markup=False, highlight=False), planned)
    assert out.getvalue() == (
        "~ update   jobs.daily (shop.daily)\n"
        "    description: by hand → b\n"
        '    run_as: {"service_principal_name": "old"} → {"service_principal_name": "new"}\n'
        "    1 field: only the release in it changes, to 0123456789abcdef\n"
        "+ create   jobs.monthly (shop.monthly)\n"
        "- delete   jobs.old (shop.old)\n"
        "± recreate schemas.sales (prod.sales) is deleted and made again\n"
        "    catalog_name: dev → prod\n"
        "- delete   volumes.files (prod.sales.files)\n"
        "\n"
        "Release 0123456789abcdef: 1 to create, 1 to update, 2 to delete, 1 to delete and make again, 1 unchanged.\n"
        "Refused: jobs.daily (shop.daily) would run as somebody else: old, then new\n"
        "  If that is what you want: --allow run-as\n"
        "Refused: schemas.sales (prod.sales) would be deleted and made again, with everything in it, because of"
        " catalog_name\n"
        "  Give the new one another key and name, move the data, then take the old one out.\n"
        "Refused: volumes.files (prod.sales.files) would be deleted, with everything in it\n"
        "  A deployment deletes no data; this does: framework destroy shop -e prod --data\n"
    )


def test_lists_are_compared_item_by_item():
    out = io.StringIO()
    change = Change(
        key="jobs.daily.permissions", action=Action.UPDATE, fields=(FieldChange("", ["a", "b"], ["b", "c"]),)
    )
    parts = {"": PlanChanges((change,))}
    planned = Planned(project="shop", target="prod", release=NEW, root_path="/x", parts=parts)
    show_plan(Console(file=out, width=140), planned)
    assert "    all: - a, + c\n" in out.getvalue()
    assert "nothing to do" not in planned.as_dict()


def test_a_token_that_somebody_wrote_into_a_job_is_not_shown():
    entry = {**JOB, "changes": {"description": {"action": "update", "remote": "dapi0123456789abcdef", "new": "b"}}}
    assert changes_of({"plan": {"resources.jobs.daily": entry}}).changes[0].fields[0].shown[0] == "***"


def test_a_plan_is_the_same_whatever_the_environment_hides(monkeypatch, tmp_path):
    def planned(new):
        entry = {**JOB, "changes": {"description": {"action": "update", "remote": "a", "new": new}}}
        parts = {"": changes_of({"plan": {"resources.jobs.daily": entry}})}
        return Planned(project="shop", target="prod", release=NEW, root_path="/x", parts=parts)

    keep_plan(planned("from prod-secrets"), tmp_path / "plan.json")
    monkeypatch.setenv("SECRET_SCOPE", "prod-secrets")
    read_plan(tmp_path / "plan.json", "shop", "prod").check(planned("from prod-secrets"))
    keep_plan(planned("from prod-secrets"), tmp_path / "hidden.json")
    assert "prod-secrets" not in (tmp_path / "hidden.json").read_text()
    monkeypatch.delenv("SECRET_SCOPE")
    expected = read_plan(tmp_path / "hidden.json", "shop", "prod")
    expected.check(planned("from prod-secrets"))
    with pytest.raises(FrameworkError, match="has changed since the plan was made"):
        expected.check(planned("from other-secrets"))


@pytest.mark.parametrize(
    "plan",
    [
        {"plan": []},
        {"plan": {"resources.jobs.daily": "create"}},
        {"plan": {"resources.jobs.daily": {"action": "explode"}}},
        {"plan": {"daily": {"action": "create"}}},
    ],
)
def test_a_plan_that_nobody_understands_is_refused(plan):
    with pytest.raises(DatabricksError, match="cannot be read"):
        changes_of(plan)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.fixed_dictionaries(
    {"action": st.sampled_from(["create", "update", "update_id", "delete", "recreate", "skip", "", "resize"])},
    optional={"changes": JSON, "remote_state": JSON, "new_state": JSON},
)
KEYS = st.sampled_from(["resources.jobs.a", "resources.jobs.a.permissions", "resources.schemas.b", "resources.x.y"])


@given(st.dictionaries(KEYS, ENTRIES))
@settings(max_examples=200)
def test_whatever_a_resource_holds_it_is_counted_once_and_can_be_written_down(entries):
    plan = changes_of({"plan": entries})
    assert len(plan.changes) + plan.unchanged == len(entries)
    assert json.loads(json.dumps(plan.as_dict()))["unchanged"] == plan.unchanged
    rules = {each.path for each in judged(plan)}
    gone = {each.key for each in plan.changes if each.holds_data and each.action in (Action.DELETE, Action.RECREATE)}
    assert gone <= rules
