"""Where something is deployed, and what: planning, deploying, rolling back and destroying all begin with these."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from framework.core.errors import FrameworkError
from framework.core.events import Listener, Note
from framework.core.moments import now
from framework.deploy import history
from framework.deploy.databricks_cli import DatabricksCli
from framework.deploy.lock import DeployLock, locked
from framework.deploy.secrets import without_secrets
from framework.deploy.store import LAST, Enough, ReleaseStore
from framework.deploy.workbench import Part, workbench
from framework.records.releases import Deployment, Release
from framework.spec.policy_spec import TargetPolicy

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where a project is deployed, for a target: a workspace, the project's store in it, and the tools to work on it.

    ``home`` is the directory of what is deployed, ``scratch`` one on this machine. ``policy`` reads what plans may do.
    """

    project: str
    target: str
    client: "WorkspaceClient"
    store: ReleaseStore
    cli: DatabricksCli
    home: str
    scratch: Path
    listener: Listener
    policy: Callable[[], Sequence[TargetPolicy]] = tuple

    @property
    def root_path(self) -> str:
        """Where the bundle is; those of a release with several are below it."""
        return f"{self.home}/bundle"

    @property
    def words(self) -> str:
        """How a command names this place: ``shop -e prod``."""
        return f"{self.project} -e {self.target}"

    @property
    def prefix(self) -> str:
        """What schemas begin with here, where each person has some: ``ann_``."""
        person = self.home.removeprefix(self.store.root).strip("/")
        return f"{person}_" if person else ""

    def say(self, message: str, warning: bool = False) -> None:
        """Tell a person what is being done."""
        self.listener(Note(message, warning))

    def past(
        self,
        last: int = LAST,
        broken: Callable[[FrameworkError], object] | None = None,
        enough: Enough = history.succeeded,
    ) -> list[Deployment]:
        """The ``last`` deployments of this place, and those before them until they are ``enough``, oldest first.

        ``broken`` is told of records that nobody can read, and they are left out. Without it, they raise
        FrameworkError: who changes something has to know what was before.
        """
        return history.at(self.store.deployments(last, self.root_path, broken, enough), self.root_path)

    @contextmanager
    def on_record(self, started: Deployment) -> Iterator[None]:
        """Note that a deployment begins and, when the block breaks off, that it failed. Who ends it notes that."""
        self.store.note(started)
        try:
            yield
        except (FrameworkError, KeyboardInterrupt) as error:
            with suppress(FrameworkError):  # without its end it counts as broken off, which it is
                said = without_secrets(str(error)) or "interrupted"
                self.store.note(replace(started, ended_at=now(), result="failed", error=said))
            raise


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A release on this machine (``directory``) that is to be put to work, and where it comes from.

    ``promoted_from`` is the target where the commit was live before, if it is promoted. ``reader`` is the principal
    that the jobs run as, when it is not whoever deploys.
    """

    release: Release
    directory: Path
    kind: Literal["deploy", "rollback"] = "deploy"
    commit: str = ""
    dirty: bool = False
    branch: str = ""
    promoted_from: str = ""
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
            yield tuple(each.guarded(lock) for each in parts), lock
