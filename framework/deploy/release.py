"""A release as a directory: all that a deployment needs, and all that its jobs refer to while they run.

    release.json        what is in it, with hashes
    bundle/             databricks.yml and resources/: what the Databricks CLI gets
    plans/ files/       what the tasks read: plans, notebooks, SQL and Python files
    notebooks/          what those tasks run whose values others refer to
    wheels/             the project's package and the runtime
    requirements.txt    the packages that the project needs

Its id is the hash of its content, so it does not hold its commit: the same content of two commits is one release.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from framework import __version__
from framework.core.errors import FrameworkError, UsageError
from framework.deploy.wheels import build_project_wheel, build_runtime_wheel
from framework.records.releases import MANIFEST, Release, release_id
from framework.spec.python_project import read_python_project
from framework.spec.requirements import read_requirements

BUNDLE = "bundle"
"""The directory of a release that the Databricks CLI gets."""

_SHARED = ("plans", "notebooks", "files")
_RETAINED = 5
"""How many releases stay on this machine."""
_AT_WORK = 24 * 60 * 60.0
"""Seconds for which another command may be at work with one."""


def staged_release(bundle_directory: Path, project_directory: Path, into: Path) -> Release:
    """The release of a compiled bundle (``bundles/<project>/<target>``), in the directory ``into / release.id``.

    What is there already is not made again, and what was staged long ago goes. Raises InvalidProject and UsageError for
    a project that has no release.
    """
    root = project_directory.parent.parent
    package = read_python_project(project_directory, root)
    project_wheel = build_project_wheel(project_directory, into / "wheels").path
    runtime_wheel = build_runtime_wheel(into / "wheels").path
    contents = {
        **_of_bundle(bundle_directory),
        **{f"wheels/{wheel.name}": wheel.read_bytes() for wheel in (project_wheel, runtime_wheel)},
        "requirements.txt": read_requirements(project_directory, root, package).text.encode(),
    }
    hashes = {path: _sha256(content) for path, content in sorted(contents.items())}
    release = Release(
        id=release_id(hashes),
        project=project_directory.name,
        target=bundle_directory.name,
        files=hashes,
        project_wheel=project_wheel.name,
        runtime_wheel=runtime_wheel.name,
        framework_version=__version__,
    )
    keep(release, contents, into)
    _clear_away(into, into / release.id)
    return release


def keep(release: Release, contents: Mapping[str, bytes], into: Path) -> None:
    """Put these files of a release into ``into / release.id``, with its manifest: all of them, or none."""
    directory = into / release.id
    if (directory / MANIFEST).is_file() and all(_holds(directory, release, path) for path in contents):
        return
    into.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".begun-", dir=into))
    try:
        new, old = aside / "new", aside / "old"
        for path, content in {**contents, MANIFEST: manifest(release)}.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_bytes(content)
        if directory.exists():
            directory.replace(old)
        new.replace(directory)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def content_of(directory: Path, release: Release, path: str) -> bytes:
    """A file of the release in ``directory``. Raises UsageError when it is not what the release says."""
    if not _holds(directory, release, path):
        raise UsageError(f"{path} of release {release.id} was changed in {directory}", "Run the command again.")
    return (directory / path).read_bytes()


def manifest(release: Release) -> bytes:
    """The content of ``release.json``."""
    return (json.dumps(release.as_dict(), indent=2) + "\n").encode()


def read_manifest(content: bytes) -> Release:
    """The inverse. Raises FrameworkError for anything else."""
    try:
        value = json.loads(content)
    except ValueError:
        raise FrameworkError("the manifest of a release is not JSON") from None
    return Release.from_dict(value)


def _of_bundle(directory: Path) -> dict[str, bytes]:
    """The bundle's files by their path in a release."""
    files = [file for file in sorted(directory.rglob("*")) if file.is_file()]
    return {_path_in_release(file.relative_to(directory)): file.read_bytes() for file in files}


def _path_in_release(path: Path) -> str:
    return path.as_posix() if path.parts[0] in _SHARED else f"{BUNDLE}/{path.as_posix()}"


def _clear_away(into: Path, staged: Path) -> None:
    """What is older on this machine: all but the last releases, and what another command may be at work with."""
    if _age(staged) > _AT_WORK / 2:
        os.utime(staged)
    releases = sorted((path for path in into.iterdir() if path.name != "wheels"), key=_age)
    wheels = {path.name for release in releases[:_RETAINED] for path in release.glob("wheels/*")}
    for path in (path for path in releases[_RETAINED:] if _age(path) > _AT_WORK):
        shutil.rmtree(path, ignore_errors=True)
    for path in into.glob("wheels/*"):
        if path.name not in wheels and _age(path) > _AT_WORK:
            path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Seconds since it was made or used; nothing when it has just gone."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _holds(directory: Path, release: Release, path: str) -> bool:
    try:
        return _sha256((directory / path).read_bytes()) == release.files[path]
    except OSError:
        return False


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
