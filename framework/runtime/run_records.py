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

_FILE = "record.json"
_logger = logging.getLogger("framework.records")


def outbox() -> Path | None:
    """The attempt's directory, when it was given one."""
    return Path(directory) if (directory := os.environ.get(OUTBOX)) else None


def is_written() -> bool:
    """Whether the attempt has left its record already."""
    directory = outbox()
    return directory is not None and (directory / _FILE).is_file()


def write(record: AttemptRecord) -> None:
    """Keep ``record``: whole and on disk when this returns, or not there at all."""
    if directory := outbox():
        durable.keep(directory / _FILE, record.to_json())
    else:
        _logger.info("%s%s", RECORD_LINE, record.to_json())
