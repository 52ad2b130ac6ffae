"""What a notebook that another one calls has to itself in the same process, and gives back when it ends."""

import logging
import os
import re
import signal
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from framework.local.task_types.catalogs.current import CurrentCatalog
from framework.local.task_types.catalogs.names import Namespace

_logger = logging.getLogger("framework.notebook")


@contextmanager
def as_main(file: Path, root: Path) -> Iterator[ModuleType]:
    """A ``__main__`` of its own, in the directory of ``file``, which is first on the path, before ``root``."""
    before = Path.cwd(), list(sys.path), sys.modules["__main__"]
    os.chdir(file.parent)
    sys.path[:0] = dict.fromkeys((str(file.parent), str(root)))
    main = sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield main
    finally:
        folder, sys.path[:], sys.modules["__main__"] = before
        os.chdir(folder)


@contextmanager
def spark_session(current: CurrentCatalog) -> Iterator[Any]:
    """A Spark session with temporary views, settings and a current catalog of its own; what it still runs is ended."""
    from pyspark.sql.connect.session import SparkSession

    before = SparkSession.getActiveSession(), current.namespace
    child = SparkSession(_beside(os.environ["SPARK_REMOTE"]))
    # Open before it is used: an attempt's end closes the sessions that there are, and a first request might write.
    child.version  # noqa: B018
    SparkSession._active_session.session, current.namespace = child, Namespace()
    try:
        yield child
    finally:
        child.stop()
        SparkSession._active_session.session, current.namespace = before


def _beside(remote: str) -> str:
    """The URL of a new session; its user is the id of that of ``remote``, so that the engine can find and end both."""
    own = re.search(r"session_id=([^;]*)", remote)
    url = re.sub(r"user_id=[^;]*", f"user_id={own[1] if own else ''}", remote)
    return re.sub(r"session_id=[^;]*", f"session_id={uuid.uuid4()}", url)


class _Over(BaseException):
    """A time limit is over. No Exception: ``except Exception`` further in must not catch it."""


@contextmanager
def time_limit(seconds: float, path: str) -> Iterator[None]:
    """Raise TimeoutError at the end of the block, cut short after ``seconds`` (0: no limit).

    Only the main thread can be interrupted: in another one there is no limit, and the log says so.
    """
    if seconds <= 0 or threading.current_thread() is not threading.main_thread():
        if seconds > 0:
            _logger.warning("%s: no time limit of %g s, since it was not called in the main thread", path, seconds)
        yield
        return
    started, (outer, _) = time.monotonic(), signal.getitimer(signal.ITIMER_REAL)
    # A limit further out that comes first stays in charge.
    over = _Over() if not outer or seconds < outer else None
    before = _interrupting(over, seconds) if over else signal.getsignal(signal.SIGALRM)
    try:
        yield
    except _Over as reached:
        if reached is not over:
            raise
        raise TimeoutError(f"the notebook {path} did not end within {seconds:g} s") from None
    finally:
        if over:
            signal.signal(signal.SIGALRM, before)
            # One that came meanwhile comes now; 0 would switch it off.
            left = max(outer - (time.monotonic() - started), 1e-6) if outer else 0
            signal.setitimer(signal.ITIMER_REAL, left)


def _interrupting(over: _Over, seconds: float) -> Any:
    """Raise ``over`` after ``seconds``; what would have been done before."""

    def stop(*_: object) -> None:
        raise over

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    return before
