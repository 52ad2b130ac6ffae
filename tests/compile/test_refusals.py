"""What cannot be compiled says where and why, and nothing of a machine gets into a bundle."""

from dataclasses import replace

import pytest

from framework.compile.resources import resources_of
from framework.compile.writer import contents_of
from framework.core.errors import InvalidProject
from framework.resolve.pipeline import resolve
from framework.runtime.kinds.register_model import RegisterModel
from framework.spec.loader import load
from framework.spec.references import references

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


def test_a_key_of_two_sorts_is_refused(checkout, bundle):
    declared = "resources:\n  schemas: {logs: {}}\n  volumes: {logs: {schema_name: raw}}\n"

    with pytest.raises(InvalidProject, match="the key 'logs' in volumes is that of one in schemas, too"):
        bundle(checkout(["daily"], project=declared))


def test_two_models_of_one_key_are_refused(checkout):
    resolved = resolve(load(checkout(["daily"]), "shop", "daily", "prod"))
    options = [
        RegisterModel(model=name, model_from="train", gates=["evaluate"]) for name in ("prod.a_b.c", "prod.a.b_c")
    ]
    (task,) = resolved.tasks
    tasks = tuple(replace(task, kind="register_model", options=each, names=tuple(references(each))) for each in options)

    with pytest.raises(InvalidProject, match="'c' and 'b_c' would have one key, 'a_b_c_model'"):
        resources_of([replace(resolved, tasks=tasks)])


def test_what_a_project_grants_comes_to_what_its_runs_need(checkout, bundle):
    robot = "00000000-0000-0000-0000-000000000002"
    declared = (
        "resources:\n  volumes: {files: {schema_name: logs}}\n"
        "  schemas: {logs: {grants: [{principal: analysts, privileges: [SELECT]}]}}\n"
    )

    made = bundle(checkout(["daily"], f"run_as: {{service_principal_name: {robot}}}\n", declared))

    (schema,) = made.resources["schemas"].values()
    assert [each["principal"] for each in schema["grants"]] == [robot, "analysts"]
    assert "CREATE_TABLE" in schema["grants"][0]["privileges"]


def test_files_that_a_notebook_names_stay_in_the_project(checkout, bundle, tmp_path):
    root = checkout({"daily": "  - {task_key: a, notebook_task: {notebook_path: ../a.py}}\n"})
    (root / "projects/secret.py").write_text(NOTEBOOK)
    runs = ("../secret", "./missing", "/etc/passwd", "./linked", "'")
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
def test_where_nothing_can_be_deployed_to_is_found_before(checkout, bundles, written, summary, path):
    root = checkout(["daily"], prod=f"{written}\n")

    with pytest.raises(InvalidProject) as raised:
        bundles(root)

    (finding,) = raised.value.found
    assert (finding.summary, finding.path, finding.location.line) == (summary, path, 4)


def test_a_hidden_notebook_that_a_notebook_runs_is_refused(checkout, bundle):
    root = checkout({"daily": "  - {task_key: a, notebook_task: {notebook_path: ../a.py}}\n"})
    (root / "projects/shop/.parts").mkdir()
    (root / "projects/shop/.parts/b.py").write_text(NOTEBOOK)
    (root / "projects/shop/a.py").write_text(f"{NOTEBOOK}# MAGIC %run ./.parts/b\n")

    with pytest.raises(InvalidProject) as raised:
        bundle(root)

    (finding,) = raised.value.found
    assert finding.summary == "'.parts/b.py' is hidden, and no release has it"
    assert str(finding.location) == "projects/shop/pipelines/daily.yml:3:50"


def test_a_notebook_and_a_folder_of_one_name_are_refused(checkout, bundle):
    task = "  - {{task_key: a, notebook_task: {{notebook_path: ../{}.py}}}}\n"
    root = checkout({"daily": task.format("etl"), "weekly": task.format("etl/load")})
    (root / "projects/shop/etl").mkdir()
    for name in ("etl", "etl/load"):
        (root / f"projects/shop/{name}.py").write_text(NOTEBOOK)

    with pytest.raises(InvalidProject) as raised:
        bundle(root)

    (finding,) = raised.value.found
    assert finding.summary == "'etl.py' and 'etl' have one name in the workspace"


def test_a_package_beside_a_notebook_goes_with_what_imports_it(checkout, bundle):
    root = checkout({"daily": "  - {task_key: a, notebook_task: {notebook_path: ../jobs/a.py}}\n"})
    written = {
        "a.py": f"{NOTEBOOK}from tools.text import clean\n",
        "tools/__init__.py": "",
        "tools/text.py": "import shared\nfrom .deep.words import WORDS\n",
        "tools/deep/words.py": "WORDS = ()\n",
        "tools/words.csv": "a\n",
        "tools/__pycache__/text.pyc": "",
        "tools/.env": "TOKEN=1",
        "shared.py": "",
        "other/x.py": "",
        "text.py": "",
    }
    for name, text in written.items():
        (root / f"projects/shop/jobs/{name}").parent.mkdir(parents=True, exist_ok=True)
        (root / f"projects/shop/jobs/{name}").write_text(text)

    names = [name.removeprefix("jobs/") for name in bundle(root).files]
    assert names == [
        "a.py",
        "shared.py",
        "tools/__init__.py",
        "tools/deep/words.py",
        "tools/text.py",
        "tools/words.csv",
    ]
