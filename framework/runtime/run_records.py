"""Where an attempt's record goes: a file in the outbox of whoever started the attempt, or else one line of the log."""

import logging
import os
from pathlib import Path

from framework.core import durable
from framework.core.task_run import AttemptRecord

OUTBOX = "FRAMEWORK_OUTBOX"
"""The environment variable that names the attempt's directory."""
RECORD_LINE = "attempt record: "
"""What stands before the record in a log."""

_logger = logging.getLogger("framework.records")


def outbox() -> Path | None:
    """The attempt's directory, when it was given one."""
    return Path(directory) if (directory := os.environ.get(OUTBOX)) else None


def write(record: AttemptRecord) -> None:
    """Keep ``record``: whole and on disk when this returns, or not there at all."""
    if directory := outbox():
        durable.keep(directory / "record.json", record.to_json())
    else:
        _logger.info("%s%s", RECORD_LINE, record.to_json())
