"""``framework plan``, ``deploy``, ``status``, ``releases``, ``rollback`` and ``destroy``, as their users see them."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework.cli.app import app
from framework.core.moments import now

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
PRINCIPAL = "00000000-0000-0000-0000-000000000002"
PROD = f"""\
host: "${{env:DATABRICKS_HOST}}"
mode: production
catalog: prod
compute: {{environments: [{{environment_key: default, spec: {{environment_version: "4"}}}}]}}
experiment_root: /Workspace/mlops/prod
run_as: {{service_principal_name: {PRINCIPAL}}}
"""
DEV = PROD.replace("production", "development").replace("prod", "dev").partition("run_as")[0]
SECRETS = {"SHOP_PASSWORD": "planted-shop-password", "AWS_SECRET_ACCESS_KEY": "planted-aws-secret"}


@pytest.fixture
def shop(any_site, tmp_path, monkeypatch):
    """A pushed checkout of the shop, with targets dev and prod, and a workspace where both may be deployed."""
    root = Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))
    (root / "conf/prod.yml").write_text(PROD)
    (root / "conf/dev.yml").write_text(DEV)
    (root / ".gitignore").write_text(".framework/\n")
    monkeypatch.chdir(root)
    for name in ("GITHUB_SHA", "GITHUB_RUN_ID", "CI_JOB_ID", "BUILD_BUILDID", "BUILD_TAG"):
        monkeypatch.delenv(name, raising=False)
    git("init", "-q", "-b", "main")
    git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    git("remote", "add", "origin", str(tmp_path / "remote.git"))
    push("The shop.")
    workspace = any_site.workspace
    workspace.add_service_principal(PRINCIPAL, ["jobs"], users=["admin@example.com"])
    for catalog in ("dev", "prod"):
        workspace.add_securable("schema", f"{catalog}.raw")
        workspace.add_securable("table", f"{catalog}.raw.sales")
        workspace.grant(f"catalog:{catalog}", "jobs", "USE_CATALOG", "CREATE_SCHEMA")
        workspace.grant(f"schema:{catalog}.raw", "jobs", "USE_SCHEMA", "SELECT")
    return any_site


def framework(*arguments, code=0):
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == code, done.output
    return done


def push(message):
    git("add", "-A")
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", message)
    git("push", "-q", "origin", "main")


def git(*arguments):
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def edit(file, old, new):
    path = Path(file)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_from_a_plan_to_production_and_back(shop):
    assert "1 to create" not in framework("status", "-e", "prod").stdout
    assert "jobs.demand (shop.demand)" in framework("plan", "-e", "prod", "--detailed-exitcode", code=2).stdout
    first = json.loads(framework("deploy", "-e", "prod", "-o", "json").stdout)
    assert first["deployment"]["who"] == "admin@example.com"
    assert shop.workspace.jobs["shop.demand"]["settings"]["run_as"] == {"service_principal_name": PRINCIPAL}
    assert framework("plan", "-e", "prod", "--detailed-exitcode").stdout.startswith("Release ")

    edit("projects/shop/pipelines/demand.yml", "Units per day.", "Units of a day.")
    push("Other words.")
    plan = framework("plan", "-e", "prod", "--out", "plan.json")
    assert "description: Units per day. → Units of a day." in plan.stdout
    Path("plan.json").rename(shop.directory / "plan.json")
    done = framework("deploy", "-e", "prod", "--plan", str(shop.directory / "plan.json"))
    assert "Deployed: shop on prod" in done.stdout
    assert "Nothing to do" in framework("deploy", "-e", "prod").stdout

    back = framework("rollback", "-e", "prod")
    assert "Rolled back: shop on prod" in back.stdout
    assert shop.workspace.jobs["shop.demand"]["settings"]["description"] == "Units per day."
    rows = json.loads(framework("releases", "-e", "prod", "-o", "json").stdout)
    assert [(row["kind"], row["live"]) for row in rows] == [("rollback", True), ("deploy", False), ("deploy", False)]
    assert rows[0]["release"] == rows[2]["release"] == first["deployment"]["release"]
    assert "live" in framework("releases", "-e", "prod").stdout
    assert "Nothing in the workspace differs" in framework("status", "-e", "prod").stdout

    framework("destroy", "-e", "prod", code=2)
    framework("destroy", "-e", "prod", "--yes", code=2)
    wrong = framework("destroy", "-e", "prod", "--confirm", "shop@dev", code=2)
    assert "'shop@dev' is not what this deletes" in wrong.stderr
    gone = json.loads(framework("destroy", "-e", "prod", "--confirm", "shop@prod", "-o", "json").stdout)
    assert gone["removed"] == {"jobs.demand": "shop.demand"}
    assert "prod.features" in gone["left"].values()


def test_each_person_has_a_deployment_of_their_own_in_development(shop):
    framework("deploy", "-e", "dev")
    assert "dev.admin_features" in str(shop.workspace.state.securables)
    assert framework("status", "-e", "dev").stdout.startswith("Live on dev: release ")
    assert "admin" in next(iter(shop.workspace.jobs))
    framework("destroy", "-e", "dev", "--data", "--yes")
    assert "admin_features" not in str(shop.workspace.state.securables)
    assert not shop.workspace.jobs


def test_what_is_not_committed_is_not_deployed_to_production(shop):
    edit("projects/shop/pipelines/demand.yml", "Units per day.", "Not committed.")
    done = framework("deploy", "-e", "prod", code=1)
    assert "not committed: projects/shop/pipelines/demand.yml" in done.stderr
    assert not shop.workspace.jobs
    assert "not committed" in framework("plan", "-e", "prod", code=1).stderr
    framework("deploy", "-e", "dev")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan"], "which target?"),
        (["deploy", "-e", "local"], "the target 'local' is this machine"),
        (["deploy", "-e", "prd"], "no target 'prd' (did you mean 'prod'?)"),
        (["status", "shopp", "-e", "prod"], "no project 'shopp'"),
        (["plan", "-e", "prod", "--allow", "everything"], "--allow takes run-as"),
        (["rollback", "-e", "prod", "--to", "0123"], "'0123' was never live here"),
        (["deploy", "-e", "prod", "--plan", "no.json"], "the plan no.json cannot be read"),
    ],
)
def test_names_that_do_not_exist(shop, arguments, message):
    done = framework(*arguments, code=2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_that_is_not_valid(shop, monkeypatch):
    monkeypatch.setenv("DATABRICKS_TOKEN", "planted-wrong-token")
    for command in ("status", "deploy", "releases", "rollback", "destroy"):
        done = framework(command, "-e", "prod", code=4)
        assert "DATABRICKS_TOKEN in the environment is not valid here" in done.stderr
        assert "databricks auth login" in done.stderr
        assert "planted" not in done.output


def test_a_host_that_the_environment_should_say(shop, monkeypatch):
    monkeypatch.delenv("DATABRICKS_HOST")
    for command in ("plan", "deploy", "status", "releases", "rollback", "destroy", "run"):
        done = framework(command, "-e", "dev", code=1)
        assert "environment variable 'DATABRICKS_HOST' is not set; conf/dev.yml:1:7 takes the host" in done.stderr
        assert "framework fake-workspace" in done.stderr
    assert not shop.workspace.requests


def test_a_host_from_the_environment_that_is_none_is_not_shown(shop, monkeypatch):
    monkeypatch.setenv("DATABRICKS_HOST", "dapi-planted-secret")
    done = framework("deploy", "-e", "dev", code=1)
    assert "for the host of conf/dev.yml:1:7 is not a workspace's address" in done.stderr
    assert "planted" not in done.output


def test_the_plan_that_is_carried_out_may_lie_in_the_checkout(shop):
    framework("plan", "-e", "prod", "--out", "plan.json")
    assert "git tree" not in framework("deploy", "-e", "prod", "--plan", "plan.json").stderr
    assert "git does not know plan.json" in framework("plan", "-e", "prod").stderr
    Path("conf/notes.txt").write_text("later")
    assert "not committed: conf/notes.txt" in framework("plan", "-e", "prod", code=1).stderr
    (record,) = json.loads(framework("releases", "-e", "prod", "-o", "json").stdout)
    assert (record["dirty"], record["branch"]) == (False, "main")


def test_a_committed_bundle_that_no_longer_compiles_so_is_a_warning(shop):
    def bundle_check():
        told = json.loads(framework("plan", "-e", "prod", "-o", "json").stdout)["preflight"]
        return [each["state"] for each in told if each["name"] == "bundle"]

    framework("compile")
    shutil.rmtree("bundles/shop/dev")
    shutil.move("bundles", shop.directory / "bundles")
    assert bundle_check() == []
    shutil.move(shop.directory / "bundles", "bundles")
    push("What compiles.")
    assert bundle_check() == ["ok"]
    edit("projects/shop/pipelines/demand.yml", "Units per day.", "Not compiled.")
    push("Other words.")
    assert bundle_check() == ["warning"]
    assert "bundles/shop/prod is not what compiles now" in framework("deploy", "-e", "prod").stderr


def test_a_plan_that_would_not_be_carried_out_says_so_last(shop):
    edit("projects/shop/pipelines/demand.yml", "Units per day.", "Not committed.")
    said = framework("plan", "-e", "prod", code=1).stdout
    assert said.splitlines()[-1] == "A deployment would be refused, for what is missing above: git tree."
    found = json.loads(framework("plan", "-e", "prod", "-o", "json", code=1).stdout)
    assert found["error"]["message"] == "a deployment would be refused"


def test_the_plan_is_shown_before_anything_is_uploaded(shop):
    said = framework("deploy", "-e", "prod").stderr
    assert said.index("+ create   jobs.demand") < said.index("Bringing release")


def test_whatever_is_refused_a_machine_reads_one_object(shop, monkeypatch):
    edit("projects/shop/pipelines/demand.yml", "Units per day.", "Not committed.")
    done = framework("deploy", "-e", "prod", "-o", "json", code=1)
    told = json.loads(done.stdout)
    assert told["error"]["message"] == "nothing was deployed: something is missing (git tree)"
    assert told["error"]["hint"] == "See all of it: framework plan shop -e prod"
    assert [each["name"] for each in told["preflight"] if each["state"] == "missing"] == ["git tree"]
    assert "nothing was deployed" in done.stderr
    edit("projects/shop/pipelines/demand.yml", "kind: train", "kind: trian")
    (told,) = json.loads(framework("deploy", "-e", "prod", "-o", "json", code=1).stdout)["refused"]
    assert told["location"].startswith("projects/shop/pipelines/demand.yml:")
    told = json.loads(framework("status", "-e", "prd", "-o", "json", code=2).stdout)
    assert "did you mean 'prod'?" in told["error"]["message"]
    monkeypatch.setenv("DATABRICKS_TOKEN", "planted-wrong-token")
    told = json.loads(framework("status", "-e", "prod", "-o", "json", code=4).stdout)
    assert told["schema"] == 1
    assert "DATABRICKS_TOKEN" in told["error"]["hint"]


def test_who_may_not_deploy_may_neither_roll_back_nor_destroy(shop):
    release = json.loads(framework("deploy", "-e", "prod", "-o", "json").stdout)["deployment"]["release"]
    Path("conf/policy.yml").write_text("targets: {prod: {deploy: {principals: [ci@example.com]}}}\n")
    for command in (["rollback", "--to", release], ["rollback", "--model", "previous"], ["destroy", "--yes"]):
        done = framework(*command, "-e", "prod", "-o", "json", code=1)
        assert "admin@example.com may not deploy here" in done.stderr
        assert "is missing (login)" in json.loads(done.stdout)["error"]["message"]
    assert "shop.demand" in shop.workspace.jobs


def test_nothing_is_destroyed_while_it_runs(shop):
    framework("deploy", "-e", "dev")
    (job,) = shop.workspace.state.jobs.values()
    shop.ground().client.jobs.run_now(job["job_id"])
    (run,) = shop.workspace.state.runs.values()
    run["state"] = {"life_cycle_state": "RUNNING"}
    assert "under way, and their job goes" in framework("destroy", "-e", "dev", "--yes", code=1).stderr
    assert shop.workspace.state.jobs


def test_without_a_terminal_development_takes_a_yes(shop):
    framework("deploy", "-e", "dev")
    assert "framework destroy shop -e dev --yes" in framework("destroy", "-e", "dev", code=2).stderr
    assert "framework destroy shop -e dev --data --yes" in framework("destroy", "-e", "dev", "--data", code=2).stderr
    framework("destroy", "-e", "dev", "--yes")


def test_a_schema_that_two_projects_write_into_outlives_both(shop):
    books = Path(shutil.copytree("projects/shop", "projects/books"))
    (books / "src/shop").rename(books / "src/books")
    edit(books / "project.yml", "name: shop", "name: books")
    for old in ("features.daily_units", "predictions.daily_units", "models.demand", "experiment: demand"):
        edit(books / "pipelines/demand.yml", old, f"{old}_of_books")
    edit(books / "pipelines/demand.yml", "entrypoint: shop.", "entrypoint: books.")
    framework("deploy", "shop", "-e", "dev")
    said = " ".join(framework("plan", "books", "-e", "dev").stderr.split())
    assert "dev.admin_features also belongs to shop." in said
    framework("deploy", "books", "-e", "dev")
    for project, why in (("shop", "also belongs to books"), ("books", "was there before this project came")):
        done = json.loads(framework("destroy", project, "-e", "dev", "--data", "--yes", "-o", "json").stdout)
        key = next(key for key, name in done["left"].items() if name == "dev.admin_features")
        assert done["reasons"][key] == why
    assert "schema:dev.admin_features" in shop.workspace.state.securables


def test_no_secret_is_written_anywhere(shop, tmp_path, monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    profile = tmp_path / "databrickscfg"
    profile.write_text(f"[DEFAULT]\nhost = {shop.workspace.url}\ntoken = {shop.workspace.token}\n")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(profile))
    token = "dapi" + "0123456789abcdef" * 2
    shop.workspace.state.tokens[token] = "admin@example.com"
    monkeypatch.setenv("DATABRICKS_TOKEN", token)
    secrets = [*SECRETS.values(), token]
    said = [framework("plan", "-e", "prod", "--out", str(tmp_path / "plan.json")).output]
    said += [framework("deploy", "-e", "prod").output, framework("status", "-e", "prod", "-o", "json").output]
    shop.workspace.jobs["shop.demand"]["settings"]["description"] = f"by hand, with {token}"
    said += [framework(command, "-e", "prod").output for command in ("status", "plan")]
    edit("projects/shop/pipelines/demand.yml", "Units per day.", "Units of a day.")
    push("Other words.")
    said += [framework("deploy", "-e", "prod").output, framework("rollback", "-e", "prod").output]
    contents = [path.read_bytes() for path in files_below(tmp_path / "shop")]
    contents += [shop.workspace.read(path) for path in shop.workspace.files]
    contents += [(tmp_path / "plan.json").read_bytes(), *(text.encode() for text in said)]
    assert len(contents) > 30
    for secret in secrets:
        assert not [content for content in contents if secret.encode() in content]


def files_below(directory):
    for folder, _, names in os.walk(directory):
        yield from (Path(folder, name) for name in names if ".git" not in Path(folder).parts)


def test_a_plan_shows_what_is_missing_before_what_it_cannot_look_at(shop, monkeypatch):
    framework("deploy", "-e", "prod")
    shop.workspace.add_user("limited@example.com")
    monkeypatch.setenv("DATABRICKS_TOKEN", shop.workspace.token_of("limited@example.com"))
    said = framework("plan", "-e", "prod", code=4).stderr
    assert said.index("missing  deploy root") < said.index("GRANT ") < said.index("cannot look for")
    told = json.loads(framework("plan", "-e", "prod", "-o", "json", code=4).stdout)
    assert "cannot look for" in told["error"]["message"]
    states = {each["name"]: each["state"] for each in told["preflight"]}
    assert (states["deploy root"], states["runs"]) == ("missing", "unknown")


def test_what_was_broken_off_is_something_to_do(shop):
    framework("deploy", "-e", "prod")
    began(shop, shop.ground().past()[-1].release)
    said = " ".join(framework("plan", "-e", "prod", "--detailed-exitcode", code=2).stdout.split())
    assert ": 1 deployment to finish, " in said
    assert " by admin@example.com did not end well, or is still going on; " in said
    assert "Deployed: shop on prod" in framework("deploy", "-e", "prod").stdout
    framework("plan", "-e", "prod", "--detailed-exitcode")


def test_a_rollback_after_a_broken_off_deployment_restores_what_was_live(shop):
    framework("deploy", "-e", "prod")
    edit("projects/shop/pipelines/demand.yml", "Units per day.", "Units of a day.")
    push("Other words.")
    framework("deploy", "-e", "prod")
    live = shop.ground().past()[-1].release
    began(shop, "0123456789abcdef")
    shop.workspace.jobs["shop.demand"]["settings"]["description"] = "Half deployed."

    said = framework("rollback", "-e", "prod").stderr
    assert f"Fetching release {live}, which was deployed" in said
    assert "and was live before the deploy of" in said
    assert shop.workspace.jobs["shop.demand"]["settings"]["description"] == "Units of a day."
    assert said.count("Release ") == 1
    assert said.index("Half deployed. → Units of a day.") < said.index("Deploying.")


def began(shop, release):
    """As if a deployment had been killed."""
    ground = shop.ground()
    killed = {"id": "f" * 12, "started_at": now(), "ended_at": "", "result": "running"}
    ground.store.note(replace(ground.past()[-1], release=release, **killed))
