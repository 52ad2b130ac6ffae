"""The code of a run: its bundle as files, and a copy of the project's sources."""

import hashlib
import io
import shutil
import zipfile
from pathlib import Path

from framework.compile import writer
from framework.local.job_work import CodeOfRun
from framework.local.runnable import Runnable
from framework.records import provenance

RUNNABLE = "runnable.json"


def write_release(runnable: Runnable, root: Path, directory: Path) -> CodeOfRun | None:
    """Write it below ``directory``: who edits the project meanwhile does not change what this run does.

    None when there is no code of ours in it.
    """
    code = _write_code(runnable, root, directory / "bundle") if runnable.source_directory else None
    # Last: a release that has it is whole.
    runnable.save(directory / RUNNABLE)
    return code


def read_release(runnable: Runnable, directory: Path) -> CodeOfRun | None:
    """The code that ``write_release`` left in ``directory``."""
    release = directory / "bundle"
    if runnable.source_directory is None:
        return None
    return _code(runnable, release, next(release.glob("code-*.zip")))


def _write_code(runnable: Runnable, root: Path, release: Path) -> CodeOfRun:
    writer.write(runnable.bundle, release)
    provenance.write(provenance.of_checkout(root), release)
    sources = release / "src"
    shutil.copytree(str(runnable.source_directory), sources, ignore=shutil.ignore_patterns("__pycache__"))
    return _code(runnable, release, _zip(sources, release))


def _code(runnable: Runnable, release: Path, archive: Path) -> CodeOfRun:
    originals = runnable.source_directory or release
    return CodeOfRun(release=release, sources=release / "src", originals=originals, zip=archive)


def _zip(source_directory: Path, release: Path) -> Path:
    """The sources as one file. Spark keeps such files by name for as long as it runs, so the content is in the name."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in source_directory.rglob("*") if path.is_file()):
            archive.writestr(zipfile.ZipInfo(file.relative_to(source_directory).as_posix()), file.read_bytes())
    target = release / f"code-{hashlib.sha256(content.getbuffer()).hexdigest()[:16]}.zip"
    target.write_bytes(content.getbuffer())
    return target
