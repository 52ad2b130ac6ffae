"""The same work on several values at a time, in copies of this process."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

from framework.core.errors import FrameworkError

_V = TypeVar("_V")
_R = TypeVar("_R")
_FAILED = "failed"
_given: tuple[Callable[[Any], Any], Sequence[Any]] = (lambda value: value, ())


def each(work: Callable[[_V], _R], values: Sequence[_V]) -> list[_R]:
    """``work`` of each of ``values``, in their order; it must change nothing outside of itself.

    Values and work are there in the copies without being sent; only results are, so they have to be small beside the
    work. Raises what ``work`` raises.
    """
    count = min(os.cpu_count() or 1, len(values))
    if count < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return [work(value) for value in values]
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(count, context, initializer=_take, initargs=(work, values)) as pool:
        found = list(pool.map(_done, range(len(values))))
    # What failed is done once more here, where its error can be raised as it is.
    return [work(value) if result == _FAILED else result for value, result in zip(values, found, strict=True)]


def _take(work: Callable[[Any], Any], values: Sequence[Any]) -> None:
    global _given  # noqa: PLW0603 - the only way to what a copy has at its beginning
    _given = (work, values)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ^C is for the first process, which ends the others


def _done(index: int) -> Any:
    work, values = _given
    try:
        return work(values[index])
    except FrameworkError:
        return _FAILED
