"""Which privileges follow from a graph, and what may be said of them."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.deploy.preflight.check import CheckState
from framework.deploy.preflight.grants import Granted, grant_statements, judged
from framework.deploy.preflight.principals import Principal
from framework.deploy.preflight.privileges import (
    Requirement,
    Securable,
    required_privileges,
    required_warehouses,
)
from framework.resolve.pipeline import resolve
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.loader import load

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
TABLE = Securable("TABLE", "prod.raw.sales")
ROBOT, US = "robot-id", "us@example.com"


@pytest.fixture(scope="module")
def demand(tmp_path_factory: pytest.TempPathFactory) -> ResolvedPipeline:
    root = Path(
        shutil.copytree(SHOP, tmp_path_factory.mktemp("x") / "shop", ignore=shutil.ignore_patterns(".framework"))
    )
    (root / "conf/prod.yml").write_text("mode: production\ncatalog: prod\nexperiment_root: /mlops\n")
    with (root / "projects/shop/pipelines/demand.yml").open("a") as file:
        file.write("  - {task_key: report, sql_task: {warehouse_id: abc, file: {path: report.sql}}}\n")
        file.write(
            "  - {task_key: other, sql_task: {warehouse_id: '{{job.parameters.as_of}}', file: {path: report.sql}}}\n"
        )
    return resolve(load(root, "shop", "demand", "prod"))


def test_what_the_kinds_of_tasks_need(demand):
    needed = {(each.securable.kind, each.securable.name, each.privilege) for each in required_privileges([demand])}

    assert needed == {
        ("CATALOG", "prod", "USE_CATALOG"),
        *(("SCHEMA", f"prod.{schema}", "USE_SCHEMA") for schema in ("raw", "features", "models", "predictions")),
        *(("SCHEMA", f"prod.{schema}", "CREATE_TABLE") for schema in ("features", "predictions")),
        ("SCHEMA", "prod.models", "CREATE_MODEL"),
        ("TABLE", "prod.raw.sales", "SELECT"),
        *(("TABLE", "prod.features.daily_units", privilege) for privilege in ("SELECT", "MODIFY")),
        *(("TABLE", "prod.predictions.daily_units", privilege) for privilege in ("SELECT", "MODIFY")),
        *(("FUNCTION", "prod.models.demand", privilege) for privilege in ("EXECUTE", "APPLY_TAG", "MANAGE")),
    }


def test_each_says_which_tasks_need_it(demand):
    by_privilege = {(each.securable.name, each.privilege): each for each in required_privileges([demand, demand])}

    sales = by_privilege["prod.raw.sales", "SELECT"]
    assert (sales.tasks, sales.made) == (("demand.features",), False)
    assert by_privilege["prod.features.daily_units", "SELECT"].tasks == (
        "demand.features", "demand.train", "demand.evaluate", "demand.score",
    )  # fmt: skip
    assert by_privilege["prod.features.daily_units", "MODIFY"].made


def test_warehouses_are_those_that_are_named(demand):
    assert required_warehouses([demand]) == {"abc": ("demand.report",)}


def test_the_warehouse_that_counts_is_the_one_that_is_laid_over(demand):
    over = {"sql_task": {"warehouse_id": "other"}}
    laid = replace(demand, tasks=tuple(replace(task, databricks=over) for task in demand.tasks if task.native))

    assert required_warehouses([laid]) == {"other": ("demand.report", "demand.other")}


PRIVILEGES = st.sampled_from(["SELECT", "MODIFY", "ALL_PRIVILEGES", "MANAGE", "USE_SCHEMA"])
PEOPLE = st.sampled_from([ROBOT, US, "robots", "others", "account users"])
GRANTED = st.builds(
    Granted,
    privileges=st.dictionaries(PEOPLE, st.frozensets(PRIVILEGES)),
    owner=st.one_of(st.just(""), PEOPLE),
    exists=st.booleans(),
    hidden=st.booleans(),
)
GROUPS = st.one_of(st.none(), st.frozensets(st.sampled_from(["robots", "others"])))


@given(GRANTED, GRANTED, st.sampled_from(["SELECT", "MANAGE"]), GROUPS, st.booleans())
def test_ok_needs_evidence_and_missing_needs_sight(on_table, on_schema, privilege, groups, made):
    who, me = Principal(ROBOT, groups), Principal(US, frozenset())
    seen = {TABLE: on_table, TABLE.above[0]: on_schema, TABLE.above[1]: Granted({})}

    state = judged(Requirement(TABLE, privilege, (), made), seen, who, me)

    names = {ROBOT, "account users", *(groups or ())}
    held = {each for name in names for each in on_table.privileges.get(name, ())}
    evidence = on_table.owner in names or privilege in held or (privilege != "MANAGE" and "ALL_PRIVILEGES" in held)
    if privilege == "MANAGE":  # who rules what holds it manages it, too
        evidence |= on_schema.owner in names or any("MANAGE" in on_schema.privileges.get(name, ()) for name in names)
    assert (state is CheckState.OK) == (evidence if on_table.exists else made)
    if state is CheckState.MISSING:
        ours = {US, "account users", "users"}
        manages = any("MANAGE" in each.privileges.get(name, ()) for each in (on_table, on_schema) for name in ours)
        assert manages or ours & {on_table.owner, on_schema.owner}
        assert not on_table.hidden


@given(GRANTED, PRIVILEGES, GROUPS)
def test_a_further_grant_never_takes_anything_away(granted, privilege, groups):
    who, me = Principal(ROBOT, groups), Principal(ROBOT, groups)
    more = {**granted.privileges, ROBOT: granted.privileges.get(ROBOT, frozenset()) | {privilege}}
    schema, catalog = TABLE.above
    rest = {schema: Granted({}), catalog: Granted({})}
    requirement = Requirement(TABLE, "SELECT", (), made=False)

    before = judged(requirement, {TABLE: granted, **rest}, who, me)
    after = judged(requirement, {TABLE: Granted(more, granted.owner, granted.exists, granted.hidden), **rest}, who, me)
    assert after is CheckState.OK or after is before


@pytest.mark.parametrize(
    ("catalog", "state"),
    [(Granted({}), "ok"), (Granted({}, exists=False), "unknown"), (Granted({}, hidden=True), "unknown")],
    ids=["shown", "not there", "refused"],
)
def test_what_is_made_may_be_hidden_where_nothing_around_it_is_shown(catalog, state):
    schema, above = TABLE.above
    nothing = Granted({}, exists=False)
    us = Principal(US, frozenset())

    requirement = Requirement(TABLE, "SELECT", (), made=True)
    assert judged(requirement, {TABLE: nothing, schema: nothing, above: catalog}, us, us) == state


def test_statements_quote_every_name():
    needed = [
        Requirement(Securable("SCHEMA", "prod-1.raw"), "USE_SCHEMA", (), made=False),
        Requirement(Securable("SCHEMA", "prod-1.raw"), "CREATE_TABLE", (), made=False),
    ]
    assert grant_statements(needed, "a`b; drop") == (
        "GRANT USE SCHEMA, CREATE TABLE ON SCHEMA `prod-1`.`raw` TO `a``b; drop`;"
    )
