"""Where an attempt's record goes: a file in the outbox of whoever started the attempt, or else one line of the log."""

import logging
import os
from pathlib import Path

from framework.core import durable
from framework.core.errors import FrameworkError
from framework.core.task_run import AttemptRecord
from framework.runtime import record_rows

OUTBOX = "FRAMEWORK_OUTBOX"
"""The environment variable that names the attempt's directory."""
RECORD_LINE = "attempt record: "
"""What stands before the record in a log."""

_FILE = "record.json"
_logger = logging.getLogger("framework.records")


def outbox() -> Path | None:
    """The attempt's directory, when a local run gave it one; on Databricks nobody reads such a directory."""
    directory = "" if on_databricks() else os.environ.get(OUTBOX)
    return Path(directory) if directory else None


def on_databricks() -> bool:
    """Whether this process runs on a cluster or on serverless compute."""
    return "DATABRICKS_RUNTIME_VERSION" in os.environ


def is_written() -> bool:
    """Whether the attempt has left its record already."""
    directory = outbox()
    return directory is not None and (directory / _FILE).is_file()


def write(record: AttemptRecord, ops_schema: str = "") -> None:
    """Keep ``record``: whole and on disk when this returns. Raises FrameworkError when it is not there at all.

    Without an outbox it goes to the log, and as a row to the table in ``ops_schema``, if there is one.
    """
    if directory := outbox():
        try:
            durable.keep(directory / _FILE, record.to_json())
        except OSError as error:
            raise FrameworkError(
                f"the task came to {record.result}, and its record cannot be written: {error}",
                "is the disk full? Make room, then run the task again",
            ) from error
    else:
        _logger.info("%s%s", RECORD_LINE, record.to_json())
        if ops_schema:
            record_rows.append(record, ops_schema)
