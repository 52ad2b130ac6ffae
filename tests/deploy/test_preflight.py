"""What has to hold before a deployment, against a workspace over real HTTP and with real git."""

import json
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.iam import User
from databricks.sdk.service.jobs import JobDeployment, JobDeploymentKind

from framework.console.preflight_view import show_preflight
from framework.console.streams import stdout
from framework.core.errors import DatabricksRefused
from framework.deploy.deployed_jobs import DeployedJob, short_name
from framework.deploy.ops_install import Ops, install, statements
from framework.deploy.preflight import CheckState, preflight
from framework.deploy.preflight.active_runs import active_runs_check
from framework.deploy.preflight.git_state import git_state
from framework.deploy.preflight.principals import caller
from framework.deploy.sql_warehouse import SqlWarehouse
from framework.deploy.workspace import client
from framework.resolve.pipeline import resolve
from framework.spec.loader import load
from framework.spec.policy_spec import read_policy
from framework.spec.target_spec import read_target
from framework.testing.fake_workspace import ADMIN, FakeWorkspace, Fault

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
FOLDER = "/Workspace/framework/prod/shop"
ROBOT = "00000000-0000-0000-0000-000000000002"
PROD = f"""\
host: https://example.cloud.databricks.com
mode: production
catalog: prod
experiment_root: /mlops/experiments
run_as: {{service_principal_name: {ROBOT}}}
"""
POLICY = """\
targets:
  prod:
    branches: {branches: [main], tags: ['v[0-9.]+']}
    deploy: {groups: [release-team], principals: [ci@example.com]}
"""
LEAD, DEVELOPER, CI = "lead@example.com", "dev@example.com", "ci@example.com"


@pytest.fixture
def workspace() -> Iterator[FakeWorkspace]:
    """A workspace with a lead who may deploy, a developer who may not, and what the pipeline reads."""
    with FakeWorkspace() as workspace:
        workspace.add_user(LEAD, ["release-team"])
        workspace.add_user(DEVELOPER)
        workspace.add_user(CI)
        workspace.add_service_principal(ROBOT, ["robots"], users=["release-team"])
        for schema in ("raw", "features", "models", "predictions"):
            workspace.add_securable("schema", f"prod.{schema}")
        workspace.add_securable("table", "prod.raw.sales")
        yield workspace


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone whose main branch is pushed."""
    root = Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))
    (root / "conf/prod.yml").write_text(PROD)
    (root / "conf/policy.yml").write_text(POLICY)
    git(tmp_path, "init", "--bare", "--quiet", "origin.git")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    commit(root)
    git(root, "push", "--quiet", "origin", "main")
    return root


@pytest.fixture(autouse=True)
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Databricks CLI that says its version, and no CI system around us."""
    executable = tmp_path / "databricks"
    executable.write_text("#!/bin/sh\necho Databricks CLI v1.14.0\n")
    executable.chmod(0o755)
    monkeypatch.setenv("FRAMEWORK_DATABRICKS_CLI", str(executable))
    for name in ("GITHUB_SHA", "CI_COMMIT_SHA", "DATABRICKS_ACCOUNT_ID"):
        monkeypatch.delenv(name, raising=False)
    return executable


def git(directory: Path, *arguments: str) -> str:
    author = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    done = subprocess.run(["git", *author, *arguments], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root: Path, message: str = "work") -> str:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD")


def client_of(workspace: FakeWorkspace, who: str = LEAD, **more: str) -> WorkspaceClient:
    return WorkspaceClient(host=workspace.url, token=workspace.token_of(who), **more)


def looked(workspace: FakeWorkspace, root: Path, who: str = LEAD, target: str = "prod", live=dict, **more: str):
    """Every check by name; the last of several with one name."""
    pipeline = resolve(load(root, "shop", "demand", target))
    client = client_of(workspace, who, **more)
    checks = preflight([pipeline], read_target(root, target), read_policy(root), root, client, live=live)
    return {check.name: check for check in checks}


def states(checks) -> dict[str, str]:
    return {name: str(check.state) for name, check in checks.items()}


def test_a_pushed_commit_on_an_allowed_branch(workspace, checkout):
    git(checkout, "push", "--quiet", "origin", "main:topic")
    checks = looked(workspace, checkout)

    assert {name: checks[name].state for name in ("git tree", "git remote", "git branch", "databricks", "login")} == {
        "git tree": "ok", "git remote": "ok", "git branch": "ok", "databricks": "ok", "login": "ok",
    }  # fmt: skip
    assert checks["git remote"].found.endswith(" is on main, topic")
    assert checks["git branch"].found == "the policy allows main"
    assert checks["login"].found == f"logged in as {LEAD}"


def test_what_is_not_committed_stops_a_production_target(workspace, checkout):
    (checkout / "projects/shop/notes.txt").write_text("later")

    check = looked(workspace, checkout)["git tree"]
    assert (check.state, check.found) == ("missing", "not committed: projects/shop/notes.txt")


def test_what_lies_beside_the_sources_is_a_warning(workspace, checkout):
    (checkout / "c").write_text("later")  # no part of conf/, whatever its name begins with
    (checkout / "projects/other").mkdir()
    (checkout / "projects/other/project.yml").write_text("")

    check = looked(workspace, checkout)["git tree"]
    assert (check.state, check.found) == ("warning", "git does not know c, projects/other/, which no release takes")


def test_a_checkout_below_the_root_of_its_repository(tmp_path):
    for path in ("mono/projects/shop/a.txt", "mono/conf/a.txt", "mono/plan.json", "other/a.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    git(tmp_path, "init", "--quiet", "--initial-branch=topic")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "nothing yet")

    state = git_state(tmp_path / "mono", project="shop", without=[tmp_path / "mono/plan.json"])
    assert (state.changed, state.branch) == (("mono/",), "topic")
    git(tmp_path, "add", "mono/conf")
    git(tmp_path, "commit", "--quiet", "-m", "conf")
    state = git_state(tmp_path / "mono", project="shop", without=[tmp_path / "mono/plan.json"])
    assert state.changed == ("mono/projects/",)
    assert "other/" in state.beside
    assert "mono/plan.json" not in state.beside


def test_a_commit_that_nobody_else_has(workspace, checkout):
    commit(checkout, "mine alone")

    checks = looked(workspace, checkout)
    assert states(checks)["git remote"] == "missing"
    assert checks["git remote"].advice.startswith("git push")
    assert states(checks)["git branch"] == "missing"


def test_a_ci_system_has_fetched_the_commit(workspace, checkout, monkeypatch):
    monkeypatch.setenv("GITHUB_SHA", commit(checkout))
    git(checkout, "tag", "v1.2")

    checks = looked(workspace, checkout)
    assert checks["git remote"].found.endswith("was fetched by the CI system")
    assert checks["git branch"].found == "the policy allows v1.2"


def test_a_branch_that_the_policy_does_not_allow(workspace, checkout):
    git(checkout, "switch", "--quiet", "-c", "feature/mine")
    commit(checkout)
    git(checkout, "push", "--quiet", "origin", "feature/mine")

    check = looked(workspace, checkout)["git branch"]
    assert (check.state, check.found) == ("missing", "this commit is on feature/mine")
    assert check.advice == (
        "The policy deploys from a branch main or a tag v[0-9.]+. Merge there, push, then git fetch."
    )


def test_in_development_people_try_what_they_have_not_committed(workspace, checkout):
    (checkout / "conf/dev.yml").write_text(PROD.replace("production", "development").partition("run_as")[0])

    checks = looked(workspace, checkout, who=DEVELOPER, target="dev")
    assert states(checks)["git tree"] == "warning"
    assert "git branch" not in checks


@pytest.mark.parametrize(("who", "target"), [(ADMIN, "prod"), (DEVELOPER, "dev")])
def test_a_directory_without_git(workspace, checkout, who, target):
    (checkout / "conf/dev.yml").write_text(PROD.replace("production", "development").partition("run_as")[0])
    shutil.rmtree(checkout / ".git")

    check = looked(workspace, checkout, who=who, target=target)["git"]
    assert (check.state, check.found) == ("missing", "there is no commit")


def test_a_cli_that_is_too_old(workspace, checkout, cli):
    cli.write_text("#!/bin/sh\necho Databricks CLI v0.230.0\n")

    check = looked(workspace, checkout)["databricks"]
    assert check.state == "missing"
    assert "0.230.0; 1.14 or later is needed" in check.found


@pytest.mark.parametrize(("who", "state"), [(LEAD, "ok"), (CI, "ok"), (DEVELOPER, "missing")])
def test_who_may_deploy(workspace, checkout, who, state):
    assert looked(workspace, checkout, who)["login"].state == state


def test_who_may_not_is_told_who_may(workspace, checkout):
    advice = looked(workspace, checkout, DEVELOPER)["login"].advice
    assert advice.startswith("The policy lets a member of release-team or ci@example.com deploy here.")


def test_a_login_that_the_workspace_does_not_know(workspace, checkout):
    pipeline = resolve(load(checkout, "shop", "demand", "prod"))
    nobody = WorkspaceClient(host=workspace.url, token="dapi-not-known")

    with pytest.raises(DatabricksRefused, match="cannot see who is logged in") as error:
        preflight([pipeline], read_target(checkout, "prod"), read_policy(checkout), checkout, nobody)
    assert "databricks auth login" in error.value.hint
    assert "dapi" not in f"{error.value} {error.value.hint}"


@pytest.mark.parametrize(
    ("who", "allowed", "state", "found"),
    [
        (ADMIN, "", "ok", f"{ADMIN}, an administrator, may write to {FOLDER}"),
        (LEAD, "CAN_MANAGE", "ok", f"{LEAD} may write to {FOLDER}"),
        (LEAD, "CAN_EDIT", "unknown", f"nobody tells whether {LEAD} may write to {FOLDER}"),
        (LEAD, "", "missing", f"{LEAD} may not write to {FOLDER}: /Workspace/framework/prod is not there"),
    ],
)
def test_the_folder_must_be_writable(workspace, checkout, who, allowed, state, found):
    if allowed:
        workspace.allow("/Workspace/framework/prod", who, allowed)

    check = looked(workspace, checkout, who)["deploy root"]
    assert check.state == state
    assert check.found.startswith(found)
    if state == "unknown":
        assert "manages /Workspace/framework/prod, give" in check.advice
    if state == "missing":
        assert f"make /Workspace/framework/prod, unless it is there, and give {LEAD} CAN_MANAGE" in check.advice


def test_rights_are_asked_for_on_the_folder_of_the_target_alone(workspace, checkout):
    workspace.allow("/Workspace/framework", LEAD, "CAN_READ")

    advice = looked(workspace, checkout)["deploy root"].advice
    assert f"manages /Workspace/framework, make /Workspace/framework/prod, and give {LEAD} CAN_MANAGE on it" in advice


def test_what_is_not_there_takes_no_grant(workspace, checkout):
    (checkout / "conf/prod.yml").write_text(PROD.replace("catalog: prod", "catalog: staging"))
    workspace.add_securable("schema", "staging.raw")

    check = looked(workspace, checkout, ADMIN)["privileges"]
    assert (check.state, check.found) == ("warning", "there is no table staging.raw.sales, which demand.features needs")
    check = looked(workspace, checkout, DEVELOPER)["privileges"]
    assert check.state == "unknown"
    assert check.found.endswith(", or this login may not see it")
    (checkout / "conf/prod.yml").write_text(PROD.replace("catalog: prod", "catalog: nowhere"))
    check = looked(workspace, checkout, ADMIN)["privileges"]
    assert check.found.startswith("there is no catalog nowhere, which demand.")
    assert "GRANT" not in check.advice


ACCOUNT = "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(("who", "state"), [(LEAD, "ok"), (DEVELOPER, "missing"), (ROBOT, "ok"), (ADMIN, "unknown")])
def test_who_may_have_jobs_run_as_the_service_principal(workspace, checkout, who, state):
    assert looked(workspace, checkout, who, account_id=ACCOUNT)["run_as"].state == state


def test_without_an_account_nobody_can_be_asked(workspace, checkout):
    workspace.faults.add(Fault("GET /.well-known/*", status=404, times=0))

    check = looked(workspace, checkout)["run_as"]
    assert (check.state, check.advice.split(" to ")[0]) == ("unknown", "Set DATABRICKS_ACCOUNT_ID")


def test_roles_that_are_hidden_are_unknown(workspace, checkout):
    workspace.faults.add(Fault("GET */access-control/rule-sets", status=403, times=0))

    check = looked(workspace, checkout, account_id=ACCOUNT)["run_as"]
    assert (check.state, check.found) == ("unknown", f"the roles on {ROBOT} are hidden")


def test_missing_privileges_are_grant_statements_to_paste(workspace, checkout, capsys):
    workspace.grant("catalog:prod", "robots", "USE_CATALOG")

    check = looked(workspace, checkout, ADMIN)["privileges"]
    assert (check.state, check.found) == (
        "missing", f"{ROBOT} lacks USE SCHEMA on prod.raw, SELECT on prod.raw.sales",
    )  # fmt: skip
    assert check.advice.splitlines() == [
        f"GRANT USE SCHEMA ON SCHEMA `prod`.`raw` TO `{ROBOT}`;",
        f"GRANT SELECT ON TABLE `prod`.`raw`.`sales` TO `{ROBOT}`;",
    ]
    show_preflight(stdout(), [check])
    under = " " * len("missing  privileges  ")
    assert f"\n{under}GRANT SELECT ON TABLE `prod`.`raw`.`sales` TO `{ROBOT}`;\n" in capsys.readouterr().out


def test_a_schema_that_we_may_not_grant_on(workspace, checkout):
    workspace.grant("catalog:prod", ROBOT, "USE_CATALOG", "USE_SCHEMA", "SELECT", "EXECUTE")
    workspace.grant("schema:prod.features", ROBOT, "CREATE_TABLE")
    workspace.grant("schema:prod.features", LEAD, "MANAGE")  # so the deployment grants there what is missing

    check = looked(workspace, checkout, ROBOT)["privileges"]
    assert check.state == "missing"
    assert check.advice.splitlines() == [
        f"GRANT CREATE MODEL ON SCHEMA `prod`.`models` TO `{ROBOT}`;",
        f"GRANT CREATE TABLE ON SCHEMA `prod`.`predictions` TO `{ROBOT}`;",
    ]


def test_in_development_each_person_has_schemas_of_their_own(workspace, checkout):
    text = (
        PROD.replace("production", "development\nshared_schemas: [raw]")
        .replace("catalog: prod", "catalog: dev")
        .partition("run_as")[0]
    )
    (checkout / "conf/dev.yml").write_text(text)
    workspace.add_securable("schema", "dev.raw")
    workspace.add_securable("table", "dev.raw.sales")

    check = looked(workspace, checkout, DEVELOPER, "dev")["resources"]
    assert check.advice.splitlines() == [f"GRANT CREATE SCHEMA, USE CATALOG ON CATALOG `dev` TO `{DEVELOPER}`;"]
    workspace.grant("catalog:dev", DEVELOPER, "CREATE_SCHEMA", "USE_CATALOG")
    check = looked(workspace, checkout, DEVELOPER, "dev")["resources"]
    assert check.found == f"{DEVELOPER} has all 2 that are needed"


def test_grants_that_are_not_shown_to_us_are_unknown(workspace, checkout):
    check = looked(workspace, checkout, DEVELOPER)["privileges"]

    assert check.state == "unknown"
    assert check.found.startswith(f"nobody tells whether {ROBOT} has USE CATALOG on prod")
    assert check.advice.splitlines()[:2] == [
        "If it is missing:", f"GRANT USE CATALOG ON CATALOG `prod` TO `{ROBOT}`;",
    ]  # fmt: skip


def test_everything_that_the_graph_needs(workspace, checkout):
    workspace.grant("catalog:prod", ROBOT, "ALL_PRIVILEGES", "MANAGE")

    check = looked(workspace, checkout, ADMIN)["privileges"]
    assert check.state == "ok"


def test_schemas_that_are_not_there_are_made_by_whoever_deploys(workspace, checkout):
    (checkout / "conf/prod.yml").write_text(PROD.replace("catalog: prod", "catalog: other"))
    workspace.add_securable("catalog", "other")

    check = looked(workspace, checkout)["resources"]
    assert check.state == "missing"
    assert check.advice.splitlines() == [f"GRANT CREATE SCHEMA, USE CATALOG ON CATALOG `other` TO `{LEAD}`;"]


RESOURCES = """
resources:
  schemas: {logs: {}}
  volumes: {files: {schema_name: raw}}
"""


def test_what_is_declared_is_made_and_granted_on_by_whoever_deploys(workspace, checkout):
    with (checkout / "projects/shop/project.yml").open("a") as file:
        file.write(RESOURCES)
    workspace.grant("catalog:prod", LEAD, "USE_CATALOG")
    workspace.grant("schema:prod.models", LEAD, "MANAGE", "USE_SCHEMA", "CREATE_MODEL")

    check = looked(workspace, checkout)["resources"]

    assert (check.state, check.advice.splitlines()) == ("missing", [
        f"GRANT CREATE SCHEMA ON CATALOG `prod` TO `{LEAD}`;",
        f"GRANT MANAGE ON SCHEMA `prod`.`features` TO `{LEAD}`;",
        f"GRANT MANAGE ON SCHEMA `prod`.`predictions` TO `{LEAD}`;",
        f"GRANT CREATE VOLUME, MANAGE, USE SCHEMA ON SCHEMA `prod`.`raw` TO `{LEAD}`;",
    ])  # fmt: skip
    workspace.grant("catalog:prod", LEAD, "ALL_PRIVILEGES", "MANAGE")
    assert looked(workspace, checkout)["resources"].state == "ok"


def test_what_is_hidden_with_all_around_it_may_be_there(workspace, checkout):
    workspace.faults.add(Fault("GET */unity-catalog/*", status=404, times=0))

    checks = looked(workspace, checkout)

    assert (checks["privileges"].state, checks["resources"].state) == ("unknown", "unknown")


SQL_TASK = """
  - task_key: report
    sql_task: {warehouse_id: %s, file: {path: report.sql}}
"""


@pytest.mark.parametrize(
    ("warehouse", "granted", "who", "state"),
    [
        ("fake", True, ADMIN, "ok"),
        ("fake", False, ADMIN, "missing"),
        ("fake", True, DEVELOPER, "unknown"),
    ],
)
def test_the_warehouse_must_be_usable(workspace, checkout, warehouse, granted, who, state):
    with (checkout / "projects/shop/pipelines/demand.yml").open("a") as file:
        file.write(SQL_TASK % warehouse)
    if granted:
        workspace.allow("warehouses/fake", "robots", "CAN_USE")

    check = looked(workspace, checkout, who)["warehouse"]
    assert check.state == state
    if state != "ok":
        command = shlex.split(check.advice.splitlines()[-1])
        assert command[:5] == ["databricks", "permissions", "update", "warehouses", "fake"]
        patch = client_of(workspace, ADMIN).api_client.do
        patch("PATCH", "/api/2.0/permissions/warehouses/fake", body=json.loads(command[-1]))
        assert looked(workspace, checkout, ADMIN)["warehouse"].state == "ok"


def test_runs_that_are_under_way_go_on(checkout):
    ended = threading.Event()
    with FakeWorkspace(run_job=lambda run, report: ended.wait(20)) as workspace:
        workspace.add_user(LEAD, ["release-team", "admins"])
        client = client_of(workspace)
        metadata = "/Workspace/framework/prod/shop/bundle/state/metadata.json"
        ours = client.jobs.create(
            name="shop.demand", deployment=JobDeployment(JobDeploymentKind.BUNDLE, metadata_file_path=metadata)
        )
        by_hand = client.jobs.create(name="shop.demand")
        run = client.jobs.run_now(ours.job_id)
        client.jobs.run_now(by_hand.job_id)

        check = looked(workspace, checkout)["runs"]
        assert (check.state, check.found) == ("warning", f"under way: {run.run_id} of shop.demand")
        gone = active_runs_check(client, [DeployedJob("demand", ours.job_id, "shop.demand")], kept=[])
        assert gone.state == "missing"
        ended.set()


def test_runs_of_a_job_that_goes_stop_the_deployment(checkout):
    ended = threading.Event()
    with FakeWorkspace(run_job=lambda run, report: ended.wait(20)) as workspace:
        workspace.add_user(LEAD, ["admins"])
        metadata = "/Workspace/framework/prod/shop/bundle/state/metadata.json"
        jobs = client_of(workspace).jobs
        old = jobs.create(
            name="shop.old", deployment=JobDeployment(JobDeploymentKind.BUNDLE, metadata_file_path=metadata)
        )
        run = jobs.run_now(old.job_id)

        check = looked(workspace, checkout, live=lambda: {"old": "shop.old"})["runs"]
        ended.set()
    assert (check.state, check.found) == ("missing", f"under way, and their job goes: {run.run_id} of shop.old")


def test_runs_of_jobs_that_are_hidden_are_unknown(workspace, checkout):
    live = {"demand": "shop.demand", "old": "shop.old"}

    check = looked(workspace, checkout, live=lambda: live)["runs"]
    assert (check.state, check.found) == ("unknown", "nobody tells about those of shop.demand, shop.old")
    assert looked(workspace, checkout, ADMIN, live=lambda: live)["runs"].state == "ok"


def test_runs_are_unknown_where_even_the_records_are_hidden(workspace, checkout):
    check = looked(workspace, checkout)["runs"]
    assert (check.state, check.found) == ("unknown", "nobody tells about those of shop.demand")
    workspace.allow("/Workspace/framework/prod", LEAD, "CAN_MANAGE")  # then it is sure that nothing is there
    assert looked(workspace, checkout)["runs"].state == "ok"


def test_groups_that_nobody_tells_are_unknown():
    assert caller(User(user_name=LEAD)).groups is None
    assert caller(User(user_name=LEAD, groups=[])).groups == frozenset()


def test_code_that_git_ignores_and_a_wheel_takes_is_not_committed(workspace, checkout):
    (checkout / ".gitignore").write_text("*_local.py\n*.pyc\n")
    commit(checkout)
    git(checkout, "push", "--quiet", "origin", "main")
    for name in ("settings_local.py", "cached.pyc"):
        (checkout / "projects/shop/src/shop" / name).write_text("")

    check = looked(workspace, checkout)["git tree"]
    assert (check.state, check.found) == ("missing", "not committed: projects/shop/src/shop/settings_local.py")


def test_a_tree_that_git_cannot_look_at_is_not_clean(workspace, checkout):
    (checkout / ".git/index").write_bytes(b"broken")

    check = looked(workspace, checkout)["git tree"]
    assert (check.state, check.found) == ("missing", "not committed: what git status would say: it failed")


@pytest.mark.parametrize("fault", [{"status": 400}, {"status": 403}, {"status": 404}, {"status": 500}, {"cut": True}])
def test_nothing_is_ok_that_the_workspace_did_not_answer(workspace, checkout, fault, monkeypatch):
    for name, value in workspace.environment_of(LEAD).items():
        monkeypatch.setenv(name, value)
    for pattern in ("GET */unity-catalog/*", "GET */jobs/list", "GET */access-control/*", "GET */ServicePrincipals"):
        workspace.faults.add(Fault(pattern, times=0, **fault))
    pipeline = resolve(load(checkout, "shop", "demand", "prod"))

    quick = client(workspace.url, retry_seconds=1)
    checks = preflight([pipeline], read_target(checkout, "prod"), read_policy(checkout), checkout, quick)
    names = ("run_as", "privileges", "resources", "runs")
    states = {check.name: check.state for check in checks}
    assert {name: states[name] for name in names} == dict.fromkeys(names, CheckState.UNKNOWN)
    assert states["run records"] in (CheckState.UNKNOWN, CheckState.WARNING)


@pytest.mark.parametrize(
    ("user_name", "short"),
    [("Ann.Lee@example.com", "ann_lee"), ("__x--y@example.com", "x_y"), ("Zoë@example.com", "zoë")],
)
def test_short_names_are_those_of_the_databricks_cli(user_name, short):
    assert short_name(User(user_name=user_name, display_name="Ann Lee")) == short
    assert short_name(User(user_name=ROBOT, display_name="Nightly Robot")) == "nightly_robot"


def test_without_tables_for_the_records_of_its_runs_a_project_is_warned(workspace, checkout):
    ops = Ops(client_of(workspace, ADMIN), read_target(checkout, "prod"))
    warehouse = SqlWarehouse(ops.client, "fake")
    before = looked(workspace, checkout)["run records"]
    schema, one, other, *_ = [each for each in statements(ops, ["shop"], []) if each.startswith("CREATE")]
    install(warehouse, [schema, one])
    in_part = looked(workspace, checkout, ADMIN)["run records"]
    install(warehouse, [other])

    assert (before.state, before.advice) == ("warning", "framework ops install -e prod --project shop")
    assert before.found.startswith("prod.ops_shop has no tables of run records")
    assert (in_part.state, looked(workspace, checkout, ADMIN)["run records"].state) == ("warning", "ok")
    assert looked(workspace, checkout)["run records"].state == "unknown"
