"""Finds the files of a pipeline and reads them."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from framework.core.diagnostics import Diagnostic, Diagnostics
from framework.core.errors import InvalidProject, UsageError
from framework.spec.files import entries, shown, usable_yaml_files, yaml_files
from framework.spec.misplaced import misplaced
from framework.spec.node_path import printable, quoted
from framework.spec.pipeline_spec import PipelineSpec
from framework.spec.project_spec import ProjectSpec
from framework.spec.spec_reader import PROJECT_FILE, SpecReader
from framework.spec.suggestions import begin_run, did_you_mean
from framework.spec.target_spec import TargetSpec, known_targets


@dataclass(frozen=True)
class ProjectSource:
    """Everything that was written about one pipeline for one target; ``siblings`` are the project's pipelines."""

    root: Path
    project: ProjectSpec
    pipeline: PipelineSpec
    target: TargetSpec
    siblings: tuple[str, ...]


@dataclass(frozen=True)
class Checkout:
    """Pipelines of a checkout and its targets, each file read once; ``found`` is what is wrong in the files.

    A pipeline whose own file, project or target could not be read is not in ``sources``; its target is in ``targets``.
    """

    sources: tuple[ProjectSource, ...]
    targets: tuple[str, ...]
    found: Diagnostics


def find_root(start: Path) -> Path:
    """The nearest directory from ``start`` upwards that has ``projects/``. Raises UsageError when there is none."""
    start = Path(os.path.realpath(start))
    for directory in (start, *start.parents):
        if (directory / "projects").is_dir():
            return directory
    hint = "Change into the directory that holds projects/ (or into one below it) and run the command again."
    if (start / "databricks.yml").is_file():
        hint = "This is a bundle: framework run --bundle ."
    raise UsageError(f"no projects/ in {start} or above it", hint)


def load(  # noqa: PLR0917 - names, each by itself
    root: Path,
    project: str | None,
    pipeline: str | None,
    target: str,
    start: Path | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> ProjectSource:
    """Read one pipeline and its target.

    ``project`` left out is the one that ``start`` (the working directory) lies in, else the only one; ``pipeline``
    left out is the only one. Raises UsageError for names that do not exist, InvalidProject with every finding.
    """
    begin_run()
    directory = project_directory(root, project, start or Path.cwd())
    file = _pipeline_file(root, directory, pipeline)
    reader = SpecReader(root)
    of_target = reader.target(target, variables)
    of_project, of_pipeline = reader.project(directory, of_target), reader.pipeline(file, of_target)
    if reader.findings or not (of_project and of_pipeline and of_target):
        raise InvalidProject(Diagnostics.of(reader.findings))
    return ProjectSource(root, of_project, of_pipeline, of_target, pipeline_names(root, directory.name))


def load_checkout(
    root: Path,
    project: str | None,
    pipeline: str | None,
    targets: tuple[str, ...] = (),
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Checkout:
    """Read every pipeline for every target, or for those named.

    Raises UsageError for a name that does not exist, or when there is nothing to read.
    """
    begin_run()
    reader = SpecReader(root)
    names_of_targets = targets or known_targets(root)
    specs = [reader.target(name, variables) for name in names_of_targets]
    sources: list[ProjectSource] = []
    reader.findings.extend(misplaced(root, project))
    for directory in _directories(root, project, bool(reader.findings)):
        files = usable_yaml_files(directory / "pipelines", root, reader.findings)
        where = f"{shown(directory, root)}/pipelines/"
        names = (_chosen(pipeline, tuple(files), "pipeline", where),) if pipeline else tuple(files)
        for target, name in ((target, name) for target in specs for name in names):
            of_project, of_pipeline = reader.project(directory, target), reader.pipeline(files[name], target)
            if of_project and of_pipeline and target:
                sources.append(ProjectSource(root, of_project, of_pipeline, target, tuple(files)))
    return Checkout(tuple(sources), names_of_targets, Diagnostics.of(_joined(reader.findings, names_of_targets)))


def project_names(root: Path) -> tuple[str, ...]:
    """The directories in ``projects/`` that have a project file."""
    return tuple(path.name for path in entries(root / "projects", root) if os.path.lexists(path / PROJECT_FILE))


def pipeline_names(root: Path, project: str) -> tuple[str, ...]:
    """The pipelines of a project: the names of their files."""
    return tuple(yaml_files(root / "projects" / project / "pipelines", root))


def _joined(found: Iterable[Diagnostic], all_targets: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Each finding once with its targets, unless these are several and all there are; the first hint serves."""
    same: dict[Diagnostic, list[Diagnostic]] = {}
    for each in found:
        same.setdefault(replace(each, targets=(), hint="") if each.targets else each, []).append(each)
    for group in same.values():
        names = tuple(dict.fromkeys(name for each in group for name in each.targets))
        yield replace(group[0], targets=() if 1 < len(names) == len(set(all_targets)) else names)


def _directories(root: Path, project: str | None, is_something_found: bool) -> list[Path]:
    names = project_names(root)
    if (project and project not in names) or not (names or is_something_found):
        return [project_directory(root, project, root)]
    return [root / "projects" / name for name in ((project,) if project else names)]


def project_directory(root: Path, project: str | None, start: Path) -> Path:
    """The project named; left out, the one that ``start`` lies in, else the only one. Raises UsageError."""
    names = project_names(root)
    projects = root / "projects"
    if not names and not project:
        raise UsageError("projects/ has no project", f"A project is a directory there with a {PROJECT_FILE}.")
    if project and project not in names and project in (path.name for path in entries(projects, root)):
        raise UsageError(f"projects/{printable(project)}/ has no {PROJECT_FILE}", "That file makes it a project.")
    name = project or _around(projects, start, names) or _chosen(None, names, "project", "projects/")
    return projects / _chosen(name, names, "project", "projects/")


def _pipeline_file(root: Path, directory: Path, pipeline: str | None) -> Path:
    files = yaml_files(directory / "pipelines", root)
    where = f"{shown(directory, root)}/pipelines/"
    return files[_chosen(pipeline, tuple(files), "pipeline", where)]


def _around(projects: Path, start: Path, names: tuple[str, ...]) -> str | None:
    """The project that the directory ``start`` lies in."""
    start = Path(os.path.realpath(start))
    return next((name for name in names if start.is_relative_to(os.path.realpath(projects / name))), None)


def _chosen(name: str | None, names: tuple[str, ...], what: str, where: str) -> str:
    """``name``, or the only one of ``names``. Raises UsageError when it is none of them, or when there is a choice."""
    there = f"There are: {', '.join(map(printable, names))}." if names else f"{where} has no {what}."
    if name is None and len(names) == 1:
        return names[0]
    if name is None and not names:
        raise UsageError(f"{where} has no {what}", f"A {what} is a file there that ends with .yml.")
    if name is None:
        raise UsageError(f"which {what}? {there}", f"Name a {what} on the command line.")
    if name not in names:
        raise UsageError(f"no {what} {quoted(name)} in {where}{did_you_mean(name, names)}", there)
    return name
