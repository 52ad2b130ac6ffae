"""``framework compile`` as its users see it."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework.cli.app import app

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
TARGET = """\
host: https://{0}.example.com
mode: production
catalog: {0}
compute: {{environments: [{{environment_key: default, spec: {{environment_version: "4"}}}}]}}
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    root = Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))
    for name in ("staging", "prod"):
        (root / f"conf/{name}.yml").write_text(TARGET.format(name))
    monkeypatch.chdir(root)
    return root


def framework(*arguments):
    return CliRunner().invoke(app, list(arguments))


def tree(root):
    return {str(path.relative_to(root)): path.stat().st_mtime_ns for path in root.glob("bundles/**/*")}


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_every_target_but_local_is_compiled_and_a_second_time_nothing_is_written(shop):
    first = framework("compile")
    written = tree(shop)
    second = framework("compile")

    assert first.exit_code == 0
    assert first.stdout.splitlines() == [
        "new        bundles/shop/prod     6 files, 1 job, 5 tasks",
        "new        bundles/shop/staging  6 files, 1 job, 5 tasks",
    ]
    assert second.stdout == first.stdout.replace("new      ", "unchanged")
    assert tree(shop) == written
    assert names(shop / "bundles/shop/prod") == ["databricks.yml", "plans", "resources"]


def test_one_target_of_one_project(shop):
    done = framework("compile", "shop", "-e", "prod")

    assert done.stdout.split() == ["new", "bundles/shop/prod", "6", "files,", "1", "job,", "5", "tasks"]
    assert names(shop / "bundles/shop") == ["prod"]


def test_check_names_each_file_that_is_not_as_it_should_be_and_writes_nothing(shop):
    framework("compile")
    prod = shop / "bundles/shop/prod"
    (prod / "databricks.yml").write_text("# by hand\n")
    (prod / "resources/schemas.yml").unlink()
    (prod / "resources/other.job.yml").write_text("resources: {}\n")
    shutil.rmtree(shop / "bundles/shop/staging")
    before = tree(shop)

    done = framework("compile", "--check")

    assert done.exit_code == 1
    assert done.stdout == (
        "stale      bundles/shop/prod     6 files, 1 job, 5 tasks\n"
        "             stale databricks.yml\n"
        "             missing resources/schemas.yml\n"
        "             left over resources/other.job.yml\n"
        "missing    bundles/shop/staging  6 files, 1 job, 5 tasks\n"
        "\nbundles/ is not what compiles now. Run framework compile and commit what it writes.\n"
    )
    assert tree(shop) == before
    assert framework("compile").exit_code == framework("compile", "--check").exit_code == 0
    assert not (prod / "resources/other.job.yml").exists()


def test_the_bundle_of_a_target_that_is_gone_is_left_over_and_removed(shop):
    framework("compile")
    (shop / "conf/staging.yml").unlink()
    (shop / "bundles/shop/notes").mkdir()

    checked, done = framework("compile", "--check"), framework("compile")

    assert checked.exit_code == 1
    assert checked.stdout.splitlines()[1] == "left over  bundles/shop/staging"
    assert done.stdout.splitlines()[1] == "removed    bundles/shop/staging"
    assert names(shop / "bundles/shop") == ["notes", "prod"], "nobody else's directory is removed"


def test_what_is_not_asked_for_is_not_left_over(shop):
    framework("compile")
    (shop / "conf/staging.yml").unlink()

    assert framework("compile", "-e", "prod", "--check").exit_code == 0


def test_machines_get_one_object(shop):
    framework("compile", "-e", "prod")
    (shop / "bundles/shop/prod/databricks.yml").unlink()

    done = framework("compile", "--check", "-o", "json")

    told = json.loads(done.stdout)
    prod, staging = told["bundles"]
    assert told["schema"] == 1
    assert done.exit_code == 1
    assert prod == {
        "project": "shop", "target": "prod", "directory": "bundles/shop/prod", "state": "changed", "files": 6,
        "jobs": 1, "tasks": 5, "stale": [], "missing": ["databricks.yml"], "left_over": [],
    }  # fmt: skip
    assert staging["state"] == "new" and len(staging["missing"]) == 6


def test_an_error_in_one_target_writes_nothing_for_any(shop):
    (shop / "conf/staging.yml").write_text("mode: production\ncatalog: staging\n")

    done = framework("compile")

    assert done.exit_code == 1
    assert "target 'staging' has no compute for tasks with a kind" in done.stderr
    assert not (shop / "bundles").exists()


def test_the_policy_is_kept(shop):
    (shop / "conf/policy.yml").write_text("tags: {required: {team: {values: [retail]}}}\n")

    done = framework("compile")

    assert done.exit_code == 1
    assert "tag 'team' is missing" in done.stderr
    assert not (shop / "bundles").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-e", "local"], "the target 'local' is this machine: nothing is deployed to it"),
        (["-e", "prd"], "no target 'prd' (did you mean 'prod'?)"),
        (["shp"], "no project 'shp' in projects/ (did you mean 'shop'?)"),
        (["--var", "x=1"], "no variable 'x'"),
    ],
)
def test_names_that_do_not_exist_are_usage_errors(shop, arguments, message):
    done = framework("compile", *arguments)

    assert done.exit_code == 2
    assert message in done.stderr
    assert not (shop / "bundles").exists()


def test_without_a_target_there_is_nothing_to_compile_for(shop):
    for name in ("staging", "prod"):
        (shop / f"conf/{name}.yml").unlink()

    done = framework("compile")

    assert done.exit_code == 2
    assert "there is no target to deploy to" in done.stderr


@pytest.mark.parametrize("link", ["bundles", "bundles/shop", "bundles/shop/prod", "bundles/shop/prod/resources"])
def test_a_link_in_bundles_is_neither_followed_nor_replaced(link, shop, tmp_path):
    framework("compile")
    (shop / link).rename(tmp_path / "elsewhere")
    (shop / link).symlink_to(tmp_path / "elsewhere")
    (shop / "conf/prod.yml").write_text(TARGET.format("production"))
    before = {path: path.read_bytes() for path in (tmp_path / "elsewhere").rglob("*") if path.is_file()}

    done = framework("compile")

    assert done.exit_code == 1
    assert f"{link} is a link" in " ".join(done.stderr.split())
    assert (shop / link).is_symlink()
    assert {path: path.read_bytes() for path in (tmp_path / "elsewhere").rglob("*") if path.is_file()} == before


def test_what_is_left_over_behind_a_link_stays(shop, tmp_path):
    framework("compile")
    (shop / "bundles/shop").rename(tmp_path / "gone")
    (shop / "bundles/gone").symlink_to(tmp_path / "gone")

    done = framework("compile")

    assert done.exit_code == 0
    assert "gone" not in done.stdout
    assert names(tmp_path / "gone") == ["prod", "staging"]


def test_a_directory_that_cannot_be_written_is_one_clear_error(shop):
    (shop / "bundles").write_text("a file in the way")

    done = framework("compile")

    assert done.exit_code == 1
    assert f"Error: {shop}/bundles/shop" in done.stderr and "cannot be written" in done.stderr
