"""Logs of an attempt: what is logged, warned of and printed, without secrets, for a person and as JSON lines of ECS."""

import logging
import operator
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO, cast

from framework.core.printable import printable_lines
from framework.core.task_run import AttemptRecord, TaskError
from framework.runtime import redaction
from framework.runtime.log_lines import EVENT, TASK_ERROR, EcsLines, Event, ReadableLines, event_of
from framework.runtime.printed import PrintedLines
from framework.runtime.run_records import outbox

FORMAT = "FRAMEWORK_LOG_FORMAT"
"""The environment variable that says ``json`` when stdout and stderr shall be JSON lines in a local run, too."""
LINES = "log.jsonl"
"""The file of JSON lines in the outbox."""
_NOISY = ("py4j", "pyspark", "mlflow", "alembic", "sqlalchemy", "urllib3", "git", "matplotlib")

_logger = logging.getLogger("framework.runtime")


def quiet_spark() -> None:
    """Stop pyspark 4 from logging each analysis error with the server's whole stack: the record says it better."""
    try:
        from pyspark.logger import PySparkLogger
    except ImportError:
        return
    for name in ("DataFrameQueryContextLogger", "SQLQueryContextLogger"):
        PySparkLogger.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def captured(labels: Mapping[str, str]) -> Iterator["TaskLog"]:
    """Send what is logged, warned of and printed in this block to the attempt's log, with ``labels`` on each line.

    On a cluster, where there is no outbox, stdout and stderr are JSON lines; else they are for a person to read, and
    the JSON lines go to the outbox. What is secret by its name in the environment is redacted from here on.
    """
    redaction.keep_secrets_of(os.environ)
    log = TaskLog(labels, outbox())
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    with ExitStack() as stack:
        stack.callback(log.finish)
        stack.callback(root.setLevel, level)
        for handler in _that_write_to_streams(root):
            # They would write the same a second time, and its secrets with it.
            root.removeHandler(handler)
            stack.callback(root.addHandler, handler)
        stack.callback(root.removeHandler, log)
        root.addHandler(log)
        for name, redirect in (("stdout", redirect_stdout), ("stderr", redirect_stderr)):
            printed = PrintedLines(getattr(sys, name), log.teller(name))
            stack.callback(printed.finish)
            stack.enter_context(redirect(cast(TextIO, printed)))
        stack.callback(setattr, warnings, "showwarning", warnings.showwarning)
        warnings.showwarning = _show_warning
        yield log


def failed(error: TaskError) -> None:
    """Log why the attempt fails."""
    _logger.error("%s", error.message, extra={TASK_ERROR: error})


def ended(record: AttemptRecord) -> None:
    """Log how the attempt ended."""
    moments = (datetime.fromisoformat(each) for each in (record.ended_at, record.started_at))
    event = {
        "action": "task-ended",
        "outcome": "success" if record.result == "SUCCESS" else "failure",
        "duration": int(operator.sub(*moments).total_seconds() * 1e9),
    }
    _logger.info("task '%s' ended: %s", record.task_key, record.result, extra={EVENT: event})


class TaskLog(logging.Handler):
    """Writes each event once as text and once as JSON, or only as that. A log that cannot be written ends no task."""

    def __init__(self, labels: Mapping[str, str], directory: Path | None) -> None:
        super().__init__()
        self._labels = dict(labels)
        self._ecs = EcsLines(labels)
        self._streams = {"stdout": sys.stdout, "stderr": sys.stderr}
        self._readable = None if directory is None or os.environ.get(FORMAT) == "json" else ReadableLines()
        self._file = None if directory is None else _opened(directory / LINES)
        self._listeners: list[Callable[[Event], None]] = []

    def label(self, **labels: str) -> None:
        """Put more on each line from now on."""
        self._labels |= labels
        self._ecs = EcsLines(self._labels)

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Hand each event to ``listener``, too."""
        self._listeners.append(listener)

    def emit(self, record: logging.LogRecord) -> None:
        """One record of ``logging``; never raises."""
        with suppress(Exception):
            self._tell(event_of(record), "stderr")

    def teller(self, stream: str) -> Callable[[str], None]:
        """What tells of lines that were printed to ``stream``."""

        def tell(text: str) -> None:
            text = redaction.redacted(text)
            if self._readable:
                self._write(stream, printable_lines(text))
            for line in text.replace("\r", "\n").split("\n"):
                if line.strip():
                    event = Event(time.time(), "info", stream, line.rstrip(), provider="print")
                    self._tell(event, stream, printed=True)

        return tell

    def finish(self) -> None:
        """Close the file. Not ``close``: code that sets up its own logging closes the handlers that it finds."""
        # Forgotten first: a thread that goes on must not write to what has its number next.
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _tell(self, event: Event, stream: str, printed: bool = False) -> None:
        for listener in self._listeners:
            with suppress(Exception):
                listener(event)
        line = self._ecs.line(event) + "\n"
        if self._file is not None:
            with suppress(OSError):
                os.write(self._file, line.encode("utf-8", "backslashreplace"))
        if self._readable is None:
            self._write(stream, line)
        elif not printed:
            self._write(stream, self._readable.line(event) + "\n")

    def _write(self, stream: str, text: str) -> None:
        with suppress(OSError, ValueError):
            self._streams[stream].write(text)
            self._streams[stream].flush()


def _that_write_to_streams(root: logging.Logger) -> list[logging.Handler]:
    streams = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return [each for each in root.handlers if isinstance(each, logging.StreamHandler) and each.stream in streams]


def _opened(file: Path) -> int | None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError:
        return None


def _show_warning(  # noqa: PLR0917 - as Python calls it
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if file is not None:
        file.write(warnings.formatwarning(message, category, filename, lineno, line))
        return
    logging.getLogger("py.warnings").warning("%s: %s (%s:%d)", category.__name__, message, filename, lineno)
