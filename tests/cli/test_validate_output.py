"""What ``framework validate`` prints, whatever the files hold: text fit for a terminal, and what was not looked at."""

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework.check.pipeline import RULES_TOGETHER
from framework.cli.app import app

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
HOSTILE = ["\x1b[31mred", "a\nError: forged", "\x1b]0;title\x07", "\u202etxt.exe", "\x9b31m", "\u2028line"]
TARGET = """\
mode: development
catalog: {name}
compute: {{environments: [{{environment_key: default, spec: {{environment_version: "4"}}}}]}}
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    root = Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))
    monkeypatch.chdir(root)
    return root


def framework(*arguments):
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code in (0, 1, 2), done.exception
    return done


def pipeline(shop, name, tasks):
    (shop / f"projects/shop/pipelines/{name}.yml").write_text(f"name: {name}\ntasks:\n{tasks}")


def notebook(shop, text):
    (shop / "projects/shop/notebooks").mkdir(exist_ok=True)
    (shop / "projects/shop/notebooks/n.py").write_text(f"# Databricks notebook source\n{text}\n")
    run = "notebook_task: {notebook_path: ../notebooks/n.py}, databricks: {environment_key: default}"
    later = "{task_key: b, depends_on: [a], kind: python, entrypoint: 'shop.demand:daily_units'"
    pipeline(shop, "other", f"  - {{task_key: a, {run}}}\n  - {later}, params: {{x: '{{{{tasks.a.values.y}}}}'}}}}\n")


def value_of_a_task(shop, text):
    notebook(shop, f"dbutils.jobs.taskValues.set({text!a}, 1)")


def condition(shop, text):
    operand = json.dumps(text)
    pipeline(shop, "other", f"  - task_key: a\n    condition_task: {{left: {operand}, op: GREATER_THAN, right: '1'}}\n")


def file_name(shop, text):
    (shop / f"projects/shop/pipelines/{text.replace('/', '_')}.yml").write_text("name: x\n")


def directory_name(shop, text):
    directory = shop / "projects" / text
    directory.mkdir()
    (directory / "project.yml").write_text("name: x\n")
    (directory / "pipelines").mkdir()
    (directory / "pipelines/a.yml").write_text("name: b\ntasks: []\n")


def pattern(shop, text):
    (shop / "conf/policy.yml").write_text(json.dumps({"names": {"task": text + "("}}))


@pytest.mark.parametrize("place", [value_of_a_task, condition, file_name, directory_name, pattern])
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_nothing_from_a_file_reaches_a_terminal_as_it_is(place, text, form, shop):
    place(shop, text)

    done = framework("validate", "-o", form)

    said = done.stdout + done.stderr
    if form != "text":
        said = "".join(texts_in(json.loads(done.stdout)))
    lines = [line for line in said.split("\n") if line]
    assert done.exit_code == 1, said
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("Error: forged") for line in lines)


def texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_in(each)


@pytest.mark.parametrize("text", [*HOSTILE, "\udcff", "tasks['\udcff']"], ids=ascii)
def test_an_argument_is_no_more_trusted(text, shop):
    for arguments in (["--explain", text], ["--explain", f"tags['{text}']"], [text], ["-e", text], ["-o", text]):
        done = framework("validate", *arguments)

        assert all(line.isprintable() for line in (done.stdout + done.stderr).split("\n")), arguments


def test_a_file_whose_name_is_no_text_is_named_all_the_same(shop):
    name = os.fsencode(shop) + b"/projects/shop/pipelines/\xff.yml"
    try:
        Path(os.fsdecode(name)).write_text("name: x\n")
    except OSError:
        pytest.skip("this file system takes text only")

    assert "file name '\\udcff.yml' is refused" in framework("validate").stdout


def test_a_broken_policy_is_said_also_when_no_pipeline_can_be_read(shop):
    (shop / "conf/policy.yml").write_text("limts: {}\n")
    (shop / "projects/shop/policy.yml").write_text("taggs: {}\n")
    for file in (shop / "projects/shop/pipelines").iterdir():
        file.write_text("nam: demand\n")

    done = framework("validate")

    assert "unknown field 'limts' (did you mean 'limits'?)" in done.stdout
    assert "unknown field 'taggs' (did you mean 'tags'?)" in done.stdout
    assert done.stderr == "Most rules could not look at shop/demand yet. Mend these first.\n"


def test_one_missing_tag_is_one_finding_for_all_targets(shop):
    for name in ("dev", "prod"):
        (shop / f"conf/{name}.yml").write_text(TARGET.format(name=name))
    (shop / "conf/policy.yml").write_text("tags: {required: {team: {}}}\n")

    done = framework("validate", "-e", "dev", "-e", "prod")

    assert done.stdout.count("tag 'team' is missing") == 1
    assert "conf/<target>.yml" in done.stdout


def test_a_target_that_is_named_twice_is_looked_at_once(shop):
    done = framework("validate", "-e", "local", "-e", "local")

    assert done.stderr == "Valid: 1 pipeline with 5 tasks for local.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["validate", "-o", "jsn"], "'jsn' is not one of 'text', 'json', 'sarif'"),
        (["dag", "--format", "svgg"], "'svgg' is not one of"),
        (["run", "-j", "0"], "Invalid value for '--jobs' / '-j'"),
    ],
)
def test_what_an_option_does_not_take_is_one_message(arguments, said, shop):
    done = framework(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: Invalid value for ")
    assert said in done.stderr
    assert "Value error" not in done.stderr
    assert done.stderr.endswith(f" {arguments[0]} -h\n")


@pytest.fixture
def several(shop):
    """Two pipelines in one project, one in another, and a project without any."""
    for name in ("pricing", "empty"):
        (shop / f"projects/{name}").mkdir()
        (shop / f"projects/{name}/project.yml").write_text(f"name: {name}\n")
    (shop / "projects/pricing/pipelines").mkdir()
    task = "{task_key: a, condition_task: {left: '{{job.run_id}}', op: EQUAL_TO, right: b}}"
    (shop / "projects/pricing/pipelines/prices.yml").write_text(f"name: prices\ntasks: [{task}]\n")
    pipeline(shop, "other", f"  - {task}\n")
    return shop


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Without a pipeline: empty."),
        (["shop"], "1 rule would look at more than this: framework validate"),
        (["shop", "-p", "other"], f"{len(RULES_TOGETHER) + 1} rules would look at more than this: framework validate"),
    ],
)
def test_what_was_not_looked_at_is_said(arguments, said, several):
    done = framework("validate", *arguments)

    assert done.stderr.splitlines()[1:] == [said]
    assert done.stderr.startswith("Valid: ")


def test_what_was_not_looked_at_is_said_to_machines(several):
    left_out = json.loads(framework("validate", "pricing", "-o", "json").stdout)["left_out"]

    assert left_out == {"unchecked": [], "empty": [], "partial": ["one_writer_in_the_catalog"]}


def test_code_scanning_knows_a_finding_again_and_learns_its_targets(shop):
    for name in ("dev", "prod"):
        (shop / f"conf/{name}.yml").write_text(TARGET.format(name=name))
    (shop / "conf/policy.yml").write_text("targets: {prod: {tags: {required: {team: {}}}}}\n")

    def results():
        return json.loads(framework("validate", "-o", "sarif").stdout)["runs"][0]["results"]

    (before,) = results()
    file = shop / "projects/shop/pipelines/demand.yml"
    file.write_text("# a new line\n" + file.read_text())
    (after,) = results()

    assert before["properties"] == {"targets": ["prod"]}
    assert "For target prod." in before["message"]["text"]
    assert before["locations"] != after["locations"]
    assert before["partialFingerprints"] == after["partialFingerprints"]


def test_each_rule_that_finds_something_is_described(shop):
    (shop / "conf/base.yml").write_text("variables: {a: '${var.a}'}\npipelines: {demnd: {}}\n")
    (shop / "conf/dev.yml").write_text(TARGET.format(name="dev") + "pipelines: {demnd: {}}\n")
    (shop / "conf/policy.yml").write_text("severities: {files: off, variables: off}\n")

    (run,) = json.loads(framework("validate", "-o", "sarif").stdout)["runs"]

    found = {result["ruleId"] for result in run["results"]}
    assert found <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert "policy.waivers" in found


def test_the_places_and_targets_of_waivers_have_to_exist(shop):
    (shop / "conf/dev.yml").write_text(TARGET.format(name="dev"))
    common = "rule: thin_entry_points, reason: old, owner: ann, expires: 2999-01-01"
    waivers = ["at: shopp", "at: shop/demnd", "at: '*', targets: [prodd, dev]", "at: shop, targets: [de*]"]
    tasks = ["rule: policy.retries, at: shop/demand/trian", "rule: policy.retries, at: shop/*/train"]
    lines = [f"  - {{{common}, {each}}}" for each in waivers]
    lines += [f"  - {{{common.replace('rule: thin_entry_points', each)}}}" for each in tasks]
    (shop / "conf/policy.yml").write_text("\n".join(["waivers:", *lines]))

    findings = json.loads(framework("validate", "-o", "json").stdout)["findings"]

    assert [each["summary"] for each in findings] == [
        "no project 'shopp' (did you mean 'shop'?)",
        "no pipeline 'demnd' in 'shop' (did you mean 'demand'?)",
        "no target 'prodd'",
        "the waiver of 'thin_entry_points' at 'shop' waives nothing",
        "no task 'trian' in 'shop/demand' (did you mean 'train'?)",
        "the waiver of 'policy.retries' at 'shop/*/train' waives nothing",
    ]
    assert not json.loads(framework("validate", "shop", "-o", "json").stdout)["findings"]
