"""What is compiled, as the Databricks CLI's own schema and its own validation see it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from jsonschema import validators

CLI = shutil.which("databricks")
ROOT = Path(__file__).parents[2]
EXPECTED = [*Path(__file__).parent.glob("golden/*/expected/*/*"), *ROOT.glob("bundles/*/*")]

pytestmark = [
    pytest.mark.real_cli,
    pytest.mark.skipif(CLI is None, reason="there is no Databricks CLI ('databricks') on PATH"),
]

VALUES = {
    "release_path": "/Workspace/r/1",
    "project_wheel": "p-1-py3-none-any.whl",
    "runtime_wheel": "r-1-py3-none-any.whl",
}


@pytest.fixture(scope="session")
def schema():
    text = subprocess.run([CLI, "bundle", "schema"], capture_output=True, text=True, check=True).stdout
    # Python's regular expressions know no classes of Unicode.
    loaded = json.loads(re.sub(r"\\\\p\{\w+\}", "A-Za-z", text))
    return validators.validator_for(loaded)(loaded)


@pytest.fixture(params=EXPECTED, ids=lambda path: str(path.relative_to(ROOT)))
def bundle(request, tmp_path):
    """A copy that names no workspace: the addresses are those of some that do not exist."""
    directory = Path(shutil.copytree(request.param, tmp_path / "bundle"))
    file = directory / "databricks.yml"
    file.write_text(re.sub(r"^ +host: .*\n", "", file.read_text(), flags=re.MULTILINE))
    return directory


def test_every_file_fits_the_schema_of_bundles(bundle, schema):
    files = [bundle / "databricks.yml", *bundle.glob("resources/*.yml")]

    assert len(files) > 1
    assert not [error.message for file in files for error in schema.iter_errors(yaml.safe_load(file.read_text()))]


def test_the_cli_finds_every_bundle_valid(bundle, fake_workspace):
    found = json.loads(databricks(bundle, fake_workspace, "validate", "--strict", "-o", "json").stdout)

    assert found["sync"]["paths"] == []
    personal = next(iter(found["resources"]["jobs"].values()))["name"].startswith("[dev ")
    assert personal == (found["bundle"].get("mode") != "production")
    assert ("/admin/bundle" in found["workspace"]["root_path"]) == personal


def test_what_is_deployed_is_not_a_change_any_more(bundle, fake_workspace):
    fake_workspace.add_group("data-science")
    fake_workspace.add_group("operators")
    for number in (1, 2):
        fake_workspace.add_service_principal(f"00000000-0000-0000-0000-{number:012}")
    (bundle / "resources/quality_monitors.yml").unlink(missing_ok=True)  # a monitor needs its table to be there
    for file in bundle.glob("resources/experiments.yml"):
        for experiment in yaml.safe_load(file.read_text())["resources"]["experiments"].values():
            make_directory(fake_workspace, experiment["name"].rpartition("/")[0])

    databricks(bundle, fake_workspace, "deploy", "--auto-approve")

    plan = json.loads(databricks(bundle, fake_workspace, "plan", "-o", "json").stdout)["plan"]
    assert {name: each["action"] for name, each in plan.items() if each["action"] != "skip"} == {}


def make_directory(workspace, path):
    from databricks.sdk import WorkspaceClient

    environment = workspace.environment
    WorkspaceClient(host=environment["DATABRICKS_HOST"], token=environment["DATABRICKS_TOKEN"]).workspace.mkdirs(path)


def databricks(directory, workspace, *arguments):
    variables = [f"--var={name}={value}" for name, value in VALUES.items()]
    settings = {"DATABRICKS_BUNDLE_ENGINE": "direct", "DATABRICKS_CONFIG_FILE": str(directory / "none.cfg")}
    done = subprocess.run(
        [CLI, "bundle", *arguments, *variables],
        cwd=directory,
        env={**os.environ, **workspace.environment, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
