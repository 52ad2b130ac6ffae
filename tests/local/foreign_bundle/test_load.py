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
        bundle(root, **files)
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
    assert refusal(tmp_path, databricks=text) == [
        "databricks.yml:3:16: references go in a circle: var.b → var.a → var.b"
    ]


def test_fields_that_begin_with_an_underscore_hold_anchors(tmp_path: Path) -> None:
    job = f"{{_: &quick {{max_retries: 2}}, tasks: [{{task_key: check, <<: *quick, {TASK}}}]}}"

    loaded = bundle(tmp_path, databricks=f"bundle: {{name: shop}}\nresources: {{jobs: {{daily: {job}}}}}")

    assert loaded.bundle.jobs["daily"].as_dict()["tasks"][0]["max_retries"] == 2
