"""The bundle that is committed: whether a review of it saw what is deployed."""

from collections.abc import Iterator
from pathlib import Path

from framework.compile.bundle import Bundle
from framework.compile.committed import DIRECTORY, compared
from framework.core.errors import FrameworkError
from framework.deploy.preflight.check import Check, CheckState
from framework.deploy.preflight.git_state import is_tracked

_NAME = "bundle"


def bundle_checks(bundle: Bundle, root: Path) -> Iterator[Check]:
    """Nothing where no bundle of the project and target is committed. It stops nobody: the sources are deployed."""
    directory = f"{DIRECTORY}/{bundle.name}/{bundle.target}"
    if not is_tracked(root, directory):
        return
    try:
        found = compared(bundle, root)
    except FrameworkError as error:
        yield Check(_NAME, CheckState.UNKNOWN, error.message, error.hint)
        return
    if found.state == "unchanged":
        yield Check(_NAME, CheckState.OK, f"{directory} is what compiles now")
    else:
        stale = f"{directory} is not what compiles now, so no review saw it there"
        yield Check(_NAME, CheckState.WARNING, stale, "framework compile, and commit what it writes")
