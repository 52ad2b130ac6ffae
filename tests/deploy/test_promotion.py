"""From staging to production, and models back again, with the commands that people type."""

import json
import os
import pty
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework.cli.app import app
from framework.core.errors import FrameworkError, UsageError
from framework.core.model_notes import Signature
from framework.deploy import promotion
from framework.deploy.checkout import aim, ground_of
from framework.deploy.promotion import require_live, target_before
from framework.deploy.workspace import client
from framework.records.releases import Deployment
from framework.testing.fake_workspace import Fault

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
TARGET = """\
host: ${{env:DATABRICKS_HOST}}
mode: production
catalog: {name}
experiment_root: /Workspace/mlops/{name}
compute: {{environments: [{{environment_key: default, spec: {{environment_version: "3"}}}}]}}
"""


@pytest.fixture
def checkout(tmp_path: Path, logged_in, standin, monkeypatch) -> Path:
    """A clone of the shop with two production targets, on the commit that everybody has."""
    root = Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))
    for name in ("staging", "prod"):
        (root / f"conf/{name}.yml").write_text(TARGET.format(name=name))
        logged_in.add_securable("schema", f"{name}.raw")
        logged_in.add_securable("table", f"{name}.raw.sales")
    (root / ".gitignore").write_text(".framework/\n")
    git(tmp_path, "init", "--bare", "--quiet", "origin.git")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    commit(root)
    monkeypatch.chdir(root)
    return root


def git(directory: Path, *arguments: str) -> str:
    author = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    done = subprocess.run(["git", *author, *arguments], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root: Path) -> str:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "-m", "work")
    git(root, "push", "--quiet", "origin", "main")
    return git(root, "rev-parse", "HEAD")


def framework(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def deployed(*arguments: str) -> dict:
    done = framework("deploy", *arguments, "-o", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def note(workspace, number: int, release: str, **fields) -> None:
    """Put a deployment to prod on record, one for each minute of a day."""
    at = f"2026-01-01T{number // 60:02}:{number % 60:02}:00.000+00:00"
    place = {"root_path": "/Workspace/framework/prod/shop/bundle"}
    record = Deployment(
        id=f"{number:03}", project="shop", target="prod", release=release, started_at=at, **place, **fields
    )
    path = f"/Workspace/framework/prod/shop/deployments/{record.name}.started.json"
    workspace.write(path, json.dumps(record.as_dict()).encode())


def test_what_is_live_in_staging_runs_in_production(checkout, logged_in):
    deployed("--env", "staging")

    done = framework("promote", "--env", "prod", "-o", "json")
    assert done.exit_code == 0, done.output
    run = json.loads(done.stdout)
    assert (run["target"], run["result"], len(run["tasks"])) == ("prod", "SUCCESS", 5)
    live = json.loads(framework("releases", "--env", "prod", "-o", "json").stdout)[0]
    assert live["commit"] == git(checkout, "rev-parse", "HEAD")
    assert (run["release"], run["deployment"]["id"]) == (live["release"], live["id"])
    assert "deploy from staging" in framework("releases", "--env", "prod").stdout


def test_another_commit_than_the_one_that_is_live_is_not_promoted(checkout):
    live = deployed("--env", "staging")["deployment"]["commit"]
    commit(checkout)

    done = framework("promote", "--env", "prod")
    assert done.exit_code == 1
    assert f"staging runs commit {live[:12]}, and the checkout is at" in done.output
    assert f"git checkout {live}" in done.output


def test_models_go_back_while_the_code_stays(checkout, logged_in):
    deployed("--env", "prod")
    assert "No alias was moved here yet, or you may not see it" in framework("models", "--env", "prod").stdout
    never = framework("rollback", "--env", "prod", "--model", "previous")
    assert (never.exit_code, "or as-of-release." in never.stderr, "previous or" in never.stderr) == (2, True, False)
    model, columns = "prod.models.demand", Signature(("day date",), ("units double",)).as_line()
    logged_in.add_model_version(model, ["previous_champion"], comment=columns)
    logged_in.add_model_version(model, ["champion"], comment=columns)

    logged_in.faults.add(Fault("PUT */aliases/previous_champion", status=403))
    broken_off = framework("rollback", "--env", "prod", "--model", "previous")
    assert (broken_off.exit_code, f"champion of {model}: v2 → v1  (the columns fit)" in broken_off.stderr) == (4, True)
    done = framework("rollback", "--env", "prod", "--model", "previous", "-o", "json")
    assert done.exit_code == 0, done.output
    (moved,) = json.loads(done.stdout)["models"]
    assert (moved["model"], moved["before"], moved["after"]) == (model, "2", "1")
    assert len(json.loads(framework("releases", "--env", "prod", "-o", "json").stdout)) == 1
    assert json.loads(framework("models", "--env", "prod", "-o", "json").stdout) == [moved]
    assert "v2     v1   admin@example.com   rollback" in framework("models", "--env", "prod").stdout


def test_only_versions_that_nothing_needs_are_deleted(checkout, logged_in):
    deployed("--env", "prod")
    model = "prod.models.demand"
    for aliases in ([], ["champion"]):
        logged_in.add_model_version(model, aliases)

    asked = ["models", "--env", "prod", "--model-name", model, "--delete"]
    refused = framework(*asked, "2")
    assert (refused.exit_code, "is its champion, and stays" in refused.output) == (1, True)
    assert framework(*asked, "1").exit_code == 0
    assert framework(*asked, "first").exit_code == 2
    assert framework("models", "--env", "prod", "--delete", "1").exit_code == 2
    assert list(logged_in.state.model_versions[model]) == ["2"]


def test_a_version_that_a_release_may_need_stays_however_long_ago_that_was_live(checkout, logged_in):
    release, model = deployed("--env", "prod")["deployment"]["release"], "prod.models.demand"
    logged_in.add_model_version(model)
    for number in range(103):
        aliases = {} if number else {model: {"champion": "1"}}
        note(logged_in, number, release, result="succeeded", model_aliases=aliases)
    refused = framework("models", "--env", "prod", "--model-name", model, "--delete", "1")
    assert (refused.exit_code, f"was live with release {release}" in refused.output) == (1, True)


def test_code_and_models_go_back_together(checkout, logged_in):
    model = "prod.models.demand"
    deployed("--env", "prod")
    logged_in.add_model_version(model, ["champion"])
    pipeline = checkout / "projects/shop/pipelines/demand.yml"
    pipeline.write_text(pipeline.read_text().replace("Units per day.", "Units."))
    commit(checkout)
    first = deployed("--env", "prod")["deployment"]
    assert first["model_aliases"] == {model: {"champion": "1"}}
    pipeline.write_text(pipeline.read_text().replace("Units.", "Units, again."))
    commit(checkout)
    logged_in.add_model_version(model, ["champion"])
    deployed("--env", "prod")

    done = framework("rollback", "--env", "prod", "--to", first["release"], "--model", "as-of-release", "-o", "json")
    assert done.exit_code == 0, done.output
    back = json.loads(done.stdout)
    assert (back["deployment"]["release"], back["models"][0]["after"]) == (first["release"], "1")


@pytest.mark.parametrize(
    ("targets", "named", "found"), [("staging", None, "staging"), ("dev staging", None, "staging"), ("a b", "b", "b")]
)
def test_the_target_before(tmp_path, targets, named, found):
    (tmp_path / "conf").mkdir()
    for name in [*targets.split(), "prod"]:
        mode = "development" if name == "dev" else "production"
        (tmp_path / f"conf/{name}.yml").write_text(f"mode: {mode}\ncatalog: {name}\n")

    assert target_before(tmp_path, "prod", named) == found


def test_no_target_comes_after_production(tmp_path):
    (tmp_path / "conf").mkdir()
    for name in ("staging", "prod"):
        (tmp_path / f"conf/{name}.yml").write_text(f"mode: production\ncatalog: {name}\n")
    with pytest.raises(UsageError, match="from where to 'staging'"):
        target_before(tmp_path, "staging", None)
    assert target_before(tmp_path, "staging", "prod") == "prod"


@pytest.mark.parametrize(("named", "message"), [("prod", "to itself"), (None, "from where to 'prod'")])
def test_no_target_before(tmp_path, named, message):
    (tmp_path / "conf").mkdir()
    for name in ("one", "two", "prod"):
        (tmp_path / f"conf/{name}.yml").write_text(f"mode: production\ncatalog: {name}\n")
    with pytest.raises(UsageError, match=message):
        target_before(tmp_path, "prod", named)


@pytest.mark.parametrize(
    ("live", "message"),
    [
        ([], "nothing is live in staging"),
        ([{"commit": ""}], "is of no commit"),
        ([{"commit": "c", "dirty": True}], "is of no commit"),
        ([{"commit": "c" * 40}], "staging runs commit cccccccccccc, and the checkout is at no commit"),
    ],
)
def test_only_what_can_be_made_again_is_promoted(tmp_path, live, message):
    about = {"id": "1", "project": "shop", "target": "staging", "release": "r", "started_at": "", "result": "succeeded"}
    with pytest.raises(FrameworkError, match=message):
        require_live([Deployment(**about, **each) for each in live], "staging", tmp_path)


def test_a_copy_is_named_as_the_other_catalog_has_it(checkout, logged_in):
    deployed("--env", "staging")
    version = logged_in.add_model_version("staging.models.demand", ["champion"])
    workspace = client()
    past = [Deployment(id="1", project="shop", target="staging", release="r", started_at="",
                       model_aliases={"staging.models.demand": {}})]  # fmt: skip
    (found,) = promotion.copies(workspace, past, "champion", "prod", source="shop -e staging")
    assert (found.source, found.version, found.name) == ("staging.models.demand", str(version), "prod.models.demand")
    with pytest.raises(FrameworkError, match="no model of shop -e staging has the alias challenger"):
        list(promotion.copies(workspace, past, "challenger", "prod", source="shop -e staging"))


def test_a_copy_has_no_name_of_the_person_who_made_it(logged_in):
    logged_in.add_securable("schema", "dev.ann_models")
    logged_in.add_securable("registered_model", "dev.ann_models.demand")
    logged_in.add_model_version("dev.ann_models.demand", ["champion"])
    about = {"id": "1", "project": "shop", "target": "dev", "release": "r", "started_at": ""}
    past = [Deployment(**about, model_aliases={"dev.ann_models.demand": {}, "dev.ann_models.gone": {}})]
    names = {
        prefixes: [
            each.name for each in promotion.copies(client(), past, "champion", "prod", prefixes, source="shop -e dev")
        ]
        for prefixes in (("ann_", ""), ("ann_", "bob_"))
    }
    assert names == {("ann_", ""): ["prod.models.demand"], ("ann_", "bob_"): ["prod.bob_models.demand"]}


@pytest.mark.parametrize(("mode", "prefix"), [("development", "admin_"), ("production", "")])
def test_what_schemas_begin_with(checkout, mode, prefix):
    (checkout / "conf/place.yml").write_text(f"host: ${{env:DATABRICKS_HOST}}\nmode: {mode}\ncatalog: place\n")
    assert ground_of(aim(checkout, "shop", "place", {}), lambda event: None).prefix == prefix


def test_a_version_that_is_deleted_is_told_to_machines_too(checkout, logged_in):
    logged_in.add_securable("schema", "prod.models")
    logged_in.add_securable("registered_model", "prod.models.demand")
    logged_in.add_model_version("prod.models.demand")
    wanted = ("--env", "prod", "--model-name", "prod.models.demand", "--delete", "1", "--yes")
    done = framework("models", *wanted, "-o", "json")
    assert json.loads(done.stdout)["deleted"] == {"model": "prod.models.demand", "version": "1"}


def test_code_and_models_go_back_together_or_not_at_all(checkout, logged_in):
    first = deployed("--env", "prod")["deployment"]["release"]
    for aliases in (["previous_champion"], ["champion"]):
        logged_in.add_model_version("prod.models.demand", aliases)
    pipeline = checkout / "projects/shop/pipelines/demand.yml"
    pipeline.write_text(pipeline.read_text().replace("Units per day.", "Units."))
    commit(checkout)
    live = deployed("--env", "prod")["deployment"]["id"]

    code, seen = at_a_terminal("rollback", "--env", "prod", "--to", first, "--model", "previous", answers="yn")
    assert (code, "nothing was changed: you did not agree" in seen) == (1, True), seen
    assert json.loads(framework("releases", "--env", "prod", "-o", "json").stdout)[0]["id"] == live
    code, seen = at_a_terminal("rollback", "--env", "prod", "--to", first, "--model", "previous", answers="yy")
    assert (code, "champion of prod.models.demand is now v1" in seen) == (0, True), seen
    assert (seen.count("Fetching release"), seen.count(f"Release {first}: ")) == (1, 1)
    assert json.loads(framework("releases", "--env", "prod", "-o", "json").stdout)[0]["release"] == first


def test_nothing_is_deployed_for_a_copy_that_nobody_wants(checkout, logged_in):
    deployed("--env", "staging")
    no_model = framework("promote", "--env", "prod", "--copy-model")
    assert (no_model.exit_code, "framework run shop -e staging" in no_model.output) == (1, True)
    logged_in.add_model_version("staging.models.demand", ["champion"])

    code, seen = at_a_terminal("promote", "--env", "prod", answers="\x04")
    assert (code, seen.endswith("Nothing was changed.")) == (130, True), seen
    code, seen = at_a_terminal("promote", "--env", "prod", "--copy-model", answers="yn")
    assert "staging.models.demand v1 → prod.models.demand" in seen
    assert (code, "nothing was changed: you did not agree" in seen) == (1, True), seen
    assert json.loads(framework("releases", "--env", "prod", "-o", "json").stdout) == []


def at_a_terminal(*arguments: str, answers: str) -> tuple[int, str]:
    """The exit code of a command that a person starts, who gives an answer to each question; and all that they see."""
    person, terminal = pty.openpty()
    command = [sys.executable, "-m", "framework", *arguments]
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True)
    os.close(terminal)
    seen, left = "", list(answers)
    with suppress(OSError):  # so the terminal of a process that has ended says that there is no more
        while more := os.read(person, 4096).decode(errors="replace"):
            seen += more
            if left and seen.rstrip().endswith("[y/N]:"):
                os.write(person, f"{left.pop(0)}\n".encode())
                seen += "\n"
    os.close(person)
    return process.wait(20), " ".join(seen.split())


def test_no_more_releases_are_left_out_than_asked_for(checkout, logged_in):
    for number in range(103):
        note(logged_in, number, "r")
    rows = json.loads(framework("releases", "--env", "prod", "--limit", "102", "-o", "json").stdout)
    assert [row["id"] for row in rows] == [f"{number:03}" for number in range(102, 0, -1)]
