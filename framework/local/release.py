"""What a run executes, as files of its own: its bundle, a copy of the project's sources, and what is to be loaded."""

import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from framework.compile import writer
from framework.core.errors import UsageError
from framework.local.job_work import CodeOfRun
from framework.local.runnable import Runnable, load
from framework.local.sources import Load
from framework.records import provenance
from framework.runtime.provenance import hash_of_plans

_RUNNABLE = "runnable.json"
_LOADS = "loads.json"


@dataclass(frozen=True)
class Release:
    """What is in such a directory; ``code`` is None when none of it is ours."""

    runnable: Runnable
    loads: tuple[Load, ...]
    code: CodeOfRun | None


@contextmanager
def staged(runnable: Runnable, loads: Sequence[Load], root: Path, aside: Path) -> Iterator[Path]:
    """A new release in a directory below ``aside``, for the caller to rename: so a release is whole, or not there.

    It is a copy: who edits the project meanwhile does not change what the run does. Raises UsageError.
    """
    aside.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix=".new-", dir=aside))
    try:
        if runnable.source_directory:
            _write_code(runnable, runnable.source_directory, root, directory / "bundle")
        (directory / _LOADS).write_text(json.dumps([asdict(each) for each in loads]), encoding="utf-8")
        runnable.save(directory / _RUNNABLE)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def read(directory: Path) -> Release:
    """The release in ``directory``. Raises UsageError when there is none."""
    try:
        loads = read_loads(directory)
        runnable = load(directory / _RUNNABLE)
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"the code of this run cannot be read any more: {error}", "Start a new one.") from None
    code = _code(runnable.source_directory, directory / "bundle") if runnable.source_directory else None
    return Release(runnable, loads, code)


def read_loads(directory: Path) -> tuple[Load, ...]:
    """What the release in ``directory`` loads. Raises OSError, or ValueError."""
    return tuple(Load(**each) for each in json.loads((directory / _LOADS).read_text(encoding="utf-8")))


def _write_code(runnable: Runnable, sources: Path, root: Path, release: Path) -> None:
    writer.write(runnable.bundle, release)
    try:
        shutil.copytree(sources, release / "src", ignore=_no_code)
    except OSError as error:
        raise UsageError(f"the sources in {sources} cannot be copied: {error}", "Is the disk full?") from None
    code = _zip(release / "src", release)
    origin = provenance.of_checkout(root)
    # The code is all that there is of a release, and of a wheel.
    provenance.write(replace(origin, release=code, project_wheel=code, bundle=_hash_of_plans(release)), release)


def _hash_of_plans(release: Path) -> str:
    plans = {f"plans/{file.name}": _sha256(file.read_bytes()) for file in (release / "plans").glob("*.json")}
    return hash_of_plans(plans)


def _no_code(folder: str, names: list[str]) -> set[str]:
    """Caches, and what is neither a file nor a directory: editors leave links that lead nowhere."""
    paths = {name: Path(folder, name) for name in names}
    return {name for name, path in paths.items() if name == "__pycache__" or not (path.is_file() or path.is_dir())}


def _code(originals: Path, release: Path) -> CodeOfRun:
    return CodeOfRun(
        release=release, sources=release / "src", originals=originals, zip=next(release.glob("code-*.zip"))
    )


def _zip(source_directory: Path, release: Path) -> str:
    """The sources as one file, and its hash: Spark keeps such files by name as long as it runs, so the name has it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in source_directory.rglob("*") if path.is_file()):
            archive.writestr(zipfile.ZipInfo(file.relative_to(source_directory).as_posix()), file.read_bytes())
    digest = _sha256(content.getbuffer())[:16]
    (release / f"code-{digest}.zip").write_bytes(content.getbuffer())
    return digest


def _sha256(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()
