"""``bundles/<project>/<target>/``: what was compiled and committed, beside what compiles now."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from framework.compile.bundle import Bundle
from framework.compile.writer import BUNDLE_FILE, HEADER, STATE_OF_CLI, contents_of, write_contents
from framework.core.errors import FrameworkError
from framework.spec.files import is_inside

DIRECTORY = "bundles"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A bundle as it should be in ``directory``: which of its files there differ, lack, or belong to none."""

    bundle: Bundle
    directory: Path
    contents: Mapping[str, bytes]
    stale: tuple[str, ...]
    missing: tuple[str, ...]
    left_over: tuple[str, ...]

    @property
    def state(self) -> Literal["unchanged", "changed", "new"]:
        """What writing it does."""
        if not (self.stale or self.missing or self.left_over):
            return "unchanged"
        return "new" if len(self.missing) == len(self.contents) else "changed"


def compared(bundle: Bundle, root: Path) -> Compared:
    """The bundle beside what is in ``bundles/`` of the checkout.

    Raises FrameworkError when a link leads out of that, or a file cannot be read.
    """
    directory = root / DIRECTORY / bundle.name / bundle.target
    if not is_inside(directory, root):
        raise FrameworkError(f"{directory} leads out of the checkout", "Put a directory there, not a link.")
    with _explained("read"):
        return _compared(bundle, directory)


def write_compared(found: Compared) -> None:
    """Bring the directory up to date, as a whole or not at all. Raises FrameworkError."""
    if found.state != "unchanged":
        with _explained("written"):
            write_contents(found.contents, found.directory)


def left_over(root: Path, bundles: Iterable[Bundle]) -> tuple[Path, ...]:
    """Directories of bundles that nothing compiles to any more: their project or target is gone."""
    wanted = {(bundle.name, bundle.target) for bundle in bundles}
    found = (root / DIRECTORY).glob("*/*")
    return tuple(sorted(path for path in found if path.parts[-2:] not in wanted and _was_compiled(path)))


def remove(directory: Path) -> None:
    """Remove a bundle that is left over, and its project's directory with the last one. Raises FrameworkError."""
    with _explained("removed"):
        shutil.rmtree(directory)
        if not any(directory.parent.iterdir()):
            directory.parent.rmdir()


def _compared(bundle: Bundle, directory: Path) -> Compared:
    contents = contents_of(bundle)
    files = (each for each in directory.rglob("*") if each.is_symlink() or not each.is_dir())
    there = {each.relative_to(directory).as_posix(): each for each in files}
    there = {name: each for name, each in there.items() if not name.startswith(f"{STATE_OF_CLI}/")}
    return Compared(
        bundle=bundle,
        directory=directory,
        contents=contents,
        stale=tuple(name for name in contents if name in there and not _is(there[name], contents[name])),
        missing=tuple(name for name in contents if name not in there),
        left_over=tuple(sorted(there.keys() - contents.keys())),
    )


@contextmanager
def _explained(done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = "Check who owns it, and that nothing else is in its place: ls -ld."
        raise FrameworkError(f"{error.filename} cannot be {done}: {error.strerror}", hint) from None


def _is(file: Path, content: bytes) -> bool:
    return file.is_file() and not file.is_symlink() and file.read_bytes() == content


def _was_compiled(directory: Path) -> bool:
    """Whether it is a directory of ours: only these are removed."""
    files = (directory / BUNDLE_FILE, directory / "1" / BUNDLE_FILE)
    return not directory.is_symlink() and any(file.is_file() and _begins(file, HEADER.encode()) for file in files)


def _begins(file: Path, head: bytes) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(head)) == head
