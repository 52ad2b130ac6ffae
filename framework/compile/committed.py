"""``bundles/<project>/<target>/``: what was compiled and committed, beside what compiles now."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from framework.compile.bundle import Bundle
from framework.compile.writer import BUNDLE_FILE, HEADER, STATE_OF_CLI, contents_of, write_contents
from framework.core.errors import FrameworkError

DIRECTORY = "bundles"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A bundle as it should be in ``directory``: which of its files there differ, lack, or belong to none.

    ``jobs`` and ``tasks`` are how many it has.
    """

    project: str
    target: str
    jobs: int
    tasks: int
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

    Raises FrameworkError when a link is on the way there or in it, or a file cannot be read.
    """
    directory = root / DIRECTORY / bundle.name / bundle.target
    with _explained("read"):
        return _compared(bundle, directory)


def write_compared(found: Compared) -> None:
    """Bring the directory up to date, as a whole or not at all. Raises FrameworkError."""
    if found.state != "unchanged":
        with _explained("written"):
            write_contents(found.contents, found.directory)


def left_over(root: Path, found: Iterable[Compared]) -> tuple[Path, ...]:
    """Directories of bundles that nothing compiles to any more: their project or target is gone. No link is one."""
    wanted = {(each.project, each.target) for each in found}
    others = (path for path in (root / DIRECTORY).glob("*/*") if path.parts[-2:] not in wanted)
    return tuple(sorted(path for path in others if not _links_to(path) and _was_compiled(path)))


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
    for link in (*_links_to(directory), *(each for each in there.values() if each.is_symlink())):
        hint = "Nothing is written through a link, or in its place. Remove it: what belongs there is made."
        raise FrameworkError(f"{link} is a link", hint)
    all_tasks: Iterator[Any] = (job.tasks for job in bundle.jobs.values())
    return Compared(
        project=bundle.name,
        target=bundle.target,
        jobs=len(bundle.jobs),
        tasks=sum(len(tasks) for tasks in all_tasks),
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


def _links_to(directory: Path) -> list[Path]:
    """The links among a bundle's directory, that of its project, and ``bundles``."""
    return [each for each in (*reversed(directory.parents[:2]), directory) if each.is_symlink()]


def _is(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content


def _was_compiled(directory: Path) -> bool:
    """Whether it is a directory of ours: only these are removed."""
    files = (directory / BUNDLE_FILE, directory / "1" / BUNDLE_FILE)
    return any(file.is_file() and _begins(file, HEADER.encode()) for file in files)


def _begins(file: Path, head: bytes) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(head)) == head
