"""What is told of an attempt elsewhere, in OTLP and OpenLineage: off until the target says where to.

Nothing here can fail a task, nor hold it up for more than ``SECONDS`` at its end.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from framework.core.task_run import AttemptRecord, TaskRun
from framework.runtime import provenance
from framework.runtime.arguments import Arguments
from framework.runtime.log_lines import Event
from framework.runtime.run_records import outbox
from framework.runtime.secrets import secret
from framework.runtime.telemetry.courier import Courier, Endpoint, Started
from framework.runtime.telemetry.lineage import LineageEndpoint
from framework.runtime.telemetry.otlp import SIGNALS, OtlpEndpoint

SECONDS = 2.0
"""How long the end of an attempt waits for deliveries."""

_SECRET = re.compile(r"\{\{\s*secrets/([\w.@-]+)/([\w.@-]+)\s*\}\}")
_NOT_OURS = ("opentelemetry", "openlineage", "urllib3", "requests")

_logger = logging.getLogger("framework.telemetry")
Listen = Callable[[Callable[[Event], None]], object]


class Telemetry:
    """The telling of one attempt."""

    def __init__(self, couriers: Sequence[Courier] = ()) -> None:
        self._couriers = couriers
        self._is_over = False

    def begin(self, told: Started) -> None:
        """Tell that it has begun."""
        for courier in self._couriers:
            courier.tell(told, urgent=True)

    def hear(self, event: Event) -> None:
        """Tell a line of the log, but for what the delivery itself logs."""
        if not self._is_over and not event.logger.startswith(_NOT_OURS):
            for courier in self._couriers:
                courier.hear(event)

    def ended(self, record: AttemptRecord) -> None:
        """Tell how it ended, and wait until that has arrived, or until it is time to give up."""
        self._is_over = True
        until = time.monotonic() + SECONDS
        for courier in self._couriers:
            courier.tell(record)
            courier.last_call()
        for courier in self._couriers:
            try:
                courier.close(max(until - time.monotonic(), 0))
            except Exception as error:
                _logger.warning("not all of this attempt was told: %s", error)


OFF = Telemetry()
"""That of an attempt of which nothing is told."""


def started(task: TaskRun, given: Arguments, started_at: str, listen: Listen) -> Telemetry:
    """Tell that the attempt has begun, and from here on what its log says: ``listen`` is given who hears that."""
    if not task.telemetry:
        return OFF
    try:
        origin = provenance.origin_of(Path(given.plan))
        ids = (given.job_run_id, given.task_run_id, given.attempt)
        told = Started(task, *ids, started_at, origin.release or origin.commit)
        telemetry = Telemetry([Courier(endpoint, outbox()) for endpoint in _endpoints(told)])
        telemetry.begin(told)
        listen(telemetry.hear)
        return telemetry
    except Exception as error:
        _logger.warning("nothing of this attempt is told, its telemetry is not set up: %s", error)
        return OFF


def _endpoints(told: Started) -> Iterator[Endpoint]:
    settings = told.task.telemetry
    if otlp := settings.get("otlp"):
        yield OtlpEndpoint(dict(_addresses(otlp)), partial(_headers, otlp), told)
    if lineage := settings.get("openlineage"):
        yield LineageEndpoint(lineage, partial(_headers, lineage), told)


def _addresses(otlp: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for signal in SIGNALS:
        if whole := otlp.get(f"{signal}_endpoint"):
            yield signal, whole
        elif base := otlp.get("endpoint"):
            yield signal, f"{base.rstrip('/')}/v1/{signal}"


def _headers(section: Mapping[str, Any]) -> dict[str, str]:
    """Looked up in the courier's thread: a secret scope may be slow, too."""
    headers = section.get("headers") or {}
    return {name: _SECRET.sub(lambda found: secret(*found.groups()), value) for name, value in headers.items()}
