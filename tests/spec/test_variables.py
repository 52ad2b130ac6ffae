"""What stands for what: values by target, by command line, and their types."""

from pathlib import Path

import pytest

from framework.core.errors import InvalidProject, UsageError
from framework.spec.filling import from_environment
from framework.spec.loader import load, load_checkout
from framework.spec.target_spec import read_target

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


def test_the_environment_is_asked_at_the_moment_of_use(root, monkeypatch):
    monkeypatch.setenv("WORKSPACE", "https://dev.example.org")
    host = load(root, "shop", "daily", "dev", variables={"tags": "{}"}).target.host

    assert host == "${env:WORKSPACE}"
    assert from_environment(f"{host}/x ${{var.retries}}") == "https://dev.example.org/x ${var.retries}"
    monkeypatch.setenv("WORKSPACE", "")
    with pytest.raises(UsageError, match="environment variable 'WORKSPACE' is not set"):
        from_environment(host)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("1.5", 1.5),
        ("true", True),
        ("05", "05"),
        ("no", "no"),
        ("", ""),
        ('"5"', "5"),
        ("'5'", "5"),
        ("[1, two]", [1, "two"]),
        ('{"a": 1}', {"a": 1}),
        ("[a-z", "[a-z"),
        ("*.csv", "*.csv"),
        ("a: b", "a: b"),
    ],
)
def test_without_a_default_the_command_line_means_what_a_file_would(root, text, value):
    (root / "conf/dev.yml").write_text(DEV.replace("warehouse: w1", ""))

    assert read_target(root, "dev", {"warehouse": text}).values.values["warehouse"] == value


def test_a_number_without_end_is_refused_on_the_command_line_too(root):
    (root / "conf/dev.yml").write_text(DEV.replace("warehouse: w1", ""))

    with pytest.raises(UsageError, match=r"variable 'warehouse': '\.inf' is not a finite number"):
        pipeline(root, tags="{}", warehouse=".inf")


def test_a_number_is_not_rewritten_in_silence(root):
    (root / "conf/dev.yml").write_text(DEV.replace("warehouse: w1", ""))

    with pytest.raises(UsageError, match=r"variable 'warehouse': '1\.10' may be the number 1\.1 or a text"):
        pipeline(root, tags="{}", warehouse="1.10")


def test_the_advice_fits_a_value_of_the_command_line(root):
    (root / "conf/base.yml").write_text(BASE.replace("retries: 1", 'retries: "1"'))

    with pytest.raises(InvalidProject) as raised:
        pipeline(root, tags="{}", retries="5")
    (finding,) = raised.value.found
    assert finding.summary == "max_retries must be a whole number, found the text '5'"
    assert finding.hint == "Variable 'retries' has its value from --var, and its type from conf/base.yml:2:12."


def found_in_base(root, lines, **given):
    (root / "conf/base.yml").write_text(f"{BASE}{lines}")
    with pytest.raises(InvalidProject) as raised:
        pipeline(root, tags="{}", **given)
    return [(finding.summary, str(finding.location)) for finding in raised.value.found]


@pytest.mark.parametrize(
    ("lines", "said", "place"),
    [
        ('  home: "${env:HOME}"\n', "'${env:HOME}' cannot stand here", "conf/base.yml:7:9"),
        ('  home: {default: [1, "${env:HOME}"]}\n', "'${env:HOME}' cannot stand here", "conf/base.yml:7:23"),
        ('  a: "x${var.b}"\n  b: ["${var.a}"]\n', "variable 'a' refers to itself: a → b → a", "conf/base.yml:7:6"),
        (
            "  size: {default: 1, descripton: x}\n",
            "unknown field 'descripton' (did you mean 'description'?)",
            "conf/base.yml:7:22",
        ),
        (
            "  size: {description: x, defualt: 1}\n",
            "unknown field 'defualt' (did you mean 'default'?)",
            "conf/base.yml:7:26",
        ),
        ("  my-size: 1\n", "'my-size' is no name of a variable", "conf/base.yml:7:3"),
    ],
)
def test_what_is_wrong_with_a_variable_is_said_where_it_stands(root, lines, said, place):
    assert found_in_base(root, lines) == [(said, place)]


def test_a_circle_of_the_command_line_has_no_place(root):
    assert found_in_base(root, "", landing="${var.quarter}") == [
        ("variable 'landing' refers to itself: landing → quarter → landing", "None")
    ]


def test_a_map_with_a_description_is_a_value(root):
    (root / "conf/base.yml").write_text(BASE + "  note: {description: x, owner: us}\n")

    values = load(root, "shop", "daily", "dev", variables={"tags": "{}"}).target.values.values
    assert values["note"] == {"description": "x", "owner": "us"}


def test_the_environment_comes_in_by_no_variable(root):
    (root / "conf/dev.yml").write_text(DEV.replace("env:WORKSPACE", "var.landing"))

    with pytest.raises(InvalidProject) as raised:
        pipeline(root, tags="{}", landing="${env:HOME}")
    assert [finding.summary for finding in raised.value.found] == ["'${env:HOME}' cannot stand here"]


def test_targets_without_a_value_are_one_finding_for_each_place(root):
    (root / "conf/base.yml").write_text(BASE + "  suffix:\n")
    for name in ("dev", "prod", "test"):
        (root / f"conf/{name}.yml").write_text(DEV.replace("warehouse: w1", "suffix: x" if name == "test" else ""))
    (root / "projects/shop/pipelines/daily.yml").write_text(
        PIPELINE.replace('"${var.tags}"', '{a: "${var.suffix}"}').replace('"${var.warehouse}"', "w1")
    )

    found = load_checkout(root, None, None, ("dev", "prod", "test")).found
    of_all = load_checkout(root, None, None, ("dev", "prod")).found
    with_local = load_checkout(root, None, None).found

    assert [(each.summary, each.targets) for each in found] == [("variable 'suffix' has no value", ("dev", "prod"))]
    assert [each.targets for each in of_all] == [()]
    assert [(each.targets, each.hint) for each in with_local] == [
        (
            ("local", "dev", "prod"),
            "Give it a default in conf/base.yml, or on the command line: --var suffix=…",
        )
    ]


def test_what_local_runs_without_may_lack_a_value(root):
    (root / "conf/base.yml").write_text(BASE + '  cat: {description: ""}\ncatalog: ${var.cat}\n')
    (root / "projects/shop/pipelines/daily.yml").write_text(PIPELINE.replace('"${var.tags}"', "{}"))

    read = load(root, "shop", "daily", "local")

    assert read.target.catalog == "spark_catalog"
    assert read.pipeline.tasks[0].native[1]["warehouse_id"] == "${var.warehouse}"


@pytest.mark.parametrize(
    "line",
    [
        'description: "${var.warehouse}"',
        'databricks: "${var.warehouse}"',
        'logical_date: "${var.warehouse}"',
        'parameters: {w: "${var.warehouse}"}',
    ],
)
def test_what_local_needs_has_a_value_by_a_default_or_the_command_line(root, line):
    tasks = PIPELINE.partition("tasks:\n")[2]
    (root / "projects/shop/pipelines/daily.yml").write_text(f"name: daily\n{line}\ntasks:\n{tasks}")

    with pytest.raises(InvalidProject) as raised:
        load(root, "shop", "daily", "local")

    (finding,) = raised.value.found
    assert (finding.summary, finding.targets) == ("variable 'warehouse' has no value", ("local",))
    assert finding.hint == "Give it a default in conf/base.yml, or on the command line: --var warehouse=…"


def test_a_local_run_passes_no_reference_on_for_a_value(root):
    native = 'notebook_task: {notebook_path: /x, base_parameters: {w: "${var.warehouse}"}}'
    (root / "projects/shop/pipelines/daily.yml").write_text(f"name: daily\ntasks:\n  - task_key: load\n    {native}\n")

    with pytest.raises(InvalidProject, match="variable 'warehouse' has no value"):
        load(root, "shop", "daily", "local")


def test_a_missing_value_hides_no_other_finding(root):
    broken = PIPELINE.replace('"${var.tags}"', '{w: "${var.warehouse}"}').replace("max_retries:", "max_retry:")
    (root / "conf/dev.yml").write_text(DEV.replace("{warehouse: w1}", "{warehouse: }"))
    (root / "projects/shop/pipelines/daily.yml").write_text(
        broken + '    timeout_seconds: "${var.warehouse}"\n    retry_on_timeout: maybe\n'
    )

    with pytest.raises(InvalidProject) as raised:
        pipeline(root)

    assert [(finding.summary, finding.targets) for finding in raised.value.found] == [
        ("variable 'warehouse' has no value", ("dev",)),
        ("variable 'warehouse' has no value", ("dev",)),
        ("unknown field 'max_retry' (did you mean 'max_retries'?)", ()),
        ("variable 'warehouse' has no value", ("dev",)),
        ("retry_on_timeout must be true or false, found the text 'maybe'", ()),
    ]


def test_a_target_and_the_command_line_set_only_what_base_declares(root):
    (root / "conf/dev.yml").write_text(DEV.replace("warehouse: w1", "warehuose: w1"))

    with pytest.raises(InvalidProject) as raised:
        pipeline(root, tags="{}", warehouse="w1")
    with pytest.raises(UsageError, match=r"no variable 'warehuose' \(did you mean 'warehouse'\?\)"):
        pipeline(root, warehuose="w1")

    (finding,) = raised.value.found
    assert finding.summary == "conf/base.yml declares no variable 'warehuose' (did you mean 'warehouse'?)"
    assert str(finding.location) == "conf/dev.yml:4:13"


def test_references_in_maps_and_lists_are_filled(root):
    deep = '  deep: {default: {paths: ["${var.quarter}", {n: "${var.retries}"}], at: "${resources.jobs.a.id}"}}\n'
    (root / "conf/base.yml").write_text(BASE + deep)
    (root / "projects/shop/pipelines/daily.yml").write_text(
        PIPELINE.replace('"${var.tags}"', "{}") + '    databricks: {health: "${var.deep}"}\n'
    )

    assert pipeline(root).tasks[0].databricks == {
        "health": {"paths": ["/Volumes/raw/q1", {"n": 1}], "at": "${resources.jobs.a.id}"}
    }


@pytest.mark.parametrize(
    ("deep", "said"),
    [
        ('{a: ["${env:HOME}"]}', "'${env:HOME}' cannot stand here"),
        ('{"${var.retries}": 1}', "a reference cannot stand in a key"),
        ('{a: {b: "${var.deep}"}}', "variable 'deep' refers to itself: deep → deep"),
    ],
)
def test_what_is_wrong_within_a_map_is_found(root, deep, said):
    (root / "conf/base.yml").write_text(f"{BASE}  deep: {deep}\n")
    (root / "projects/shop/pipelines/daily.yml").write_text(
        PIPELINE.replace('"${var.tags}"', "{}") + '    databricks: {health: "${var.deep}"}\n'
    )

    with pytest.raises(InvalidProject) as raised:
        pipeline(root)
    (finding,) = raised.value.found
    assert finding.summary == said


@pytest.mark.parametrize(
    ("each", "many", "of_what"),
    [
        ('["$", "$", "$"]', 19, "100,000 values of this file"),
        ('{a: "$", b: "$", c: "$"}', 19, "100,000 values of this file"),
        (f"{'[' * 60}'$'{']' * 60}", 15, "100 levels"),
    ],
)
def test_variables_of_variables_do_not_explode(root, each, many, of_what):
    chain = "".join(f"  v{n + 1}: {each.replace('$', f'${{var.v{n}}}')}\n" for n in range(many))
    (root / "conf/base.yml").write_text(f"{BASE}  v0: x\n{chain}")
    (root / "projects/shop/pipelines/daily.yml").write_text(
        PIPELINE.replace('"${var.tags}"', "{}") + f'    databricks: {{health: "${{var.v{many}}}"}}\n'
    )

    with pytest.raises(InvalidProject, match=f"variables make more than {of_what}"):
        pipeline(root)


def test_a_targets_value_replaces_the_declaration(root):
    (root / "conf/dev.yml").write_text(DEV.replace("{warehouse: w1}", "{warehouse: w1, tags: {owner: us}}"))

    assert pipeline(root).tags == {"owner": "us"}


def test_a_wrong_value_says_where_it_comes_from(root):
    (root / "conf/dev.yml").write_text(DEV.replace("{warehouse: w1}", "{warehouse: w1, retries: many}"))

    with pytest.raises(InvalidProject) as raised:
        pipeline(root, tags="{}")
    (finding,) = raised.value.found
    assert finding.summary == "max_retries must be a whole number, found the text 'many'"
    assert finding.hint == "Variable 'retries' has its value from conf/dev.yml:4:37."


OVERRIDES = "pipelines: {{{}: {{timeout_seconds: 5}}}}\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dayly", "no project has a pipeline 'dayly' (did you mean 'daily'?)"),
        ("shop/dayly", "no project has a pipeline 'shop/dayly' (did you mean 'shop/daily'?)"),
        ("daily", "several projects have a pipeline 'daily'"),
    ],
)
def test_what_a_target_changes_is_one_pipeline(root, name, said):
    (root / "projects/other/pipelines").mkdir(parents=True)
    (root / "projects/other/pipelines/daily.yml").write_text("")
    (root / "conf/dev.yml").write_text(DEV + OVERRIDES.format(name))

    with pytest.raises(InvalidProject) as raised:
        pipeline(root, tags="{}")
    (finding,) = raised.value.found
    assert (finding.summary, str(finding.location)) == (said, "conf/dev.yml:5:13")


def test_one_pipeline_is_changed_under_one_name(root):
    (root / "conf/base.yml").write_text(BASE + OVERRIDES.format("shop/daily"))
    (root / "conf/dev.yml").write_text(DEV + OVERRIDES.format("daily"))

    with pytest.raises(InvalidProject, match="'daily' stands here as 'shop/daily', too"):
        pipeline(root, tags="{}")
