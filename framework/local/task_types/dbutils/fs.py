"""``dbutils.fs`` on local folders."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from framework.core.errors import FrameworkError
from framework.local.task_types.dbutils.unavailable import Unavailable
from framework.local.task_types.files import LocalFiles


class FileInfo(NamedTuple):
    """An entry of a folder: ``size`` in bytes, ``modificationTime`` in milliseconds since 1970."""

    path: str
    name: str
    size: int
    modificationTime: int  # noqa: N815

    def isDir(self) -> bool:  # noqa: N802
        """Whether it is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:  # noqa: N802
        """Whether it is a file."""
        return not self.isDir()


class Fs:
    """Files of DBFS and of volumes. Each method raises FrameworkError for a path that has no local counterpart."""

    def __init__(self, files: LocalFiles) -> None:
        self._files = files
        self.mount = self.mounts = self.unmount = Unavailable("dbutils.fs.mount")

    def ls(self, dir: str) -> list[FileInfo]:
        """The entries of a folder, or the one of a file. Raises FileNotFoundError."""
        place = self._existing(dir)
        found = sorted(place.iterdir()) if place.is_dir() else [place]
        return [self._info(path) for path in found]

    def head(self, file: str, maxBytes: int = 65536) -> str:  # noqa: N803
        """The first bytes of a file as text."""
        with self._existing(file).open("rb") as content:
            return content.read(maxBytes).decode("utf-8", "replace")

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write a text file. Raises FileExistsError unless ``overwrite``."""
        place = self._files.local(file)
        if place.exists() and not overwrite:
            raise FileExistsError(f"{file} exists; give overwrite=True to replace it")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(contents, encoding="utf-8")
        return True

    def cp(self, from_: str, to: str, recurse: bool = False) -> bool:
        """Copy a file, or with ``recurse`` a folder."""
        source, target = self._existing(from_), self._files.local(to)
        if source.is_dir() and not recurse:
            raise FrameworkError(f"{from_} is a folder", "give recurse=True to copy it with all that is in it")
        target = target / source.name if source.is_file() and (target.is_dir() or to.endswith("/")) else target
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)
        return True

    def mv(self, from_: str, to: str, recurse: bool = False) -> bool:
        """Copy and remove."""
        return self.cp(from_, to, recurse) and self.rm(from_, recurse)

    def rm(self, dir: str, recurse: bool = False) -> bool:
        """Remove a file, an empty folder, or with ``recurse`` any; False when there is none."""
        place = self._files.local(dir)
        if self._files.root in (place, place.parent):
            raise FrameworkError(f"{dir} is the root of the local files", "name a folder in it")
        if not place.exists():
            return False
        if not place.is_dir():
            place.unlink()
        elif recurse:
            shutil.rmtree(place)
        else:
            place.rmdir()
        return True

    def mkdirs(self, dir: str) -> bool:
        """Make a folder and those above it."""
        self._files.local(dir).mkdir(parents=True, exist_ok=True)
        return True

    def _existing(self, path: str) -> Path:
        place = self._files.local(path)
        if not place.exists():
            raise FileNotFoundError(f"{path} does not exist; locally it is {place}")
        return place

    def _info(self, place: Path) -> FileInfo:
        status, mark = place.stat(), "/" if place.is_dir() else ""
        size = 0 if mark else status.st_size
        return FileInfo(self._files.shown(place) + mark, place.name + mark, size, int(status.st_mtime * 1000))


def lines(found: list[FileInfo]) -> Iterator[str]:
    """What ``%fs ls`` prints."""
    for info in found:
        yield f"{info.size:>12,}  {info.path}"
