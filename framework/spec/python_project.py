"""``projects/<project>/pyproject.toml``: the metadata of the project's package, as far as it is static.

Whoever builds a wheel runs what the file names: a backend, hooks, code that finds the version. At a deploy no code of
the project's runs, so what would need it is a finding. Without the file the package has the project's name.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from framework.core.diagnostics import Diagnostic, Diagnostics, Location
from framework.core.errors import InvalidProject
from framework.spec.files import is_inside, shown
from framework.spec.node_path import format_path, quoted
from framework.spec.toml_places import Place, place_in, place_of

FILE = "pyproject.toml"
RUNTIME = "bundle_framework"
"""The distribution that a cluster installs beside the project's own."""

_LARGEST = 50_000  # bytes; the time that a dotted key takes grows with the square of its length
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_BACKENDS = (
    "flit_core.buildapi",
    "hatchling.build",
    "pdm.backend",
    "poetry.core.masonry.api",
    "setuptools.build_meta",
    "uv_build",
)
_CODE = (
    ("build-system", "backend-path"),
    ("tool", "hatch", "build", "hooks"),
    ("tool", "hatch", "build", "targets", "wheel", "hooks"),
    ("tool", "hatch", "metadata", "hooks"),
    ("tool", "pdm", "build", "custom-hook"),
    ("tool", "poetry", "build"),
    ("tool", "setuptools", "cmdclass"),
    ("tool", "setuptools", "ext-modules"),
)
"""What makes a backend run code of the project's, or of anybody else's, while it builds."""
_STATIC = "No code of the project's runs at a deploy"


@dataclass(frozen=True, kw_only=True)
class PythonProject:
    """What an installer knows of a package. ``entry_points`` goes by group, then by name."""

    name: str
    version: str = "0"
    summary: str = ""
    requires_python: str = ""
    dependencies: tuple[str, ...] = ()
    optional_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entry_points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_python_project(directory: Path, root: Path) -> PythonProject:
    """The package of the project in ``directory``. Raises InvalidProject with everything that is not static."""
    reader = _Reader(directory, root)
    found = reader.read()
    if reader.findings or not found:
        raise InvalidProject(Diagnostics.of(reader.findings))
    return found


class _Reader:
    """One reading of one file; what is wrong gathers in ``findings``."""

    def __init__(self, directory: Path, root: Path) -> None:
        self.findings: list[Diagnostic] = []
        self._directory, self._root, self._file, self._text = directory, root, directory / FILE, ""

    def read(self) -> PythonProject | None:
        if (self._directory / "setup.py").exists():
            place = Location(shown(self._directory / "setup.py", self._root))
            hint = f"{_STATIC}: write its metadata into [project] in {FILE} and remove it."
            self.findings.append(Diagnostic("the wheel is built without setup.py", place, hint=hint))
        whole = self._whole()
        if whole is not None and "project" not in whole and (self._directory / "setup.cfg").exists():
            place = Location(shown(self._directory / "setup.cfg", self._root))
            hint = f"Write its metadata into [project] in {FILE}."
            self.findings.append(Diagnostic("the package's metadata is not in [project]", place, hint=hint))
        if whole is None:
            return None
        for path in _CODE:
            if _at(whole, path) is not None:
                self._wrong(path, "building the wheel would run code", f"{_STATIC}: do without it.")
        self._check_backend(_at(whole, ("build-system", "build-backend")))
        about = whole.get("project")
        if about is None:
            if _at(whole, ("tool", "poetry", "name")) is not None:
                self._wrong(("tool", "poetry"), "the package's metadata is not in [project]", "Move it there.")
            return PythonProject(name=self._directory.name)
        if isinstance(about, dict):
            return self._package(about)
        self._wrong(("project",), "it must be a table")
        return None

    def _whole(self) -> dict[str, Any] | None:
        try:
            if not self._file.exists():
                return {}
            if not is_inside(self._file, self._root) or self._file.stat().st_size > _LARGEST:
                self._wrong((), "the file leads out of the checkout, or is too large to be read")
                return None
            self._text = self._file.read_text(encoding="utf-8")
            return tomllib.loads(self._text)
        except OSError as error:
            self._wrong((), f"the file cannot be read: {error.strerror}")
        except (ValueError, RecursionError) as error:
            self._wrong((), f"this is not TOML: {error}", place=place_in(str(error)))
        return None

    def _check_backend(self, backend: object) -> None:
        # setuptools.build_meta:__legacy__ is one, too.
        if backend is not None and str(backend).partition(":")[0] not in _BACKENDS:
            hint = f"A wheel of plain Python files is made. Use one of {', '.join(_BACKENDS)}."
            path = ("build-system", "build-backend")
            self._wrong(path, f"wheels of {quoted(str(backend))} cannot be built without running it", hint)

    def _package(self, about: dict[str, Any]) -> PythonProject | None:
        for name in self._texts(about, "dynamic"):
            hint = f"{_STATIC} to find it out: write it down, and take it out of 'dynamic'."
            self._wrong(("project", "dynamic"), f"the package's {quoted(name)} is dynamic", hint)
        optional = self._table(about, "optional-dependencies")
        extras = {extra: self._requirements(optional, extra, "optional-dependencies") for extra in optional}
        package = PythonProject(
            name=self._name(about),
            version=self._version(about),
            summary=" ".join(str(about.get("description", "")).split()),
            requires_python=self._requires_python(about),
            dependencies=self._requirements(about, "dependencies"),
            optional_dependencies=extras,
            entry_points=self._entry_points(about),
        )
        return None if self.findings else package

    def _name(self, about: dict[str, Any]) -> str:
        name = about.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self._wrong(("project", "name"), "the package needs a name of letters, digits, '.', '_' and '-'")
            return ""
        if canonicalize_name(name) == canonicalize_name(RUNTIME):
            self._wrong(("project", "name"), f"{quoted(name)} is the framework's own package", "Rename the package.")
        return name

    def _version(self, about: dict[str, Any]) -> str:
        version = about.get("version", "")
        if version == "" and "version" in self._texts(about, "dynamic"):
            return ""
        try:
            return str(Version(version))
        except (InvalidVersion, TypeError):
            hint = 'Write it like version = "1.2.0".'
            self._wrong(("project", "version"), f"{quoted(str(version))} is not a version", hint)
            return ""

    def _requires_python(self, about: dict[str, Any]) -> str:
        wanted = about.get("requires-python", "")
        try:
            return str(SpecifierSet(wanted)) if wanted else ""
        except (InvalidSpecifier, TypeError):
            summary = f"{quoted(str(wanted))} is not a range of versions"
            self._wrong(("project", "requires-python"), summary, 'Write it like ">=3.11".')
            return ""

    def _requirements(self, table: dict[str, Any], key: str, *above: str) -> tuple[str, ...]:
        path = ("project", *above, key)
        found = []
        for text in self._texts(table, key, *above):
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                self._wrong(path, f"{quoted(text)} is not a requirement", 'Write it like "numpy>=1.26".')
                continue
            if requirement.url:
                hint = "Publish it where pip finds it by name."
                self._wrong(path, f"{quoted(requirement.name)} is required from an address", hint)
            found.append(str(requirement))
        return tuple(found)

    def _entry_points(self, about: dict[str, Any]) -> dict[str, dict[str, str]]:
        named = {"console_scripts": "scripts", "gui_scripts": "gui-scripts"}
        groups: dict[str, Any] = {group: self._table(about, key) for group, key in named.items()}
        groups |= self._table(about, "entry-points")
        for group, entries in groups.items():
            if not isinstance(entries, dict) or not all(_is_line(each) for pair in entries.items() for each in pair):
                self._wrong(("project", "entry-points", group), "entry points are written as name = 'module:function'")
                return {}
        return {group: dict(entries) for group, entries in groups.items() if entries}

    def _table(self, about: dict[str, Any], key: str) -> dict[str, Any]:
        table = about.get(key, {})
        if isinstance(table, dict):
            return table
        self._wrong(("project", key), "it must be a table")
        return {}

    def _texts(self, table: dict[str, Any], key: str, *above: str) -> Sequence[str]:
        texts = table.get(key, [])
        if isinstance(texts, list) and all(isinstance(each, str) for each in texts):
            return texts
        self._wrong(("project", *above, key), "it must be a list of texts")
        return ()

    def _wrong(self, path: tuple[str, ...], summary: str, hint: str = "", place: Place | None = None) -> None:
        line, column = place or place_of(self._text, path)
        found = Diagnostic(summary, Location(shown(self._file, self._root), line, column), format_path(path), hint)
        if found not in self.findings:
            self.findings.append(found)


def _is_line(text: object) -> bool:
    return isinstance(text, str) and text.isprintable()


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
