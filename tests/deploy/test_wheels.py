"""The two wheels of a release: static, the same bytes everywhere, and good for an installer."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from framework.compile.jobs import PACKAGE
from framework.core.errors import InvalidProject, UsageError
from framework.deploy.wheels import build_project_wheel, build_runtime_wheel

PYPROJECT = """\
[project]
name = "shop"
version = "1.2.0"
dependencies = ["numpy>=1.26", "pandas>=2.2 ; python_version >= '3.11'"]

[project.optional-dependencies]
plots = ["seaborn>=0.13"]

[project.scripts]
count = "shop.demand:count"
"""


def checkout(directory: Path, pyproject: str | None = PYPROJECT) -> Path:
    """A project in a checkout of its own."""
    project = directory / "projects/shop"
    (project / "src/shop/sub").mkdir(parents=True)
    (project / "src/shop/__init__.py").touch()
    (project / "src/shop/demand.py").write_text("def count():\n    print('counted')\n")
    (project / "src/shop/sub/units.csv").write_text("unit\npiece\n")
    if pyproject is not None:
        (project / "pyproject.toml").write_text(pyproject)
    return project


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_two_checkouts_give_the_same_bytes(tmp_path):
    one, other = checkout(tmp_path / "here"), checkout(tmp_path / "somewhere/else")
    os.utime(other / "src/shop/demand.py", (1, 1))
    (other / "src/shop/demand.py").chmod(0o755)
    before = os.umask(0o077)
    try:
        built = [build_project_wheel(each, tmp_path / f"out{n}") for n, each in enumerate((one, other))]
    finally:
        os.umask(before)

    assert built[0].path.name == built[1].path.name
    assert built[0].path.read_bytes() == built[1].path.read_bytes()
    assert built[0].sha256 == built[1].sha256


@pytest.mark.parametrize(
    "change",
    [
        lambda project: (project / "src/shop/demand.py").write_text("def count():\n    print('other')\n"),
        lambda project: (project / "src/shop/new.py").touch(),
        lambda project: (project / "pyproject.toml").write_text(PYPROJECT.replace("numpy>=1.26", "numpy>=2")),
    ],
    ids=["content", "file", "metadata"],
)
def test_other_sources_give_another_name(change, tmp_path):
    project = checkout(tmp_path)
    before = build_project_wheel(project, tmp_path / "out")
    change(project)

    assert build_project_wheel(project, tmp_path / "out").path.name != before.path.name


@pytest.mark.parametrize("stray", ["src/shop/__pycache__/demand.pyc", "src/shop.egg-info/PKG-INFO", "src/shop/.env"])
def test_what_tools_and_people_leave_is_not_in_it(stray, tmp_path):
    project = checkout(tmp_path)
    before = build_project_wheel(project, tmp_path / "out")
    (project / stray).parent.mkdir(exist_ok=True)
    (project / stray).write_text("x")

    assert build_project_wheel(project, tmp_path / "out").path == before.path


def test_the_same_sources_are_not_built_twice(tmp_path):
    project = checkout(tmp_path)
    path = build_project_wheel(project, tmp_path / "out").path
    os.utime(path, (1, 1))

    assert build_project_wheel(project, tmp_path / "out").path.stat().st_mtime == 1


def test_the_version_carries_the_hash(tmp_path):
    local = checkout(tmp_path, PYPROJECT.replace("1.2.0", "1.2.0+team.7"))

    wheel = build_project_wheel(local, tmp_path / "out").path

    assert wheel.name.startswith("shop-1.2.0+team.7.")
    assert wheel.name.endswith("-py3-none-any.whl")


def test_without_a_pyproject_the_package_has_the_projects_name(tmp_path):
    wheel = build_project_wheel(checkout(tmp_path, None), tmp_path / "out").path

    assert wheel.name.startswith("shop-0+")
    assert "shop/demand.py" in names(wheel)


def test_a_project_without_sources_has_an_empty_wheel(tmp_path):
    project = tmp_path / "projects/sql_only"
    project.mkdir(parents=True)

    assert all(".dist-info/" in name for name in names(build_project_wheel(project, tmp_path / "out").path))


def test_a_link_out_of_the_checkout_is_refused(tmp_path):
    project = checkout(tmp_path / "checkout")
    (tmp_path / "secret.txt").write_text("x")
    (project / "src/shop/data.txt").symlink_to(tmp_path / "secret.txt")

    with pytest.raises(UsageError, match="leads out of the checkout"):
        build_project_wheel(project, tmp_path / "out")


def test_metadata_that_takes_code_is_refused_and_nothing_is_written(tmp_path):
    project = checkout(tmp_path, '[project]\nname = "shop"\ndynamic = ["version"]\n')

    with pytest.raises(InvalidProject, match="'version' is dynamic"):
        build_project_wheel(project, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_runtime_holds_what_a_task_needs_and_nothing_else(tmp_path):
    wheel = build_runtime_wheel(tmp_path).path
    rooms = {name.split("/")[1] for name in names(wheel) if name.startswith("framework/")}

    assert rooms == {"__init__.py", "core", "statistics", "runtime"}
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
    assert f"Name: {PACKAGE}\n" in metadata
    assert "Requires-Dist" not in metadata


def test_an_installer_takes_both_and_the_entry_points_work(tmp_path):
    wheels = [build_project_wheel(checkout(tmp_path), tmp_path / "out"), build_runtime_wheel(tmp_path / "out")]
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    python = tmp_path / "venv/bin/python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*install, *(wheel.path for wheel in wheels)], check=True, timeout=100)

    count = subprocess.run([tmp_path / "venv/bin/count"], capture_output=True, text=True, timeout=30, check=True)
    plan = "--framework.plan=nowhere.json"
    asked = [tmp_path / "venv/bin/framework-task", plan, "--framework.task=a", "--framework.job_run_id=1"]
    task = subprocess.run(
        [*asked, "--framework.task_run_id=2"], capture_output=True, text=True, timeout=30, check=False, cwd=tmp_path
    )
    listed = [sys.executable, "-m", "pip", "--python", python, "check"]

    assert count.stdout == "counted\n"
    assert task.returncode == 1
    assert "cannot read nowhere.json" in task.stderr
    assert "pandas" in subprocess.run(listed, capture_output=True, text=True, timeout=60, check=False).stdout
