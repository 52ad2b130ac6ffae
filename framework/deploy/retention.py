"""Which releases stay in the store: the last ones, and every one that jobs may refer to.

In development the places of several people share a store, and each has a lock of its own. Who clears away holds the
store's lock, and then reads what is on record; who deploys is on record first, and then looks at that lock. So the one
sees that a release is wanted, or the other sees that it may be about to go, and waits.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from framework.core.errors import DatabricksError, FrameworkError
from framework.deploy.ground import Ground
from framework.deploy.lock import DeployLock, holder_of, locked

RETAINED = 30
"""How many releases stay in the store, beside those in use."""
_LEASE = timedelta(minutes=10)
"""As long as somebody who was killed while clearing away can be in the way of others."""
_PATIENCE = 60.0
_EVERY = 1.0


def require_kept(ground: Ground, release: str, commit: str) -> None:
    """Raises FrameworkError when a release is not in the store any more; ``commit`` is where it came from."""
    if not ground.store.has(release):
        see = f"See: framework releases {ground.words}"
        hint = f"Check out commit {commit[:12]} and deploy that." if commit else see
        raise FrameworkError(f"release {release} is not in the store any more, or you may not see it", hint)


def await_clearing(ground: Ground) -> None:
    """For who is on record: return when nobody clears old releases away. Raises DatabricksError when it takes long."""
    until = time.monotonic() + _PATIENCE
    while not _is_alone(ground) and (holder := holder_of(ground.client, ground.store.root)):
        if holder.gone_from_here():
            return
        if time.monotonic() > until:
            hint = "Wait until that is done, then try again."
            raise DatabricksError(f"old releases are being cleared away: {holder.described}", hint)
        time.sleep(_EVERY)


def clear_away(ground: Ground, who: str) -> None:
    """Delete old releases, after a deployment that is done: whatever goes wrong here is for the next one."""
    try:
        if ground.store.holds_more_than(RETAINED):
            with _alone(ground, who) as lock:
                ground.store.prune(RETAINED, lambda: lock is None or lock.seconds_left() > 0)
    except FrameworkError as error:
        ground.say(f"Old releases stay: {error}", warning=True)


def _is_alone(ground: Ground) -> bool:
    """Whether the place's own lock is that of the store."""
    return ground.home == ground.store.root


@contextmanager
def _alone(ground: Ground, who: str) -> Iterator[DeployLock | None]:
    if _is_alone(ground):
        yield None
        return
    listener, scratch = ground.listener, ground.scratch
    with locked(
        ground.client, ground.store.root, (), who=who, scratch=scratch, listener=listener, lease=_LEASE
    ) as lock:
        yield lock
