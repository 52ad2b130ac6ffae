"""The source files of a checkout's projects, for the tables that their deployed jobs read."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from framework.core.errors import FrameworkError
from framework.core.events import Listener, Note
from framework.local.sources import Load, plan_loads
from framework.local.task_types.catalogs import names
from framework.resolve.resolved import ResolvedSource
from framework.spec.files import read
from framework.spec.loader import project_names
from framework.spec.project_spec import ProjectSpec, read_project
from framework.spec.spec_reader import PROJECT_FILE
from framework.spec.target_spec import known_targets, read_target


@dataclass(frozen=True)
class Sources:
    """Those of one project for one target. ``code`` is where the functions are that make samples."""

    root: Path
    code: Path
    sources: tuple[ResolvedSource, ...]

    def loads(self, listener: Listener) -> tuple[Load, ...]:
        """What is to be in the warehouse; a file that is not there, or not fit to be loaded, is told and left out."""
        found: list[Load] = []
        for source in self.sources:
            try:
                found += plan_loads([source], self.root, listener)
            except FrameworkError as error:
                listener(Note(f"not loaded: {error.message}", warning=True))
        return tuple(found)


def sources_of(root: Path) -> Mapping[str, Sources]:
    """The sources of the checkout at ``root``, by the directory of the workspace that their project is deployed to.

    Projects and targets that cannot be read have none.
    """
    return dict(_each(root))


def _each(root: Path) -> Iterator[tuple[str, Sources]]:
    targets = []
    for name in known_targets(root)[1:]:  # the first one is local
        with suppress(FrameworkError):
            targets.append(read_target(root, name))
    for name in project_names(root):
        directory = root / "projects" / name
        with suppress(FrameworkError):
            project = read_project(read(directory / PROJECT_FILE, root), directory)
            for target in targets:
                found = tuple(_sources(project, target.catalog))
                yield f"{target.deploy_root}/{name}", Sources(root, directory / "src", found)


def _sources(project: ProjectSpec, catalog: str) -> Iterator[ResolvedSource]:
    for table, spec in project.sources.items():
        local = names.join(names.table((catalog, *table.split(".")), names.LOCAL))
        yield ResolvedSource(
            table=local, path=project.directory / spec.path, sample=spec.sample or "", given=False, location=None
        )
