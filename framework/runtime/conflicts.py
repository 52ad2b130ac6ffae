"""Reading and writing again when another writer committed in between."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace

from framework.core.errors import DataError
from framework.runtime.spark_errors import is_conflict, summary
from framework.runtime.task import Outcome

RETRIES = 5
_logger = logging.getLogger("framework.conflicts")


def retried(work: Callable[[], Outcome]) -> Outcome:
    """The outcome of ``work``, which starts with its reads; begun again at most five times after a Delta conflict.

    A note in the outcome says so. Raises DataError when other writers were faster every time.
    """
    for attempt in range(RETRIES):
        try:
            return _noted(work(), attempt)
        except Exception as error:
            if not is_conflict(error):
                raise
            _pause(attempt, error)
    return _noted(_last_try(work), RETRIES)


def _noted(outcome: Outcome, again: int) -> Outcome:
    if not again:
        return outcome
    often = "once" if again == 1 else f"{again} times"
    return replace(outcome, notes=(*outcome.notes, f"another writer was faster: read and computed again {often}"))


def _pause(attempt: int, error: Exception) -> None:
    seconds = random.uniform(0.5, 1.5) * 2**attempt  # noqa: S311
    _logger.warning("another writer was faster, beginning again in %.1f s: %s", seconds, summary(error))
    time.sleep(seconds)


def _last_try(work: Callable[[], Outcome]) -> Outcome:
    try:
        return work()
    except Exception as error:
        if not is_conflict(error):
            raise
        raise DataError(
            f"other writers were faster {RETRIES + 1} times: {summary(error)}",
            "let one task at a time write this table, or give each its own slice with replace_where",
        ) from error
