"""What a bundle's directory may hold."""

from pathlib import Path

import pytest

from framework.core.errors import InvalidProject, UsageError
from framework.local.foreign_bundle.load import ForeignBundle, load_bundle

TASK = 'condition_task: {op: EQUAL_TO, left: "1", right: "1"}'


def bundle(root: Path, **files: str) -> ForeignBundle:
    for name, text in files.items():
        (root / f"{name}.yml").write_text(text)
    return load_bundle(root, None, {})


def refusal(root: Path, **files: str) -> list[str]:
    with pytest.raises(InvalidProject) as raised:
        loaded = bundle(root, **files)
        loaded.warnings_for(next(iter(loaded.job_ids)))
    return [f"{found.location}: {found.summary}" for found in raised.value.found]


def test_a_directory_without_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no bundle in"):
        load_bundle(tmp_path, None, {})


def test_two_root_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="several root files"):
        bundle(tmp_path, databricks="bundle: {name: shop}", bundle="bundle: {name: shop}")


def test_a_link_out_of_the_bundle_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    (tmp_path / "sum.py").write_text("print(1)\n")
    (root / "sum.py").symlink_to(tmp_path / "sum.py")
    task = "{task_key: sum, spark_python_task: {python_file: sum.py}}"
    text = f"bundle: {{name: shop}}\nresources: {{jobs: {{daily: {{tasks: [{task}]}}}}}}"
    assert refusal(root, databricks=text) == ["databricks.yml:2:85: 'sum.py' is a link that leads out of the bundle"]


def test_numbers_are_names_too(tmp_path: Path) -> None:
    tasks = f"{{task_key: 7, {TASK}}}, {{task_key: after, depends_on: [{{task_key: 7, outcome: true}}], {TASK}}}"
    override = "{task_key: 7, max_retries: 2}"
    loaded = bundle(
        tmp_path,
        databricks=f"bundle: {{name: 123}}\nresources: {{jobs: {{daily: {{name: 5, tasks: [{tasks}]}}}}}}\n"
        f"targets: {{dev: {{resources: {{jobs: {{daily: {{tasks: [{override}]}}}}}}}}}}",
    )

    job = loaded.bundle.jobs["daily"].as_dict()
    assert (loaded.bundle.name, job["name"]) == ("123", "5")
    assert [(task["task_key"], task.get("max_retries")) for task in job["tasks"]] == [("7", 2), ("after", None)]
    assert job["tasks"][1]["depends_on"] == [{"task_key": "7", "outcome": "true"}]


def test_paths_are_relative_to_the_file_that_says_them(tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (jobs / "sum.py").write_text("print(1)\n")
    task = "{task_key: sum, spark_python_task: {python_file: ./sum.py}}"
    (jobs / "daily.yml").write_text(f"resources: {{jobs: {{daily: {{tasks: [{task}]}}}}}}")

    loaded = bundle(tmp_path, databricks="bundle: {name: shop}\ninclude: [jobs/*.yml]")

    assert loaded.bundle.jobs["daily"].as_dict()["tasks"][0]["spark_python_task"] == {"python_file": "jobs/sum.py"}


def test_aliases_that_multiply_are_refused(tmp_path: Path) -> None:
    lines = ["bundle: {name: shop}", "a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 12)]
    found = refusal(tmp_path, databricks="\n".join(lines))
    assert [line.partition(": ")[2] for line in found] == ["more than 100,000 values"]


def test_a_reference_in_the_name_is_a_warning(tmp_path: Path) -> None:
    loaded = bundle(tmp_path, databricks="bundle: {name: 'shop_${var.region}'}\nvariables: {region: {default: eu}}")

    assert loaded.bundle.name == "shop_eu"
    assert [warning.summary for warning in loaded.warnings] == ["the bundle's name holds a reference"]


def test_a_variable_that_nobody_asks_for_is_looked_at_too(tmp_path: Path) -> None:
    text = "bundle: {name: shop}\nvariables:\n  a: {default: '${var.b}'}\n  b: {default: '${var.a}'}"
    found = bundle(tmp_path, databricks=text).warnings
    assert [warning.summary for warning in found] == ["references go in a circle: var.b → var.a → var.b"]


def test_fields_that_begin_with_an_underscore_hold_anchors(tmp_path: Path) -> None:
    job = f"{{_: &quick {{max_retries: 2}}, tasks: [{{task_key: check, <<: *quick, {TASK}}}]}}"

    loaded = bundle(tmp_path, databricks=f"bundle: {{name: shop}}\nresources: {{jobs: {{daily: {job}}}}}")

    assert loaded.bundle.jobs["daily"].as_dict()["tasks"][0]["max_retries"] == 2


def shop(top: Path, sync: str = "") -> Path:
    """A bundle below ``top``, with a notebook and a job's file beside it."""
    (top / "shop").mkdir()
    (top / "shared").mkdir()
    (top / "shared/n.py").write_text("# Databricks notebook source\n")
    task = "{task_key: t, notebook_task: {notebook_path: n.py}}"
    (top / "shared/a.yml").write_text(f"resources: {{jobs: {{daily: {{tasks: [{task}]}}}}}}")
    (top / "shop/databricks.yml").write_text(f"bundle: {{name: shop}}\ninclude: ['../shared/*.yml']\n{sync}")
    return top / "shop"


def test_files_above_the_bundle_as_sync_lists_them(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    loaded = load_bundle(shop(tmp_path, "sync: {paths: ['../shared']}"), None, {})

    assert loaded.warnings_for("daily") == ()
    notebook = loaded.bundle.jobs["daily"].as_dict()["tasks"][0]["notebook_task"]["notebook_path"]
    assert notebook == "../shared/n.py"


def test_files_above_the_bundle_that_sync_does_not_list(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (found,) = load_bundle(shop(tmp_path), None, {}).refused["daily"]

    assert (found.summary, str(found.location)) == ("'n.py' leads out of the bundle", "../shared/a.yml:1:81")
    assert "'sync: {paths: [..]}'" in found.hint


@pytest.mark.parametrize("include", ["../shared/*.yml", "/etc/*.yml", "a/../../shared/a.yml"])
def test_nothing_is_included_from_beyond_the_repository(include: str, tmp_path: Path) -> None:
    root = shop(tmp_path, "sync: {paths: ['..']}")
    (root / ".git").mkdir()
    (root / "databricks.yml").write_text(f"bundle: {{name: shop}}\ninclude: ['{include}']")

    with pytest.raises(InvalidProject) as raised:
        load_bundle(root, None, {})
    assert [found.summary for found in raised.value.found] == [f"include '{include}' leads out of the bundle"]


def test_two_stars_are_one_level(tmp_path: Path) -> None:
    for number, folder in enumerate(("a-b", "a/b", "dist")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "vars.yml").write_text(f"variables: {{v{number}: {{default: x}}}}")
    (tmp_path / "dist/x.whl").touch()
    libraries = "[{whl: '**/*.whl'}, {whl: 'd**t/x*'}]"
    job = f"resources: {{jobs: {{j: {{tasks: [{{task_key: t, libraries: {libraries}, {TASK}}}]}}}}}}"
    name = "${var.v0}${var.v2}"  # a/b is two levels down

    loaded = bundle(tmp_path, databricks=f"bundle: {{name: '{name}'}}\ninclude: ['a**b/*.yml', '**/*.yml']\n{job}")
    assert loaded.bundle.name == "xx"
    assert not loaded.refused


def test_paths_that_are_too_long(tmp_path: Path) -> None:
    path = "a" * 5000
    text = f"bundle: {{name: shop}}\ninclude: ['{path}/*.yml']\nartifacts: {{a: {{type: whl, path: {path}}}}}"

    (found,) = bundle(tmp_path, databricks=text).warnings
    assert found.summary.endswith("…' is not there")
    (found_too,) = refusal(tmp_path, databricks=text.replace("/*.yml", ""))
    assert found_too.endswith("…' matches no file")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("targets: {dev: 3}", "2:16: 'dev' has to be a mapping"),
        ("targets: {dev: {default: true}, prod: {resources: [1]}}", "2:51: 'resources' has to be a mapping"),
        ("presets: {tags: x}", "2:17: 'tags' has to be a mapping"),
        ("presets: {name_prefix: [x]}", "2:24: 'name_prefix' has to be text"),
        ("variables: {x: 3}", "2:16: 'x' has to be a mapping"),
        ("artifacts: {a: 3}", "2:16: 'a' has to be a mapping"),
        ("resources: {pipelines: 3}", "2:24: 'pipelines' has to be a mapping"),
    ],
)
def test_what_has_to_be_a_mapping(text: str, found: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, databricks=f"bundle: {{name: shop}}\n{text}") == [f"databricks.yml:{found}"]


def test_names_of_variables_may_begin_with_an_underscore(tmp_path: Path) -> None:
    loaded = bundle(tmp_path, databricks="bundle: {name: 'shop_${var._x}'}\nvariables: {_x: {default: eu}}")
    assert loaded.bundle.name == "shop_eu"
