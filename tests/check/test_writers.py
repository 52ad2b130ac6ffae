"""Who writes a table in a checkout: one task of one project, for each catalog."""

import shutil

import pytest

from framework.check.checkout import validate

SCORE = "  - {task_key: units, kind: feature_table, entrypoint: 'stall.units:daily', writes: features.daily_units, "
STALL = f"name: stall\ntasks:\n{SCORE}reads: {{sales: raw.stall}}, primary_keys: [day]}}\n"


@pytest.fixture
def checkout(project):
    """A checkout with a second project, which writes a table of the first."""
    stall = project.parent / "stall"
    shutil.copytree(project, stall)
    (stall / "src/shop").rename(stall / "src/stall")
    (stall / "src/stall/units.py").write_text("def daily(sales):\n    return sales\n")
    (stall / "project.yml").write_text("name: stall\n")
    (stall / "pipelines/demand.yml").unlink()
    (stall / "pipelines/stall.yml").write_text(STALL)
    return project.parents[1]


def found(root, *targets):
    every = validate(root, None, None, targets).found
    return [(e.summary, str(e.location), e.targets) for e in every if e.rule == "one_writer_in_the_catalog"]


def test_two_projects_that_write_one_table_are_found_for_all_targets_at_once(checkout):
    (checkout / "conf/dev.yml").write_text("host: https://dev.example.com\nmode: development\ncatalog: dev\n")
    both = "'shop' (at projects/shop/pipelines/demand.yml:12:13) and 'stall'"
    summary = f"table features.daily_units is written by two projects, {both}"

    assert found(checkout, "local", "dev") == [(summary, "projects/stall/pipelines/stall.yml:3:85", ())]


def test_projects_that_write_different_tables_are_not(checkout):
    file = checkout / "projects/stall/pipelines/stall.yml"
    file.write_text(STALL.replace("features.daily_units", "stall.daily_units"))

    assert found(checkout, "local") == []
