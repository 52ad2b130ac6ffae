"""Ctrl-C during a run."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from framework.local.scheduler import Scheduler


@contextmanager
def interrupting(scheduler: Scheduler) -> Iterator[None]:
    """Ctrl-C cancels the run in good order; a second one leaves at once, and the engine then kills what is left."""

    def on_interrupt(number: int, frame: object) -> None:
        # Raising here could lose a message of the engine that is just being read.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        scheduler.interrupt()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
