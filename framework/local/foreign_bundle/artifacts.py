"""The projects that a bundle's wheels are built from."""

import os
from collections.abc import Mapping
from pathlib import Path

from framework.core.diagnostics import Diagnostic
from framework.local.foreign_bundle.reach import holds, inside
from framework.local.foreign_bundle.tree import Placed, finding
from framework.spec.node_path import quoted

_PROJECT_FILES = ("pyproject.toml", "setup.py")
_DEFAULT = "python_artifact"
"""The CLI's own name for the wheel of a bundle that names no artifacts."""


def wheel_projects(artifacts: Placed, root: Path, reach: Path, findings: list[Diagnostic]) -> Mapping[str, Path]:
    """Artifact name → the absolute directory of its project, for the artifacts of type whl.

    A project lies in ``reach``, which is ``root`` or a directory above it.
    """
    if not artifacts.fields:
        return {_DEFAULT: root} if any((root / name).is_file() for name in _PROJECT_FILES) else {}
    projects = {}
    for name, artifact in artifacts.fields.items():
        path = artifact.at("path")
        if artifact.at("type").value != "whl" or "${" in path.text:
            continue
        project = Path(os.path.normpath(root / Path(path.place.file).parent / path.text)) if path.text else root
        problem = "" if inside(reach, project) else "leads out of the bundle"
        problem = problem if holds(project.is_dir) else "is not there"
        if problem:
            summary = f"directory {quoted(path.text)} {problem}"
            findings.append(finding(summary, path.place, ("artifacts", name, "path")))
        else:
            projects[name] = project
    return projects
