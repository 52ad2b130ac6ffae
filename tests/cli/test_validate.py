"""``framework validate`` as its users see it: every golden case of the rules, output, exit codes, and --explain."""

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework.cli.app import app

HERE = Path(__file__).parent
SHOP = HERE.parent / "e2e" / "shop"
RULES = HERE.parent / "check" / "golden"
CASES = sorted(case.name for case in RULES.iterdir() if case.is_dir())
SPECS = HERE.parent / "spec" / "golden"
SPEC_CASES = sorted(case.name for case in SPECS.iterdir() if not case.name.startswith("_"))

DEV = """\
mode: development
catalog: dev
tags: {environment: dev}
pipelines:
  demand:
    parameters: {as_of: "2024-05-01"}
    tasks: {train: {timeout_seconds: 60}}
compute: {environments: [{environment_key: default, spec: {environment_version: "4"}}]}
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    root = Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))
    monkeypatch.chdir(root)
    return root


def framework(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("case", CASES)
def test_each_golden_case_reads_so_on_the_command_line(case, shop):
    shutil.copytree(RULES / case, shop, dirs_exist_ok=True)
    expected = (RULES / case / "expected.txt").read_text()
    target = "dev" if (RULES / case / "conf/dev.yml").is_file() else "local"

    done = framework("validate", "-e", target)

    count = done.stdout.removeprefix(expected)
    assert done.stdout.startswith(expected), done.stdout
    assert count == "" or count.startswith("\nFound ")
    assert done.exit_code == (1 if "Error: " in expected else 0)
    assert framework("validate", "-e", target, "--strict").exit_code == 1


@pytest.mark.parametrize("case", SPEC_CASES)
def test_each_golden_case_of_the_files_reads_so_too(case, tmp_path, monkeypatch):
    for source in (SPECS / "_valid", SPECS / case):
        shutil.copytree(source, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)

    done = framework("validate", "shop", "-p", "daily", "-e", "dev")

    said = done.stdout + done.stderr
    for finding in (SPECS / case / "expected.txt").read_text().strip().split("\n\n"):
        assert finding in said
    assert done.exit_code in (1, 2)


def test_a_sound_checkout_says_what_was_looked_at_and_nothing_on_stdout(shop):
    (shop / "conf/dev.yml").write_text(DEV)

    done = framework("validate")

    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "Valid: 1 pipeline with 5 tasks for local, dev.\n"


def test_a_finding_for_some_targets_only_names_them(shop):
    (shop / "conf/dev.yml").write_text(DEV.replace("as_of: ", "as_off: "))
    (shop / "conf/prod.yml").write_text(DEV)

    done = framework("validate", "-e", "dev", "-e", "prod", "-o", "json")

    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["summary"] == "pipeline 'demand' has no parameter 'as_off' (did you mean 'as_of'?)"
    assert finding["targets"] == ["dev"]
    assert finding["location"] == {"file": "conf/dev.yml", "line": 6, "column": 18}


def test_everything_is_found_at_once_in_the_order_of_places(shop):
    (shop / "conf/dev.yml").write_text("mode: fast\ncatalog: dev\n")
    pipeline = shop / "projects/shop/pipelines/demand.yml"
    pipeline.write_text(pipeline.read_text().replace("shop.demand:train", "shop.demand:trian"))
    (shop / "projects/shop/pipelines/other.yml").write_text("name: other\ntasks: [{task_key: a, kind: nothing}]\n")

    done = framework("validate")

    places = [line.split(" in ")[1] for line in done.stdout.splitlines() if line.startswith("  in ")]
    assert places == [
        "conf/dev.yml:1:7", "projects/shop/pipelines/demand.yml:17:17", "projects/shop/pipelines/other.yml:2:29",
    ]  # fmt: skip
    assert done.stdout.endswith("\nFound 3 errors and 0 warnings.\n")


def test_sarif_is_what_code_scanning_reads(shop):
    shutil.copytree(RULES / "cycles", shop, dirs_exist_ok=True)

    (run,) = json.loads(framework("validate", "-o", "sarif").stdout)["runs"]

    (result, *_) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert result["ruleId"] == "cycles"
    assert result["ruleId"] in [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert place["artifactLocation"]["uri"] == "projects/shop/pipelines/demand.yml"
    assert place["region"].keys() == {"startLine", "startColumn"}
    assert "wait for each other" in result["message"]["text"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shp"], "no project 'shp' in projects/ (did you mean 'shop'?)"),
        (["shop/"], "no project 'shop/' in projects/ (did you mean 'shop'?)"),
        (["shop", "-p", "demnd"], "no pipeline 'demnd'"),
        (["-e", "prd"], "no target 'prd'"),
        (["--var", "slope"], "--var takes KEY=VALUE"),
        (["--var", "x=1"], "no variable 'x'"),
        (["--explain", "tasks.tran.kind"], "no task 'tran' (did you mean 'train'?)"),
        (["--explain", "a..b"], "'a..b' is no path of a field"),
        (["--explain", "tags.nope"], "no tag 'nope'"),
        (["--explain", "tags", "-o", "sarif"], "--explain finds nothing that SARIF could hold"),
    ],
)
def test_a_wrong_word_is_one_message(shop, arguments, said):
    done = framework("validate", *arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def overlaid(shop):
    (shop / "conf/base.yml").write_text("variables: {slope: 2}\ntags: {domain: retail}\n")
    (shop / "conf/dev.yml").write_text(f"variables: {{slope: 3}}\n{DEV}")
    pipeline = shop / "projects/shop/pipelines/demand.yml"
    pipeline.write_text(pipeline.read_text().replace("slope: 2\n", 'slope: "${var.slope}"\n'))
    return shop


PATHS = (
    "tasks.train.timeout_seconds", "parameters.as_of", "parameters.slope", "tags.domain", "tasks.score.columns[1]",
    "parameters", "tasks.train.depends_on",
)  # fmt: skip


def test_explain_says_which_file_wins_for_each_target(overlaid):
    said = "".join(framework("validate", "--explain", path).stdout for path in PATHS)

    golden = HERE / "golden" / "explain.txt"
    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN"):
        golden.write_text(said)
    assert said == golden.read_text()


def test_explain_for_machines(overlaid):
    done = framework("validate", "--explain", "parameters.slope", "-e", "dev", "--var", "slope=7", "-o", "json")

    dev = json.loads(done.stdout)["targets"]["dev"]
    assert (dev["value"], dev["variables"]) == ("7", {"slope": {"written": 7, "location": None}})
    assert dev["settings"][-1] == {"written": "${var.slope}", "location": "projects/shop/pipelines/demand.yml:5:10"}


def test_a_name_that_is_refused_keeps_nothing_else_from_being_looked_at(shop):
    pipelines = shop / "projects/shop/pipelines"
    (pipelines / "two words.yml").write_text("name: x\n")
    shutil.copy(pipelines / "demand.yml", pipelines / "demand.yaml")
    (shop / "conf/dev.yml").write_text(DEV.replace("demand:", "demnd:"))

    done = framework("validate", "-o", "json")

    report = json.loads(done.stdout)
    of_dev, *of_names = [finding["summary"] for finding in report["findings"]]
    assert "'demnd' (did you mean 'demand'?)" in of_dev
    assert of_names == ["a second file of the name 'demand'", "file name 'two words.yml' is refused"]
    assert (done.exit_code, report["failed"], report["strict"]) == (1, True, False)


def test_a_target_that_cannot_be_read_was_looked_at_all_the_same(shop):
    (shop / "conf/dev.yml").write_text(DEV.replace("mode: development", "mode: fast"))

    report = json.loads(framework("validate", "-o", "json").stdout)

    assert report["targets"] == ["local", "dev"]
    assert [finding["rule"] for finding in report["findings"]] == ["files"]


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_a_machine_is_answered_when_nothing_can_be_looked_at(form, shop):
    (shop / "conf/dev.yml").write_text(DEV)
    (shop / "conf/dev.yaml").write_text(DEV)

    done = framework("validate", "-o", form)

    assert done.exit_code == 1
    assert "a second file of the name 'dev'" in json.dumps(json.loads(done.stdout))
    assert '"files"' in done.stdout


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("other/project.yaml", "Error: 'project.yaml' is not read"),
        ("other/pipelines/a.yml", "Error: a directory with pipelines and without a project.yml"),
        ("shop/pipelines/more/b.yml", "Warning: 'b.yml' is not read"),
        ("shop/polcy.yml", "Warning: 'polcy.yml' is not read (did you mean 'policy.yml'?)"),
    ],
)
def test_nothing_is_skipped_in_silence(file, said, shop):
    path = shop / "projects" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("name: x\n")

    done = framework("validate")

    assert done.stdout.startswith(said)
    assert done.exit_code == (1 if said.startswith("Error") else 0)


@pytest.mark.parametrize(
    ("there", "arguments", "said"),
    [
        ([], [], "projects/ has no project\n  A project is a directory there with a project.yml."),
        (["pricing/src"], ["pricing"], "projects/pricing/ has no project.yml"),
    ],
)
def test_what_is_missing_is_said(there, arguments, said, tmp_path, monkeypatch):
    for folder in ("", *there):
        (tmp_path / "projects" / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    done = framework("validate", *arguments)

    assert (done.exit_code, said in done.stderr) == (2, True)


def test_a_project_without_pipelines_is_said_to_have_none(shop):
    shutil.rmtree(shop / "projects/shop/pipelines")

    assert framework("validate").stderr == "There is no pipeline yet, so there was nothing to look at.\n"


def test_strict_says_that_it_is_what_fails(shop):
    (shop / "projects/shop/polcy.yml").write_text("")

    lenient, strict = framework("validate"), framework("validate", "--strict")
    report = json.loads(framework("validate", "--strict", "-o", "json").stdout)

    assert (lenient.exit_code, strict.exit_code) == (0, 1)
    assert strict.stdout == lenient.stdout + "\nWarnings count as errors (--strict).\n"
    assert (report["strict"], report["failed"]) == (True, True)


def test_sarif_describes_its_rules_and_names_files_as_uris(shop):
    (shop / "projects/shop/src/a b").mkdir()
    (shop / "projects/shop/src/a b/__main__.py").write_text("class C: ...\n")

    (run,) = json.loads(framework("validate", "-o", "sarif").stdout)["runs"]

    (rule,) = run["tool"]["driver"]["rules"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "projects/shop/src/a%20b/__main__.py"
    assert run["columnKind"] == "unicodeCodePoints"
    assert rule.keys() == {"id", "shortDescription", "fullDescription", "help", "defaultConfiguration"}
    assert rule["shortDescription"]["text"].startswith("Notebooks, scripts, main modules")
    assert rule["defaultConfiguration"] == {"level": "error"}


def test_a_long_path_is_told_whole(shop):
    name = "sales_of_all_shops_in_every_country_and_region_by_week"
    (shop / f"projects/shop/pipelines/{name}.yml").write_text("name: other\ntasks: []\n")

    assert f"differs from the file 'projects/shop/pipelines/{name}.yml'\n" in framework("validate").stdout
