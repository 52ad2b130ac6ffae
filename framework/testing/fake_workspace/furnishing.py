"""What a repository's targets name is there in the fake workspace: catalogs, groups, people, service principals."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from framework.core.errors import FrameworkError
from framework.spec.target_spec import TargetSpec, known_targets, read_target
from framework.testing.fake_workspace.workspace import FakeWorkspace


def furnish(workspace: FakeWorkspace, root: Path) -> None:
    """Make what ``conf/*.yml`` of the repository at ``root`` names. A target that cannot be read is left out."""
    for target in _targets(root):
        workspace.add_catalog(target.catalog)
        for entry in (target.run_as, *target.permissions):
            if "service_principal_name" in entry:
                workspace.add_service_principal(entry["service_principal_name"])
            if "user_name" in entry:
                workspace.add_user(entry["user_name"])
            if "group_name" in entry:
                workspace.add_group(entry["group_name"])


def _targets(root: Path) -> Iterator[TargetSpec]:
    for name in known_targets(root)[1:]:  # the first one is local
        with suppress(FrameworkError):  # its files are for 'framework validate' to complain about
            yield read_target(root, name)
