"""The packages that a cluster installs for a project: pinned by its lock, or as its pyproject.toml has them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from framework.core.diagnostics import Diagnostic, Diagnostics, Location, Severity
from framework.core.errors import InvalidProject
from framework.spec.files import is_inside, shown
from framework.spec.node_path import quoted
from framework.spec.python_project import FILE, PythonProject
from framework.spec.toml_places import place_of

LOCKS = ("requirements.lock", "requirements.txt")
"""What a project's lock may be called; the first that is there is taken."""

_COMMENT = re.compile(r"(^|\s)#.*$")
_HASH = re.compile(r"\s--hash[=\s]\S+")
_LOGIN = re.compile(r"://(?!\$\{\w+\}(?::\$\{\w+\})?@)[^/\s@]+@")
_LOCAL = re.compile(
    r"""-[erc]|--(?:editable|requirement|constraint)\b    # another file
      | (?:-[if]|--(?:index-url|extra-index-url|find-links)|[\w.,\[\]-]+\s*@)[\s=]*(?!\s|=|[a-z][a-z0-9+.-]*://|\$\{)
      | [./~] | \w:\\ | [^\s@:]+\.(?:whl|zip|tar\.gz)(?:\s|$) | .*\bfile:""",
    re.IGNORECASE | re.VERBOSE,
)
"""What is on one machine only: other files, and options and requirements that name no address where one belongs."""
_MAKE = "Make one: uv pip compile pyproject.toml --universal --output-file requirements.lock"


@dataclass(frozen=True)
class Requirements:
    """``lines`` are those of a requirements file for pip; ``warnings`` say what is not pinned."""

    lines: tuple[str, ...]
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def text(self) -> str:
        """The file's content."""
        return "".join(f"{line}\n" for line in self.lines)


def read_requirements(directory: Path, root: Path, package: PythonProject) -> Requirements:
    """What the project in ``directory`` requires. Raises InvalidProject for what a cluster cannot install.

    Without hashes: where one requirement has them, pip asks them of all, and the wheels of a release stand beside.
    """
    lock = next((directory / name for name in LOCKS if (directory / name).exists()), None)
    if lock is None:
        return Requirements(package.dependencies, tuple(_no_lock(directory / FILE, root, package)))
    lines = [*_lines(_read(lock, root))]
    if wrong := [finding for number, line in lines for finding in _wrong(line, Location(shown(lock, root), number))]:
        raise InvalidProject(Diagnostics.of(wrong))
    loose = [(number, line) for number, line in lines if not line.startswith("-") and not _is_pinned(line)]
    hint = "The next deploy may get another version. Write name==version, or let uv pip compile do it."
    return Requirements(
        tuple(line for _, line in lines),
        tuple(_warning(f"{quoted(line)} is not pinned", Location(shown(lock, root), n), hint) for n, line in loose),
    )


def _no_lock(file: Path, root: Path, package: PythonProject) -> Iterator[Diagnostic]:
    if package.dependencies:
        place = place_of(file.read_text(encoding="utf-8"), ("project", "dependencies"))
        yield _warning(
            "the project's dependencies are not pinned by a lock", Location(shown(file, root), *place), _MAKE
        )


def _warning(summary: str, place: Location, hint: str) -> Diagnostic:
    return Diagnostic(summary, place, hint=hint, severity=Severity.WARNING)


def _read(lock: Path, root: Path) -> str:
    try:
        if is_inside(lock, root):
            return lock.read_text(encoding="utf-8")
        summary = "the file leads out of the checkout"
    except (OSError, ValueError) as error:
        summary = f"the file cannot be read: {error}"
    raise InvalidProject(Diagnostics((Diagnostic(summary, Location(shown(lock, root))),)))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each requirement with the line that it begins in: without comments and hashes, continued lines made one."""
    begun, parts = 0, list[str]()
    for number, line in enumerate((*text.splitlines(), ""), 1):
        begun = begun if parts else number
        plain = _COMMENT.sub("", line).rstrip()
        parts.append(plain.removesuffix("\\"))
        if not plain.endswith("\\"):
            if whole := " ".join(_HASH.sub("", " ".join(parts)).split()):
                yield begun, whole
            parts = []


def _wrong(line: str, place: Location) -> Iterator[Diagnostic]:
    if _LOGIN.search(line):
        hint = "Take it out and revoke it. pip on the cluster fills in ${NAME} from the environment."
        yield Diagnostic("an address with a login in it", place, hint=hint)
    elif _LOCAL.match(line):
        hint = "A lock names every package by name and version, with nothing to look up elsewhere."
        yield Diagnostic(f"{quoted(line)} is not there on a cluster", place, hint=hint)
    elif not line.startswith("-") and not line.startswith(("https://", "git+https://")):
        try:
            Requirement(line)
        except InvalidRequirement:
            yield Diagnostic(f"{quoted(line)} is not a requirement", place, hint="Write it like numpy==2.1.0.")


def _is_pinned(line: str) -> bool:
    if line.startswith(("https://", "git+https://")):
        return True
    requirement = Requirement(line)
    exact = [each for each in requirement.specifier if each.operator in ("==", "===") and "*" not in each.version]
    return bool(requirement.url or exact)
