"""The two wheels of a release: the project's package, and the runtime that executes its tasks.

Written here, with ``zipfile``: a build backend runs what pyproject.toml names (hooks, plug-ins of whatever is
installed, code that finds the version), and its archives differ with its version and that of zlib. These hold plain
files, sorted, uncompressed and without their times, so that the same sources are the same bytes on every machine.
"""

import hashlib
import io
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

import framework
from framework.compile.jobs import ENTRY_POINT, PACKAGE
from framework.core.errors import UsageError
from framework.deploy.wheel_metadata import dist_info, record
from framework.spec.files import is_inside
from framework.spec.python_project import PythonProject, read_python_project

_ROOMS = ("core", "statistics", "runtime")
"""What a task needs of the framework: none of them imports a package of the command line."""
_RUNTIME_MAIN = "framework.runtime.entrypoint:console_main"
_NO_CODE = ("__pycache__", ".egg-info", ".dist-info", ".pyc")
_TIME = (1980, 1, 1, 0, 0, 0)  # the first one that an archive can hold
_FILE = 0o100644 << 16


@dataclass(frozen=True)
class Wheel:
    """A wheel's file, and the sha256 of its bytes."""

    path: Path
    sha256: str


def build_project_wheel(project_directory: Path, out: Path) -> Wheel:
    """The wheel of the project, in ``out``: everything below its ``src``, as a local run has it on the path.

    Nothing is built when the same sources were before. Raises InvalidProject for metadata that is not static,
    UsageError for sources that cannot be read.
    """
    root = project_directory.parent.parent
    sources = project_directory / "src"
    files = dict(_files(sources, sources, root))
    return _built(read_python_project(project_directory, root), files, out)


def build_runtime_wheel(out: Path) -> Wheel:
    """The wheel of what a task executes, in ``out``: it requires nothing, and has the entry point of compiled tasks."""
    package = Path(framework.__file__).parent
    files = {"framework/__init__.py": (package / "__init__.py").read_bytes()}
    for room in _ROOMS:
        files |= _files(package / room, package.parent)
    about = PythonProject(
        name=PACKAGE,
        version=framework.__version__,
        summary="What the tasks of compiled pipelines execute.",
        requires_python=">=3.11",
        entry_points={"console_scripts": {ENTRY_POINT: _RUNTIME_MAIN}},
    )
    return _built(about, files, out)


def _files(directory: Path, base: Path, root: Path | None = None) -> Iterator[tuple[str, bytes]]:
    """Each file's path below ``base`` with its content: without caches, hidden files and what installers leave.

    Links may not lead out of ``root``; some installers make links of all files, so the framework's own may.
    """
    for folder, below, names in os.walk(directory, onerror=_unreadable, followlinks=True):
        below[:] = [name for name in below if is_code(name) and not _comes_back(Path(folder, name))]
        for path in (Path(folder, name) for name in names if is_code(name)):
            if not path.is_file():
                continue  # editors leave links that lead nowhere
            if root and not is_inside(path, root):
                raise UsageError(f"{path} leads out of the checkout", "Put the file itself there, not a link.")
            try:
                yield path.relative_to(base).as_posix(), path.read_bytes()
            except OSError as error:
                _unreadable(error)


def _unreadable(error: OSError) -> None:
    # A project without sources has none to read.
    if not isinstance(error, FileNotFoundError):
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}") from None


def is_code(name: str) -> bool:
    """Whether a wheel takes a file or directory of this name."""
    # What cannot be written as text is no name for an archive.
    return not name.startswith(".") and not name.endswith(_NO_CODE) and name.isprintable()


def _comes_back(folder: Path) -> bool:
    """Whether it is a link to what holds it."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())


def _built(package: PythonProject, files: Mapping[str, bytes], out: Path) -> Wheel:
    """The content's hash is in the version, so that pip never takes an older one for it."""
    plain = {**files, **{f"/{name}": content for name, content in dist_info(package).items()}}
    hashes = (f"{path}\n{hashlib.sha256(content).hexdigest()}\n" for path, content in sorted(plain.items()))
    digest = hashlib.sha256("".join(hashes).encode()).hexdigest()[:12]
    separator = "." if Version(package.version).local else "+"
    named = replace(package, version=str(Version(f"{package.version}{separator}{digest}")))
    stem = f"{canonicalize_name(named.name).replace('-', '_')}-{named.version}"
    path = out / f"{stem}-py3-none-any.whl"
    if not path.is_file():
        info = {f"{stem}.dist-info/{name}": content for name, content in dist_info(named).items()}
        entries = {**files, **info}
        name = f"{stem}.dist-info/RECORD"
        _write(path, _archive([*sorted(files.items()), *info.items(), (name, record(entries, name))]))
    return Wheel(path, hashlib.sha256(path.read_bytes()).hexdigest())


def _archive(entries: list[tuple[str, bytes]]) -> bytes:
    """A wheel's own files come last, as its format recommends."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for path, data in entries:
            entry = zipfile.ZipInfo(path, _TIME)
            entry.create_system, entry.external_attr = 3, _FILE
            archive.writestr(entry, data)
    return content.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Whole, or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".begun-", delete=False) as file:
        begun = Path(file.name)
        try:
            file.write(content)
            file.flush()
            begun.chmod(0o644)
            begun.replace(path)
        except BaseException:
            begun.unlink(missing_ok=True)
            raise
