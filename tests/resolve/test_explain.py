"""Where values come from: what is said to win is what the job has."""

from pathlib import Path

import pytest

from framework.core.errors import UsageError
from framework.resolve.explain import explain, explain_each
from framework.spec.loader import load

FILES = {
    "conf/base.yml": """\
tags: {team: base, unit: retail}
permissions: [{group_name: readers, level: CAN_VIEW}]
variables:
  size: {default: 4}
  limits: {warn: 1, stop: 2}
pipelines:
  daily:
    timeout_seconds: 11
    parameters: {day: of-base}
    tasks: {load: {timeout_seconds: 12}}
""",
    "conf/dev.yml": """\
host: https://dev.example.org
mode: development
catalog: dev
compute:
  environments: [{environment_key: default, spec: {environment_version: "2"}}]
variables: {size: 5}
pipelines:
  daily:
    databricks: {email_notifications: {on_failure: [dev@example.org]}, queue: {enabled: false}}
    schedule: {pause_status: PAUSED}
    tasks: {load: {max_retries: 2}}
""",
    "projects/shop/project.yml": "name: shop\nowner: us\n",
    "projects/shop/pipelines/daily.yml": """\
name: daily
parameters: {day: own}
tags: {team: own}
timeout_seconds: 99
schedule: {quartz_cron_expression: "0 0 4 ? * *", timezone_id: Europe/London}
databricks:
  email_notifications: {on_failure: [own@example.org], on_start: [us@example.org]}
  tags: {extra: one}
  health: "${var.limits}"
tasks:
  - task_key: load
    timeout_seconds: 50
    notebook_task: {notebook_path: /load, base_parameters: {day: "{{job.parameters.day}}"}}
    databricks: {new_cluster: {num_workers: "${var.size}"}, max_retries: 7}
  - {task_key: score, kind: python, entrypoint: "shop.score:run", writes: shop.scores}
  - {task_key: show, kind: python, entrypoint: "shop.show:run", reads: {scores: shop.scores}, depends_on: [load]}
  - {task_key: tell, kind: python, entrypoint: "shop.show:run", reads: {scores: shop.scores}}
""",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for file, written in FILES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(written)
    return tmp_path


def explained(root, path, target="dev", **given):
    return explain(load(root, "shop", "daily", target, variables=given), path)


def said(root, path, target="dev"):
    """The value and the places, the one that wins first."""
    found = explained(root, path, target)
    return found.value if found.is_set else "not set", [str(setting.location) for setting in reversed(found.settings)]


@pytest.mark.parametrize(
    ("path", "value", "places"),
    [
        ("timeout_seconds", 11, ["conf/base.yml:8:22", "projects/shop/pipelines/daily.yml:4:18"]),
        ("schedule.pause_status", "PAUSED", ["conf/dev.yml:10:30"]),
        ("schedule.timezone_id", "Europe/London", ["projects/shop/pipelines/daily.yml:5:64"]),
        ("tasks.load.timeout_seconds", 12, ["conf/base.yml:10:37", "projects/shop/pipelines/daily.yml:12:22"]),
        ("tasks[0].max_retries", 7, ["projects/shop/pipelines/daily.yml:14:74", "conf/dev.yml:11:33"]),
        ("tasks.load.databricks.max_retries", 7, ["projects/shop/pipelines/daily.yml:14:74", "conf/dev.yml:11:33"]),
        (
            "email_notifications.on_failure[0]",
            "dev@example.org",
            ["conf/dev.yml:9:53", "projects/shop/pipelines/daily.yml:7:38"],
        ),
        ("email_notifications.on_start[0]", "us@example.org", ["projects/shop/pipelines/daily.yml:7:67"]),
        ("queue.enabled", False, ["conf/dev.yml:9:89"]),
        ("tags.team", "own", ["projects/shop/pipelines/daily.yml:3:14", "conf/base.yml:1:14"]),
        ("tags.extra", "one", ["projects/shop/pipelines/daily.yml:8:17"]),
        ("permissions[0].level", "CAN_VIEW", ["conf/base.yml:2:44"]),
        ("environments[0].environment_key", "default", ["conf/dev.yml:5:36"]),
        ("tasks.score.environment_key", "default", ["conf/dev.yml:5:36"]),
        ("compute.environments[0].environment_key", "default", ["conf/dev.yml:5:36"]),
        ("health.warn", 1, ["projects/shop/pipelines/daily.yml:9:11"]),
        ("name", "daily", ["projects/shop/pipelines/daily.yml:1:7"]),
        ("host", "https://dev.example.org", ["conf/dev.yml:1:7"]),
        ("catalog", "dev", ["conf/dev.yml:3:10"]),
        ("owner", "us", ["projects/shop/project.yml:2:8"]),
        ("variables.size", 5, ["conf/dev.yml:6:19", "conf/base.yml:4:19"]),
        ("webhook_notifications", "not set", []),
    ],
)
def test_what_wins_and_what_it_is_laid_over(root, path, value, places):
    assert said(root, path) == (value, places)


@pytest.mark.parametrize(
    ("path", "value", "places"),
    [
        ("timeout_seconds", 99, ["projects/shop/pipelines/daily.yml:4:18"]),
        ("permissions", "not set", []),
        ("host", "not set", []),
        ("catalog", "spark_catalog", []),
        ("tags.unit", "retail", ["conf/base.yml:1:26"]),
    ],
)
def test_local_takes_nothing_but_tags_and_variables_from_conf(root, path, value, places):
    assert said(root, path, "local") == (value, places)


def test_a_value_below_a_variable_shows_the_variable(root):
    found = explained(root, "tasks.load.new_cluster.num_workers")
    below = explained(root, "health.stop")

    assert (found.value, found.settings[-1].written) == (5, "${var.size}")
    assert str(found.variables["size"].location) == "conf/dev.yml:6:19"
    assert (below.value, below.settings[-1].written) == (2, "${var.limits}")
    assert str(below.variables["limits"].location) == "conf/base.yml:5:11"


def test_a_variable_of_the_command_line_has_no_place(root):
    assert explained(root, "variables.size", size="6").settings[0].location is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("timeout_second", r"a pipeline has no field 'timeout_second' \(did you mean 'timeout_seconds'\?\)"),
        ("databricks", "a pipeline has no field 'databricks'"),
        ("tasks.load.max_retry", r"task 'load' has no field 'max_retry' \(did you mean 'max_retries'\?\)"),
        ("tasks.laod.max_retries", r"no task 'laod' \(did you mean 'load'\?\)"),
        ("tasks[7].max_retries", "no task '7'"),
    ],
)
def test_a_field_that_nothing_has_is_refused(root, path, message):
    with pytest.raises(UsageError, match=message):
        explained(root, path)


def test_a_map_that_several_files_make_is_told_key_by_key(root):
    tags, limits = explained(root, "tags"), explained(root, "variables.limits")
    nested = explained(root, "email_notifications")

    assert {key: str(part.settings[-1].location) for key, part in tags.parts.items()} == {
        "team": "projects/shop/pipelines/daily.yml:3:14",
        "unit": "conf/base.yml:1:26",
        "extra": "projects/shop/pipelines/daily.yml:8:17",
    }
    assert [setting.written for setting in tags.parts["team"].settings] == ["base", "own"]
    assert nested.parts["on_start"].value == ["us@example.org"]
    assert limits.parts == {}


def test_a_variable_is_replaced_as_a_whole(root):
    target = root / "conf/dev.yml"
    target.write_text(target.read_text().replace("{size: 5}", "{limits: {warn: 3}}"))
    found = explained(root, "variables.limits")

    assert (found.value, found.parts, len(found.settings)) == ({"warn": 3}, {}, 2)


@pytest.mark.parametrize(
    ("task", "value", "files", "follows_from"),
    [
        ("tell", ["score"], 0, "what it reads"),
        ("show", ["load", "score"], 1, "what it reads"),
        ("score", [], 0, ""),
    ],
)
def test_dependencies_that_nobody_wrote_follow_from_what_a_task_reads(root, task, value, files, follows_from):
    found = explained(root, f"tasks.{task}.depends_on")

    assert (sorted(found.value), len(found.settings), found.follows_from) == (value, files, follows_from)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("variables.siez", r"no variable 'siez' \(did you mean 'size'\?\)"),
        ("parameters.dya", r"no parameter 'dya' \(did you mean 'day'\?\)"),
        ("tags.temm", r"no tag 'temm' \(did you mean 'team'\?\)"),
    ],
)
def test_a_name_that_no_target_has_is_refused(root, path, said):
    with pytest.raises(UsageError, match=said):
        explain_each([load(root, "shop", "daily", name) for name in ("local", "dev")], path)


def test_a_name_that_one_target_has_is_not_set_for_the_others(root):
    target = root / "conf/dev.yml"
    target.write_text(target.read_text() + "tags: {stage: dev}\n")

    found = explain_each([load(root, "shop", "daily", name) for name in ("local", "dev")], "tags.stage")
    assert [each.value for each in found] == [None, "dev"]
