"""What of the disk belongs to a bundle."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from framework.local.foreign_bundle.tree import Placed


def inside(directory: Path, path: Path) -> bool:
    """Whether ``path``, with its links followed, lies in ``directory``."""
    return Path(os.path.realpath(path)).is_relative_to(directory)


def holds(test: Callable[[], bool]) -> bool:
    """Whether ``path.is_file`` or the like says yes; not of what nobody can look at, such as a very long path."""
    with suppress(OSError):
        return test()
    return False


def matches(directory: Path, pattern: str) -> list[str]:
    """The paths from ``directory`` that a glob of the CLI's kind names, sorted. ``**`` means one directory there."""
    one_level = re.sub(r"\*+", "*", os.path.normpath(pattern).replace("[^", "[!"))
    try:
        found = [os.path.normpath(path) for path in directory.glob(one_level)]
    except OSError:  # no file has so long a name
        return []
    return sorted(os.path.relpath(path, directory) for path in found)


def repository(root: Path) -> Path:
    """The top level of the git repository around ``root``; ``root`` itself where there is none."""
    return next((each for each in (root, *root.parents) if (each / ".git").exists()), root)


def sync_root(root: Path, paths: Placed) -> Path:
    """The innermost directory with ``root`` and the ``paths`` of ``sync`` in it, as for the CLI.

    Paths beyond the repository do not count: the CLI would upload them, but here they would be read in place.
    """
    top = repository(root)
    written = (os.path.normpath(root / Path(path.place.file).parent / path.text) for path in paths.items if path.text)
    return Path(os.path.commonpath([root, *(path for path in written if Path(path).is_relative_to(top))]))
