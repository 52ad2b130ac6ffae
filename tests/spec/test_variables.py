"""What stands for what: values by target, by command line, and their types."""

from pathlib import Path

import pytest

from framework.core.errors import InvalidProject, UsageError
from framework.spec.loader import load

BASE = """\
variables:
  retries: 1
  landing: {description: Where files arrive, default: /Volumes/raw}
  tags: {default: {team: shop, level: 2}}
  warehouse: {description: SQL warehouse}
  quarter: "${var.landing}/q1"
"""
DEV = """\
host: "${env:WORKSPACE}"
mode: development
catalog: dev
variables: {warehouse: w1}
"""
PIPELINE = """\
name: daily
description: "from ${var.quarter} to ${bundle.target}"
tags: "${var.tags}"
tasks:
  - task_key: load
    sql_task: {warehouse_id: "${var.warehouse}", file: {path: daily.sql}}
    max_retries: "${var.retries}"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for file, text in {
        "conf/base.yml": BASE,
        "conf/dev.yml": DEV,
        "projects/shop/project.yml": "name: shop\ndescription: A shop.\nowner: us\n",
        "projects/shop/pipelines/daily.yml": PIPELINE,
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    return tmp_path


def pipeline(root, **given):
    return load(root, "shop", "daily", "dev", variables=given).pipeline


def test_a_reference_is_replaced_by_a_value_of_its_type(root):
    read = pipeline(root, tags='{"team": "ours"}')

    assert read.tasks[0].max_retries == 1
    assert read.tasks[0].native == ("sql_task", {"warehouse_id": "w1", "file": {"path": "daily.sql"}})
    assert read.tags == {"team": "ours"}


def test_variables_refer_to_each_other_and_what_bundles_know_stays(root):
    assert pipeline(root, tags="{}").description == "from /Volumes/raw/q1 to ${bundle.target}"


def test_the_command_line_wins_with_a_value_of_the_same_type(root):
    assert pipeline(root, retries="3", warehouse="w2", tags="{}").tasks[0].max_retries == 3

    with pytest.raises(UsageError, match="variable 'retries' is like 1, and 'many' is not"):
        pipeline(root, retries="many")
    with pytest.raises(UsageError, match=r"no variable 'retry' \(did you mean 'retries'\?\)"):
        pipeline(root, retry="3")


def test_a_value_of_the_wrong_type_is_a_finding_where_it_is_used(root):
    with pytest.raises(InvalidProject) as raised:
        pipeline(root)

    (finding,) = raised.value.found
    assert (finding.path, str(finding.location)) == ("tags.level", "projects/shop/pipelines/daily.yml:3:7")


def test_the_environment_is_asked_where_no_bundle_will_have_the_answer(root, monkeypatch):
    monkeypatch.delenv("WORKSPACE", raising=False)
    unset = load(root, "shop", "daily", "dev", variables={"tags": "{}"}).target.host
    monkeypatch.setenv("WORKSPACE", "https://dev.example.org")

    assert unset == "${env:WORKSPACE}"
    assert load(root, "shop", "daily", "dev", variables={"tags": "{}"}).target.host == "https://dev.example.org"
