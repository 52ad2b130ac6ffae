"""One deployment at a time: a lock in the workspace that says who holds it, and that can be found to be abandoned.

The Databricks CLI has a lock of its own, which says neither the machine nor the run and never expires; it stays behind
when the CLI is killed, or cannot delete it. Ours lies beside it and lasts as long as one of our commands. It is taken
over only when its holder is provably gone: its time is up, its process on this machine has ended, or its CI run goes by
a later attempt.
"""

import json
import socket
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from framework.core.errors import DatabricksError
from framework.core.events import Listener, Note
from framework.core.moments import shown
from framework.deploy.ci import CiRun, ci_run
from framework.deploy.cli_lock import by_hand, clear_cli_lock, cli_lock, read_if_there
from framework.deploy.guard import Guard, is_free
from framework.deploy.workspace_files import WorkspaceFiles

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

LEASE = timedelta(hours=2)
"""How long a lock counts; whoever holds it ends before."""
MARGIN = timedelta(minutes=5)
"""How far apart the clocks of two machines may be."""
RELEASED = "-released"
"""What the id of a holder ends with that is none any more."""
FILE_NAME = "deployment.lock.json"
"""The lock's file, beside the directory of the bundle."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds a lock. ``guard`` is a file that it keeps locked on its machine, ``host``."""

    id: str
    who: str
    host: str
    guard: str
    started_at: str
    expires_at: str
    ci_run: str = ""
    ci_attempt: int = 0

    @property
    def described(self) -> str:
        """For a person: who, since when, where."""
        place = f"CI run {self.ci_run}" if self.ci_run else f"machine {self.host}"
        return f"{self.who} since {shown(self.started_at)} on {place}"

    @property
    def times(self) -> tuple[datetime, datetime]:
        """When it began, and when its time is up."""
        return datetime.fromisoformat(self.started_at), datetime.fromisoformat(self.expires_at)

    def gone(self, now: datetime, here: str, ci: CiRun) -> str:
        """What proves that the holder is gone; nothing when it may be at work."""
        if self.id.endswith(RELEASED):
            return "it was released, and could not be deleted"
        if now > self.times[1] + MARGIN:
            return f"its time was up at {shown(self.expires_at)}"
        if self.host == here and is_free(Path(self.guard), self.id):
            return "its process on this machine has ended"
        if self.ci_run and self.ci_run == ci.name and self.ci_attempt < ci.attempt:
            return f"attempt {self.ci_attempt} of this CI run has ended"
        return ""

    def gone_from_here(self) -> str:
        """The same, as this machine sees it now."""
        return self.gone(datetime.now(UTC), socket.gethostname(), ci_run())


@dataclass(frozen=True, kw_only=True)
class DeployLock:
    """A lock that is held; ``guard`` is what processes keep open that work under it.

    ``cli_failed``: from when to when a Databricks CLI was at work for us that failed or was killed: its own lock may be
    left.
    """

    files: WorkspaceFiles
    path: str
    holder: Holder
    guard: Guard
    cli_failed: list[tuple[datetime, datetime]] = field(default_factory=list)

    def ensure_held(self) -> None:
        """Raises DatabricksError when somebody has taken it meanwhile."""
        current = _holder(self.files, self.path)
        if current is None or current.id != self.holder.id:
            taken = f": {current.described}" if current else ""
            raise DatabricksError(
                f"the lock of this deployment is gone{taken}", "Look what is deployed, then try again."
            )

    def seconds_left(self) -> float:
        """How long it still counts."""
        return (self.holder.times[1] - datetime.now(UTC)).total_seconds()


@contextmanager
def locked(
    client: "WorkspaceClient",
    home: str,
    state_paths: Sequence[str],
    *,
    who: str,
    scratch: Path,
    listener: Listener,
    lease: timedelta = LEASE,
) -> Iterator[DeployLock]:
    """Hold the lock of what is deployed below ``home``; ``scratch`` is a directory on this machine.

    Raises DatabricksError with who holds it, when somebody does.
    """
    path, files = f"{home}/{FILE_NAME}", WorkspaceFiles(client)
    identifier = uuid.uuid4().hex
    with Guard.made(scratch / f"{identifier}.guard", identifier) as guard:
        holder = _holder_here(identifier, who, guard, lease)
        gone = _acquire(files, path, holder, listener)
        lock = DeployLock(files=files, path=path, holder=holder, guard=guard)
        lock.ensure_held()  # somebody may have released it while we read who has it
        try:
            _clear_cli_locks(files, state_paths, gone)
            yield lock
        finally:
            # What cannot be released is found to be abandoned: the guard is still there then, and free.
            with suppress(DatabricksError):
                lock.ensure_held()
                if lock.cli_failed:
                    for state_path in state_paths:
                        clear_cli_lock(files, state_path, [(who, times) for times in lock.cli_failed])
                _release(files, path, holder)
                current = _holder(files, path)  # whatever the workspace answered to that
                if current is None or current.id != holder.id:
                    guard.remove()


def holder_of(client: "WorkspaceClient", home: str) -> Holder | None:
    """Who holds the lock of what is deployed below ``home`` now."""
    return _holder(WorkspaceFiles(client), f"{home}/{FILE_NAME}")


def _holder_here(identifier: str, who: str, guard: Guard, lease: timedelta) -> Holder:
    ci, now = ci_run(), datetime.now(UTC)
    return Holder(
        id=identifier,
        who=who,
        host=socket.gethostname(),
        guard=str(guard.path),
        started_at=now.isoformat(timespec="seconds"),
        expires_at=(now + lease).isoformat(timespec="seconds"),
        ci_run=ci.name,
        ci_attempt=ci.attempt,
    )


def _acquire(files: WorkspaceFiles, path: str, holder: Holder, listener: Listener) -> list[Holder]:
    """Take the lock; whom it is taken over from."""
    gone = _holders(files, path)
    if gone:
        current = gone[-1]
        proof = current.gone(datetime.now(UTC), holder.host, CiRun(holder.ci_run, holder.ci_attempt))
        if not proof:
            until = f"It counts until {shown(current.expires_at)}. If you know that nobody is at work, delete {path}"
            raise DatabricksError(f"a deployment is going on: {current.described}", f"Wait until it is done. {until}")
        listener(Note(f"Taking over the lock of {current.described}: {proof}.", warning=True))
    if not _written(files, _place_after(path, gone), holder):
        raise DatabricksError("another deployment began at the same moment", "Wait until it is done, then try again.")
    return gone


def _clear_cli_locks(files: WorkspaceFiles, state_paths: Sequence[str], gone: Sequence[Holder]) -> None:
    takers = [(each.who, each.times) for each in gone]
    foreign = [each for each in state_paths if not clear_cli_lock(files, each, takers)]
    if foreign:
        raise by_hand(cli_lock(files, foreign[0]) or {}, foreign[0])


def _release(files: WorkspaceFiles, path: str, holder: Holder) -> None:
    """Unless somebody has taken it over: who releases it takes that place first, so that nobody else can."""
    holders = _holders(files, path)
    if not holders or holders[-1].id != holder.id:
        return
    last = replace(holder, id=holder.id + RELEASED)
    if not _written(files, _place_after(path, holders), last):
        return
    # First the file that all others follow: who is still reading these finds that out.
    for number in range(len(holders) + 1):
        files.delete(_place_after(path, holders[:number]))


def _holder(files: WorkspaceFiles, path: str) -> Holder | None:
    return next(reversed(_holders(files, path)), None)


def _holders(files: WorkspaceFiles, path: str) -> list[Holder]:
    """Who took the lock, each from the one before; it is the last one's.

    Nobody deletes the file of a holder that is gone and makes it anew: of two who do, the second deletes the first
    one's. A successor writes a file beside it, which only one of several can.
    """
    found: list[Holder] = []
    while (each := _read(files, _place_after(path, found))) is not None:
        found.append(each)
    return found


def _place_after(path: str, holders: Sequence[Holder]) -> str:
    """The file of whoever comes after these."""
    return f"{path}.{holders[-1].id}" if holders else path


def _read(files: WorkspaceFiles, path: str) -> Holder | None:
    text = read_if_there(files, path)
    if text is None:
        return None
    try:
        written = json.loads(text)
        # A later version may say more.
        found = Holder(**{each.name: written[each.name] for each in fields(Holder) if each.name in written})
        if all(moment.tzinfo for moment in found.times):
            return found
    except (ValueError, TypeError):
        pass
    raise DatabricksError(f"{path} is not the record of a lock", "Look at it, then delete it.") from None


def _written(files: WorkspaceFiles, path: str, holder: Holder) -> bool:
    """Whether the file is ours now: the workspace lets one of several have it."""
    files.make(path.rpartition("/")[0])
    if files.write(path, json.dumps(asdict(holder), indent=2).encode()):
        return True
    # The client asks again when an answer is lost: the file that is there may be our own.
    current = _read(files, path)
    return current is not None and current.id == holder.id
