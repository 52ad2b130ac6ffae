"""Makes the packages of a native task importable: its wheels, or the projects that they are built from."""

import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from framework.local.foreign_bundle.reach import matches
from framework.local.references import Unfilled
from framework.local.runnable import Runnable
from framework.local.wheel_projects import WheelProject

_WHEEL = re.compile(r"(?P<path>(?!/|http).*\.whl)(?:\[.*\])?")
_PART = re.compile(r"[0-9]+|[a-z]+|\+")
_RANKS = {"dev": 0, "post": 3, "+": 3}
"""Of what is no number in a version; 1 of what comes before a release, 2 of its end, 4 of numbers."""

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


def import_paths(runnable: Runnable, job_key: str, task: Any, run: Path) -> tuple[Path, ...]:
    """Directories for ``sys.path``, each wheel unpacked below ``run``. Raises Unfilled when one cannot be had.

    Where a wheel would be built from a project of the bundle, as each deployment does anew, its sources are taken.
    """
    wanted = _wanted(runnable, job_key, task)
    if not task.python_wheel_task and not wanted:
        return ()
    projects = [WheelProject(name, directory) for name, directory in runnable.artifacts.items()]
    found = list(dict.fromkeys(chain.from_iterable(_of(pattern, runnable, projects) for pattern in wanted)))
    sources = [each for each in found if isinstance(each, WheelProject)]
    wheels = [each for each in found if isinstance(each, Path)]
    return (
        *chain.from_iterable(_of_project(project, run) for project in sources or ([] if wheels else projects)),
        *(_unpacked(wheel, run) for wheel in wheels),
    )


def zips_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The wheels among ``import_paths``, as files that Spark's Python workers take."""
    yield from (file for path in paths if (file := path / _zip_in(path)).is_file())


def _wanted(runnable: Runnable, job_key: str, task: Any) -> list[str]:
    """The wheels that the task's libraries or its environment name, relative to the bundle."""
    named = [str(library.whl) for library in task.libraries or () if library.whl]
    for environment in runnable.job(job_key).environments or ():  # a serverless task's libraries
        if environment.environment_key == task.environment_key and environment.spec:
            named += [str(each) for each in environment.spec.dependencies or ()]
    return [match["path"] for name in named if (match := _WHEEL.fullmatch(name))]


def _of(pattern: str, runnable: Runnable, projects: list[WheelProject]) -> Iterator[WheelProject | Path]:
    """The projects whose wheels ``pattern`` names, and the newest of each other wheel that it matches."""
    files = [runnable.files / name for name in matches(runnable.files, pattern)]
    newest = {_distribution(file): file for file in sorted(files, key=_version)}
    built_in = Path(os.path.normpath(runnable.files / pattern)).parent
    for project in projects:
        if _is_of(project, built_in, newest):
            newest.pop(project.distribution, None)
            yield project
    yield from newest.values()
    if not files and not projects:
        raise Unfilled(f"there is no wheel {pattern} below {runnable.files}: build it first")


def _is_of(project: WheelProject, built_in: Path, wheels: Collection[str]) -> bool:
    """Not so for a project that only its own code could describe: it is taken as it was built last."""
    if built_in == project.directory / "dist":
        return project.is_readable
    with suppress(Unfilled):  # what is wrong with other projects is not this task's
        return project.is_readable and project.distribution in wheels
    return False


def _distribution(wheel: Path) -> str:
    return re.sub(r"[-_.]+", "-", wheel.name.partition("-")[0]).lower()


def _version(wheel: Path) -> list[tuple[float, int | str]]:
    """Sorts as versions do: 0.9 < 0.10.dev1 < 0.10rc1 < 0.10 < 0.10+local < 0.10.1."""
    parts = _PART.findall("".join(wheel.name.split("-")[1:2]).lower())
    return [*((4, int(part)) if part.isdigit() else (_RANKS.get(part, 1), part) for part in parts), (2, "")]


def _unpacked(wheel: Path, run: Path) -> Path:
    def unpack(directory: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(directory)
        shutil.copyfile(wheel, directory / _zip_in(target))

    try:
        target = run / "wheels" / f"{wheel.stem}-{wheel.stat().st_mtime_ns}"
        return _whole(target, unpack)
    except _BROKEN as error:
        raise Unfilled(f"the wheel {wheel} cannot be unpacked: {error}: build it again") from None


def _zip_in(unpacked: Path) -> str:
    # Spark keeps such files by name for as long as it runs: the directory's says which wheel it is.
    return f"{unpacked.name}.zip"


def _of_project(project: WheelProject, run: Path) -> tuple[Path, Path]:
    """A project's sources, and its entry points as an installer would have written them."""
    files = project.metadata()

    def write(directory: Path) -> None:
        info = directory / f"{project.distribution.replace('-', '_')}-0.dist-info"
        info.mkdir()
        for name, text in files.items():
            (info / name).write_text(text, encoding="utf-8")

    return project.sources, _whole(run / "wheels" / f"{project.distribution}-{project.digest}", write)


def _whole(target: Path, fill: Callable[[Path], None]) -> Path:
    """``target``, filled before it gets its name: who is killed on the way leaves nothing that looks complete."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        begun = Path(tempfile.mkdtemp(prefix=".begun-", dir=target.parent))
        try:
            fill(begun)
            begun.replace(target)
        except OSError:
            if not target.exists():  # else another attempt was faster
                raise
        finally:
            shutil.rmtree(begun, ignore_errors=True)
    return target
