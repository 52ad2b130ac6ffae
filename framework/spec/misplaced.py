"""Files that were meant to be read, and would not be: nothing is skipped in silence."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from framework.core.diagnostics import Diagnostic, Location, Severity
from framework.spec.files import SUFFIXES, entries, shown
from framework.spec.node_path import quoted
from framework.spec.spec_reader import PROJECT_FILE
from framework.spec.suggestions import close_match
from framework.spec.validation import MAX_FINDINGS

_READ = ("project", "policy")
"""The YAML files of a project beside its pipelines, without their suffix."""


def misplaced(root: Path, project: str | None) -> Iterator[Diagnostic]:
    """What nobody reads in the project's directory, or in those of all."""
    for directory in entries(root / "projects", root):
        if directory.is_dir() and project in (None, directory.name):
            yield from islice(_in_project(directory, root), MAX_FINDINGS)


def _in_project(directory: Path, root: Path) -> Iterator[Diagnostic]:
    if not os.path.lexists(directory / PROJECT_FILE):
        other = directory / "project.yaml"
        if os.path.lexists(other):
            yield _finding(other, root, f"{quoted(other.name)} is not read", f"Rename it {PROJECT_FILE}.")
        elif entries(directory / "pipelines", root):
            hint = f"Write {PROJECT_FILE}, or move the directory away: without that file, nothing here is read."
            yield _finding(directory, root, f"a directory with pipelines and without a {PROJECT_FILE}", hint)
        return
    for file in _yaml_in(entries(directory, root)):
        if file.stem not in _READ and (meant := close_match(file.stem, _READ)):
            summary = f"{quoted(file.name)} is not read (did you mean '{meant}.yml'?)"
            yield _finding(file, root, summary, "Rename it.", Severity.WARNING)
    for folder in entries(directory / "pipelines", root):
        if folder.is_dir() and not folder.is_symlink():
            for file in _yaml_in(sorted(folder.rglob("*"))):
                hint = "A pipeline is a file in pipelines/ itself. Move it up, or out of pipelines/."
                yield _finding(file, root, f"{quoted(file.name)} is not read", hint, Severity.WARNING)


def _yaml_in(files: list[Path]) -> Iterator[Path]:
    return (file for file in files if file.suffix in SUFFIXES)


def _finding(path: Path, root: Path, summary: str, hint: str, severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic(summary, Location(shown(path, root)), hint=hint, severity=severity)
