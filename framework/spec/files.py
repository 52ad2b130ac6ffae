"""The YAML files of a checkout, and the boundary that none of them may lie beyond."""

import os
import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from framework.core.diagnostics import Diagnostic, Diagnostics, Location
from framework.core.errors import InvalidProject
from framework.spec.node_path import printable, quoted
from framework.spec.yaml_source import Document, parse

SUFFIXES = (".yml", ".yaml")
_NAME = re.compile(r"[A-Za-z0-9_-]+")


def yaml_files(directory: Path, root: Path) -> dict[str, Path]:
    """The YAML files in ``directory`` by their name without suffix. Raises InvalidProject for two of a name."""
    findings: list[Diagnostic] = []
    found = usable_yaml_files(directory, root, findings)
    if findings:
        raise InvalidProject(Diagnostics.of(findings))
    return found


def usable_yaml_files(directory: Path, root: Path, findings: list[Diagnostic]) -> dict[str, Path]:
    """The same, with what is wrong put into ``findings``."""
    found: dict[str, Path] = {}
    try:
        paths = entries(directory, root)
    except InvalidProject as error:
        findings.extend(error.found)
        return found
    for path in (path for path in paths if path.suffix in SUFFIXES):
        if not _NAME.fullmatch(path.stem):
            hint = "Letters, digits, _ and - only. Rename it, or give it another suffix."
            findings.append(_finding(path, root, f"file name {quoted(path.name)} is refused", hint))
        elif path.stem in found:
            hint = f"Remove one; {shown(found[path.stem], root)} is there too."
            findings.append(_finding(path, root, f"a second file of the name '{path.stem}'", hint))
        else:
            found[path.stem] = path
    return found


def entries(directory: Path, root: Path) -> list[Path]:
    """What ``directory`` holds, in order, without hidden files; nothing when there is no such directory."""
    try:
        return sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _refused(directory, root, f"the directory cannot be read: {error.strerror}", "") from None


def read(path: Path, root: Path) -> Document:
    """Parse ``path``. Raises InvalidProject with every finding, also when it leads out of ``root``."""
    if not _holder(root)(path):
        raise _refused(path, root, "the file leads out of the checkout", "Put the file itself there, not a link.")
    return parse(path, shown(path, root))


def is_inside(path: Path, root: Path) -> bool:
    """Whether ``path`` lies below ``root`` once every link is followed. Loops of links count as inside."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def inside_of(root: Path) -> Callable[[Path], bool]:
    """Whether files lie below ``root``, wherever links lead: of most of them their directory alone says it."""
    holds = cache(partial(is_inside, root=root))
    return lambda file: holds(file.parent) and (not os.path.islink(file) or holds(file))  # noqa: PTH114  a Path is slow


@cache
def _holder(root: Path) -> Callable[[Path], bool]:
    """That of all files of one command: its directories are looked at once."""
    return inside_of(root)


def readable(path: Path, root: Path, findings: list[Diagnostic]) -> Document | None:
    """The YAML file at ``path``; None, with what is wrong in ``findings``, when it cannot be read."""
    try:
        return read(path, root)
    except InvalidProject as error:
        findings.extend(error.found)
        return None


def shown(path: Path, root: Path) -> str:
    """``path`` as users see it: relative to the root, with forward slashes."""
    return printable((path.relative_to(root) if path.is_relative_to(root) else path).as_posix())


def _refused(path: Path, root: Path, summary: str, hint: str) -> InvalidProject:
    return InvalidProject(Diagnostics((_finding(path, root, summary, hint),)))


def _finding(path: Path, root: Path, summary: str, hint: str) -> Diagnostic:
    return Diagnostic(summary, Location(shown(path, root)), hint=hint)
