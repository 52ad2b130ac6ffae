"""What a repository's targets name is there in the fake workspace: catalogs, groups, people, service principals."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from framework.core.errors import FrameworkError
from framework.spec.files import read
from framework.spec.loader import project_names
from framework.spec.project_spec import read_project
from framework.spec.spec_reader import PROJECT_FILE
from framework.spec.target_spec import TargetSpec, known_targets, read_target
from framework.testing.fake_workspace.workspace import ADMIN, FakeWorkspace


def furnish(workspace: FakeWorkspace, root: Path) -> None:
    """Make what ``conf/*.yml`` of the repository at ``root`` names, and the sources of its projects.

    Who jobs run as may read them, and the administrator may have jobs run so. What cannot be read is left out.
    """
    sources = list(_sources(root))
    for target in _targets(root):
        workspace.add_catalog(target.catalog)
        for schema, table in sources:
            _add(workspace, "schema", f"{target.catalog}.{schema}")
            _add(workspace, "table", f"{target.catalog}.{schema}.{table}")
        for entry in (target.run_as, *target.permissions):
            if "service_principal_name" in entry:
                principal = entry["service_principal_name"]
                workspace.add_service_principal(principal, users=[ADMIN])
                workspace.grant(f"catalog:{target.catalog}", principal, "USE_CATALOG", "USE_SCHEMA", "SELECT")
            if "user_name" in entry:
                workspace.add_user(entry["user_name"])
            if "group_name" in entry:
                workspace.add_group(entry["group_name"])


def _add(workspace: FakeWorkspace, kind: str, full_name: str) -> None:
    """Unless it is there from an earlier start."""
    if f"{kind}:{full_name.lower()}" not in workspace.state.securables:
        workspace.add_securable(kind, full_name)


def _sources(root: Path) -> Iterator[tuple[str, str]]:
    """Schema and table of each."""
    for name in project_names(root):
        directory = root / "projects" / name
        with suppress(FrameworkError):
            for table in read_project(read(directory / PROJECT_FILE, root), directory).sources:
                schema, _, own = table.partition(".")
                yield schema, own


def _targets(root: Path) -> Iterator[TargetSpec]:
    for name in known_targets(root)[1:]:  # the first one is local
        with suppress(FrameworkError):  # its files are for 'framework validate' to complain about
            yield read_target(root, name)
