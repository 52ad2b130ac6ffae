"""Logs of an attempt: readable lines on stderr and, in the outbox, JSON lines in the field names of ECS."""

import datetime
import json
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from framework.runtime.run_records import outbox

_NOISY = ("py4j", "pyspark", "mlflow", "alembic", "sqlalchemy", "urllib3", "git", "matplotlib")


def quiet_spark() -> None:
    """Stop pyspark 4 from logging each analysis error with the server's whole stack: the record says it better."""
    try:
        from pyspark.logger import PySparkLogger
    except ImportError:
        return
    for name in ("DataFrameQueryContextLogger", "SQLQueryContextLogger"):
        PySparkLogger.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def captured(service: str, labels: Mapping[str, str]) -> Iterator[None]:
    """Send what is logged in this block to stderr and to the outbox's ``log.jsonl``, with ``labels`` on each line."""
    root = logging.getLogger()
    level, handlers = root.level, _handlers(service, labels)
    root.setLevel(logging.INFO)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    finally:
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


class EcsFormatter(logging.Formatter):
    """One JSON object a line: ``@timestamp``, ``log.level``, ``message``, ``service``, ``labels``, ``error``."""

    def __init__(self, service: str, labels: Mapping[str, str]) -> None:
        super().__init__()
        self._service = service
        self._labels = dict(labels)

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line = {
            "@timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "log.level": record.levelname.lower(),
            "message": record.getMessage(),
            "log": {"logger": record.name},
            "service": {"name": self._service},
            "labels": self._labels,
        }
        return json.dumps(line | _error(record), ensure_ascii=False, default=str)


def _handlers(service: str, labels: Mapping[str, str]) -> list[logging.Handler]:
    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    if not (directory := outbox()):
        return [console]
    directory.mkdir(parents=True, exist_ok=True)
    lines = logging.FileHandler(directory / "log.jsonl", encoding="utf-8", errors="backslashreplace")
    lines.setFormatter(EcsFormatter(service, labels))
    return [console, lines]


def _error(record: logging.LogRecord) -> dict[str, object]:
    if not record.exc_info or not record.exc_info[1]:
        return {}
    error = record.exc_info[1]
    text = "".join(traceback.format_exception(error))
    return {"error": {"type": type(error).__name__, "message": str(error), "stack_trace": text}}
