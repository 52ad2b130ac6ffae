"""What an installer would know about a project that is not built."""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from framework.local.references import Unfilled


@dataclass(frozen=True)
class WheelProject:
    """The project of the artifact ``name``. Raises Unfilled for a pyproject.toml that nobody can read."""

    name: str
    directory: Path

    @property
    def is_readable(self) -> bool:
        """Whether its pyproject.toml names the package."""
        return bool(self._about.get("name"))

    @property
    def distribution(self) -> str:
        """The package's name in normal form."""
        return re.sub(r"[^a-z0-9]+", "-", str(self._about.get("name") or self.name).lower()).strip("-")

    @property
    def sources(self) -> Path:
        """The directory that its packages are in."""
        return self.directory / "src" if (self.directory / "src").is_dir() else self.directory

    def metadata(self) -> Mapping[str, str]:
        """The files of its dist-info that tell its name and its entry points."""
        if not self._file.exists():
            where = f"{self.directory} has no pyproject.toml to read"
            raise Unfilled(f"artifact '{self.name}' is not built, and {where}: build its wheel first")
        version = self._about.get("version") or "0"
        head = f"Metadata-Version: 2.1\nName: {self.distribution}\nVersion: {version}\n"
        return {"METADATA": head, "entry_points.txt": self._entry_points()}

    @property
    def digest(self) -> str:
        """A short hash of the metadata."""
        return hashlib.sha256(json.dumps(self.metadata(), sort_keys=True).encode()).hexdigest()[:12]

    def _entry_points(self) -> str:
        scripts = _table(self._about, "scripts", self._file)
        groups = {"console_scripts": scripts, **_table(self._about, "entry-points", self._file)}
        lines = []
        for group in groups:
            entries = _table(groups, group, self._file)
            lines += [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items()), ""]
        return "\n".join(lines)

    @property
    def _file(self) -> Path:
        return self.directory / "pyproject.toml"

    @cached_property
    def _about(self) -> Mapping[str, Any]:
        try:
            whole = tomllib.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise Unfilled(f"{self._file} cannot be read: {error}") from None
        tools = _table(whole, "tool", self._file)
        return _table(whole, "project", self._file) or _table(tools, "poetry", self._file)


def _table(fields: Mapping[str, Any], name: str, file: Path) -> Mapping[str, Any]:
    table = fields.get(name, {})
    if not isinstance(table, dict):
        raise Unfilled(f"'{name}' has to be a table in {file}")
    return table
