"""Where something is deployed, and what: planning, deploying, rolling back and destroying all begin with these."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from framework.core.events import Listener, Note
from framework.deploy import history
from framework.deploy.databricks_cli import DatabricksCli
from framework.deploy.lock import DeployLock, locked
from framework.deploy.store import ReleaseStore
from framework.deploy.workbench import Part, workbench
from framework.records.releases import Deployment, Release

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where a project is deployed, for a target: a workspace, the project's store in it, and the tools to work on it.

    ``home`` is the directory of what is deployed, ``scratch`` one on this machine.
    """

    project: str
    target: str
    client: "WorkspaceClient"
    store: ReleaseStore
    cli: DatabricksCli
    home: str
    scratch: Path
    listener: Listener

    @property
    def root_path(self) -> str:
        """Where the bundle is; those of a release with several are below it."""
        return f"{self.home}/bundle"

    @property
    def words(self) -> str:
        """How a command names this place: ``shop -e prod``."""
        return f"{self.project} -e {self.target}"

    def say(self, message: str, warning: bool = False) -> None:
        """Tell a person what is being done."""
        self.listener(Note(message, warning))

    def past(self) -> list[Deployment]:
        """The deployments of this place, oldest first."""
        return history.at(self.store.deployments(place=self.root_path), self.root_path)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A release on this machine (``directory``) that is to be put to work, and where it comes from.

    ``reader`` is the principal that the jobs run as, when it is not whoever deploys.
    """

    release: Release
    directory: Path
    kind: Literal["deploy", "rollback"] = "deploy"
    commit: str = ""
    dirty: bool = False
    branch: str = ""
    reader: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def opened(wanted: Wanted, ground: Ground) -> Iterator[tuple[Part, ...]]:
    """The bundles of a release, ready for the Databricks CLI, to look at."""
    release_path = ground.store.release_path(wanted.release.id)
    with workbench(ground.cli, wanted.directory, wanted.release, release_path) as parts:
        yield parts


@contextmanager
def under_lock(wanted: Wanted, ground: Ground) -> Iterator[tuple[tuple[Part, ...], DeployLock]]:
    """The bundles of a release, to change what is deployed, which nobody else does meanwhile."""
    with opened(wanted, ground) as parts:
        states = [each.state_path for each in parts]
        held = locked(
            ground.client, ground.home, states, who=parts[0].who, scratch=ground.scratch, listener=ground.listener
        )
        with held as lock:
            yield tuple(each.guarded(lock.guard.descriptor) for each in parts), lock
