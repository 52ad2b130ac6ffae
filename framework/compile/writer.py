"""A Bundle as files: with ordered fields and no time stamps, and never half-written."""

import errno
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from framework.compile.bundle import Bundle
from framework.compile.parts import parts
from framework.compile.targets import bundle_file
from framework.compile.task_notebooks import notebook_files

BUNDLE_FILE = "databricks.yml"
HEADER = "# Made by `framework compile`: what is changed here is lost. Change the project's files, or conf/.\n"

STATE_OF_CLI = ".databricks"
"""What the Databricks CLI keeps in a bundle's directory; not ours to delete."""


def write(bundle: Bundle, directory: Path) -> None:
    """Put the bundle into ``directory``, which it replaces; a link is refused.

    Between two renames the directory is not there at all. A process that is killed right then leaves the old files in
    a hidden directory beside it. Raises OSError.
    """
    write_contents(contents_of(bundle), directory)


def write_contents(contents: Mapping[str, bytes], directory: Path) -> None:
    """The same with files by their paths."""
    target = directory.absolute()
    if target.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "it is a link", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as aside:
        new, old = Path(aside, "new"), Path(aside, "old")
        for name, content in contents.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(content)
        if (target / STATE_OF_CLI).is_dir():
            shutil.copytree(target / STATE_OF_CLI, new / STATE_OF_CLI, symlinks=True)
        _exchange(new, target, old)


def contents_of(bundle: Bundle) -> dict[str, bytes]:
    """Every file of the bundle, those of native tasks too: path below its directory → content. Raises OSError."""
    written = {name: text.encode() for name, text in files_of(bundle).items()}
    return {**written, **{f"files/{name}": file.read_bytes() for name, file in bundle.files.items()}}


def files_of(bundle: Bundle) -> dict[str, str]:
    """Every file that is made: path below the bundle's directory → text."""
    files: dict[str, str] = {}
    for part, each in parts(bundle).items():
        made = _files_of_part(each, part)
        files |= {f"{part}/{name}" if part else name: text for name, text in made.items()}
    files |= {
        plan.file_name: json.dumps(plan.as_dict(), indent=2, ensure_ascii=False) + "\n"
        for plan in bundle.plans.values()
    }
    return files | notebook_files(bundle)


def _files_of_part(bundle: Bundle, part: str) -> dict[str, str]:
    files = {BUNDLE_FILE: HEADER + _yaml(bundle_file(bundle, bundle.settings, part))} if bundle.settings else {}
    for key, job in bundle.jobs.items():
        files[f"resources/{key}.job.yml"] = _yaml({"resources": {"jobs": {key: job.as_dict()}}})
    for sort, found in bundle.resources.items():
        files[f"resources/{sort}.yml"] = _yaml({"resources": {sort: dict(found)}})
    return files


def _exchange(new: Path, target: Path, old: Path) -> None:
    if target.is_dir():
        target.replace(old)
    try:
        new.replace(target)
    except BaseException:
        if old.is_dir():
            old.replace(target)
        raise


def _yaml(value: dict[str, Any]) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


# Many times as fast, and it writes the same; it comes with most wheels of PyYAML, but not with all.
_FAST: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_FAST):  # type: ignore[misc]
    """Writes a value out wherever it is: people read these files."""

    def ignore_aliases(self, data: object) -> bool:
        return True
