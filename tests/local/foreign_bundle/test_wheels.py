"""What a task imports: the sources of the bundle's projects, and the wheels that somebody else built."""

import os
import signal
import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest
from databricks.bundles.jobs import Job

from framework.compile.bundle import Bundle
from framework.local.references import Unfilled
from framework.local.runnable import Runnable
from framework.local.wheels import import_paths

PROJECT = '[project]\nname = "my-shop"\nversion = "0.10.0"\n[project.scripts]\nmain = "shop:main"\n'


def wheel(file: Path, text: str = "") -> Path:
    """A wheel with the module ``where``, which is ``text``."""
    file.parent.mkdir(exist_ok=True, parents=True)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("where.py", text or f"# {file.name}")
    return file


def project(directory: Path, text: str = PROJECT) -> Path:
    directory.mkdir(exist_ok=True, parents=True)
    (directory / "pyproject.toml").write_text(text)
    return directory


def imported(root: Path, *libraries: str, **artifacts: Path) -> tuple[Path, ...]:
    """The import paths of a wheel task with these libraries, in a bundle in ``root``."""
    named = [{"whl": library} for library in libraries]
    task = {"task_key": "t", "python_wheel_task": {"package_name": "my_shop", "entry_point": "main"}}
    job = Job.from_dict({"name": "j", "tasks": [{**task, "libraries": named}]})
    bundle = Bundle(name="b", target="dev", jobs={"j": job})
    runnable = Runnable(bundle=bundle, files=root, job_ids={"j": 1}, artifacts=artifacts)
    return import_paths(runnable, "j", job.tasks[0], root / "run")


def wheels_among(paths: tuple[Path, ...]) -> set[str]:
    return {(path / "where.py").read_text() for path in paths if (path / "where.py").exists()}


def test_the_project_is_taken_and_not_what_was_built_of_it_before(tmp_path: Path) -> None:
    root = project(tmp_path)
    wheel(root / "dist/my_shop-0.9.0-py3-none-any.whl")
    wheel(root / "dist/dependency-1.0-py3-none-any.whl")

    paths = imported(root, "dist/*.whl", shop=root)

    assert paths[0] == root
    assert wheels_among(paths) == {"# dependency-1.0-py3-none-any.whl"}
    (found,) = distributions(name="my_shop", path=[str(path) for path in paths])
    assert [(point.name, point.value) for point in found.entry_points] == [("main", "shop:main")]


def test_a_project_whose_wheel_lands_elsewhere_is_known_by_its_name(tmp_path: Path) -> None:
    member = project(tmp_path / "packages/shop")
    broken = project(tmp_path / "packages/broken", "not toml [")
    wheel(tmp_path / "dist/my_shop-0.9.0-py3-none-any.whl")
    assert imported(tmp_path, "dist/*.whl", broken=broken, shop=member)[0] == member


def test_a_wheel_that_only_lies_in_a_project_is_taken(tmp_path: Path) -> None:
    root = project(tmp_path)
    wheel(root / "vendor/other-1.0-py3-none-any.whl")
    assert wheels_among(imported(root, "vendor/*.whl", shop=root)) == {"# other-1.0-py3-none-any.whl"}


def test_the_highest_version_of_each_wheel(tmp_path: Path) -> None:
    versions = ["0.9.0", "0.10.0.dev1", "0.10.0a1", "0.10.0rc1", "0.10.0", "0.10.0+1741", "0.10.1", "0.10.1.post1"]
    wheel(tmp_path / "wheels/other-1.0-py3-none-any.whl")
    for version in versions:
        wheel(tmp_path / f"wheels/shop-{version}-py3-none-any.whl")

        found = wheels_among(imported(tmp_path, "./wh**ls/*.whl"))

        assert found == {f"# shop-{version}-py3-none-any.whl", "# other-1.0-py3-none-any.whl"}


def test_a_project_that_only_setup_py_describes_has_to_be_built(tmp_path: Path) -> None:
    (tmp_path / "setup.py").touch()
    with pytest.raises(Unfilled, match=r"no pyproject\.toml to read: build its wheel first"):
        imported(tmp_path, "dist/*.whl", shop=tmp_path)

    wheel(tmp_path / "dist/my_shop-1.0-py3-none-any.whl")
    assert wheels_among(imported(tmp_path, "dist/*.whl", shop=tmp_path)) == {"# my_shop-1.0-py3-none-any.whl"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not toml [", "cannot be read: Expected '='"),
        ("[project]\nname='shop'\nscripts='x'", "'scripts' has to be a table"),
        ("[project]\nname='shop'\nentry-points={a='x'}", "'a' has to be a table"),
        ("project=3", "'project' has to be a table"),
    ],
)
def test_a_project_that_cannot_be_read_fails_the_task(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(Unfilled, match=message):
        imported(tmp_path, shop=project(tmp_path, text))


def test_a_wheel_that_cannot_be_unpacked_fails_the_task(tmp_path: Path) -> None:
    (tmp_path / "shop-1-py3-none-any.whl").write_text("no zip")
    with pytest.raises(Unfilled, match="cannot be unpacked: File is not a zip file"):
        imported(tmp_path, "*.whl")
    assert list((tmp_path / "run/wheels").iterdir()) == []


def test_a_wheel_that_is_not_there_fails_the_task(tmp_path: Path) -> None:
    with pytest.raises(Unfilled, match=r"there is no wheel dist/shop\.whl"):
        imported(tmp_path, "dist/shop.whl")


def test_who_is_killed_while_unpacking_leaves_nothing_that_looks_complete(tmp_path: Path) -> None:
    wheel(tmp_path / "shop-1-py3-none-any.whl", "whole = True")
    # The process kills itself with the first file half written.
    code = f"""
import os, signal, zipfile
from pathlib import Path
from framework.local import wheels
def killed(archive, directory):
    (Path(directory) / "where.py").write_text("who")
    os.kill(os.getpid(), signal.SIGKILL)
zipfile.ZipFile.extractall = killed
wheels._unpacked(Path({str(tmp_path / "shop-1-py3-none-any.whl")!r}), Path({str(tmp_path / "run")!r}))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, env=os.environ, timeout=60)
    assert done.returncode == -signal.SIGKILL

    assert wheels_among(imported(tmp_path, "*.whl")) == {"whole = True"}
