"""Makes the packages of a native task importable: its wheels, or the projects that they are built from."""

import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from framework.local.references import Unfilled
from framework.local.runnable import Runnable

_LOCAL = (".whl",)


def import_paths(runnable: Runnable, job_key: str, task: Any, run: Path) -> tuple[Path, ...]:
    """Directories for ``sys.path``, each wheel unpacked below ``run``. Raises Unfilled when one cannot be had."""
    if not task.python_wheel_task and not _wanted(runnable, job_key, task):
        return ()
    found = [_unpacked(file, run) for file in _wheels(runnable, job_key, task)]
    if not found:
        for name, directory in runnable.artifacts.items():
            found += _of_project(name, directory, run)
    return tuple(found)


def _wheels(runnable: Runnable, job_key: str, task: Any) -> Iterator[Path]:
    for wanted in _wanted(runnable, job_key, task):
        files = sorted(runnable.files.glob(wanted.removeprefix("./")))
        if not files and not runnable.artifacts:
            raise Unfilled(f"there is no wheel {wanted} below {runnable.files}: build it first")
        yield from files


def _wanted(runnable: Runnable, job_key: str, task: Any) -> list[str]:
    """The wheels that the task's libraries or its environment name, relative to the bundle."""
    named = [str(library.whl) for library in task.libraries or () if library.whl]
    for environment in runnable.job(job_key).environments or ():  # a serverless task's libraries
        if environment.environment_key == task.environment_key and environment.spec:
            named += [str(each) for each in environment.spec.dependencies or ()]
    return [name for name in named if name.endswith(_LOCAL) and not name.startswith(("/", "http"))]


def _unpacked(wheel: Path, run: Path) -> Path:
    target = run / "wheels" / f"{wheel.stem}-{wheel.stat().st_mtime_ns}"
    if not target.exists():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target)
    return target


def _of_project(name: str, directory: Path, run: Path) -> list[Path]:
    """A project's sources, and its entry points as an installer would have written them."""
    file = directory / "pyproject.toml"
    if not file.exists():
        raise Unfilled(f"artifact '{name}' is not built, and {directory} has no pyproject.toml to read: build it first")
    project = tomllib.loads(file.read_text(encoding="utf-8"))
    about = project.get("project") or project.get("tool", {}).get("poetry", {})
    info = (
        run
        / "wheels"
        / name
        / f"{str(about.get('name', name)).replace('-', '_')}-{about.get('version', '0')}.dist-info"
    )
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {about.get('name', name)}\nVersion: {about.get('version', '0')}\n",
        encoding="utf-8",
    )
    (info / "entry_points.txt").write_text(_entry_points(about), encoding="utf-8")
    return [directory / "src" if (directory / "src").is_dir() else directory, info.parent]


def _entry_points(project: Mapping[str, Any]) -> str:
    groups = {"console_scripts": project.get("scripts", {}), **project.get("entry-points", {})}
    lines = []
    for group, entries in groups.items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items()), ""]
    return "\n".join(lines)
