"""What cannot be compiled says where and why, and nothing of a machine gets into a bundle."""

import pytest

from framework import phases
from framework.compile.writer import contents_of
from framework.core.errors import InvalidProject

NOTEBOOK = "# Databricks notebook source\n"


def test_a_host_from_the_environment_is_left_out(checkout, bundle, monkeypatch):
    monkeypatch.setenv("WORKSPACE", "https://planted-secret.example.com")
    root = checkout(["daily"])
    (root / "conf/prod.yml").write_text('host: "${env:WORKSPACE}"\nmode: production\ncatalog: prod\n')

    made = contents_of(bundle(root))

    assert not [name for name, content in made.items() if b"planted" in content or b"host" in content]


def test_two_notebooks_that_differ_by_their_suffix_are_refused(checkout, bundle):
    task = "  - {{task_key: a, notebook_task: {{notebook_path: ../a.{}}}}}\n"
    root = checkout({"daily": task.format("py"), "weekly": task.format("sql")})
    (root / "projects/shop/a.py").write_text(NOTEBOOK)
    (root / "projects/shop/a.sql").write_text(NOTEBOOK.replace("#", "--"))

    with pytest.raises(InvalidProject) as raised:
        bundle(root)

    (finding,) = raised.value.found
    assert finding.summary == "'a.py' and 'a.sql' have one name in the workspace"
    assert str(finding.location) == "projects/shop/pipelines/weekly.yml:3:50"


def test_two_resources_of_one_key_are_refused(checkout, bundle):
    root = checkout(["daily"], project="resources:\n  schemas:\n    daily: {name: logs}\n")

    with pytest.raises(InvalidProject) as raised:
        bundle(root)

    (finding,) = raised.value.found
    assert finding.summary == "the key 'daily' in schemas is that of a pipeline, too"
    assert (finding.path, str(finding.location)) == ("resources.schemas.daily", "projects/shop/project.yml:4:12")


def test_files_that_a_notebook_names_stay_in_the_project(checkout, bundle, tmp_path):
    root = checkout({"daily": "  - {task_key: a, notebook_task: {notebook_path: ../a.py}}\n"})
    (root / "projects/secret.py").write_text(NOTEBOOK)
    (root / "projects/shop/.hidden.py").write_text(NOTEBOOK)
    runs = ("../secret", "./.hidden", "./missing", "/etc/passwd", "./linked", "'")
    (root / "projects/shop/a.py").write_text(NOTEBOOK + "".join(f"# MAGIC %run {each}\n" for each in runs))
    (root / "projects/shop/linked.py").symlink_to(root / "projects/secret.py")

    assert list(bundle(root).files) == ["a.py"]


@pytest.mark.parametrize(
    ("written", "summary", "path"),
    [
        ("deploy_root: /Workspace/Users/ana", "'/Workspace/Users/ana' is no folder to deploy to", "deploy_root"),
        ("deploy_root: /Workspace/Shared", "'/Workspace/Shared' is no folder to deploy to", "deploy_root"),
        ("deploy_root: /Workspace/a/../b", "'/Workspace/a/../b' is no folder to deploy to", "deploy_root"),
        ("deploy_root: /mlops", "'/mlops' is no folder to deploy to", "deploy_root"),
        ("shared_schemas: [raw.sales]", "'raw.sales' is not a schema's name", "shared_schemas[0]"),
    ],
)
def test_where_nothing_can_be_deployed_to_is_found_before(checkout, written, summary, path):
    root = checkout(["daily"], prod=f"{written}\n")

    with pytest.raises(InvalidProject) as raised:
        phases.bundles(phases.Asked(directory=root))

    (finding,) = raised.value.found
    assert (finding.summary, finding.path, finding.location.line) == (summary, path, 4)
