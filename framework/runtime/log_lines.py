"""What a log says, as lines: one JSON object in the field names of ECS, or text for a person."""

import datetime
import json
import logging
import time
import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from framework.core.printable import printable
from framework.core.redaction import REDACTED, names_a_secret
from framework.core.task_run import TaskError
from framework.core.trace_ids import trace_id
from framework.runtime.redaction import redacted, redacted_error

ECS_VERSION = "8.17.0"
TASK_ERROR = "framework.task_error"
"""The ``extra`` of a log record that says why the task failed."""
EVENT = "framework.event"
"""The ``extra`` that holds fields of ECS's ``event``, such as ``action`` and ``outcome``."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_PLAIN = len(vars(logging.makeLogRecord({})))
_OWN = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", TASK_ERROR, EVENT))
_INDENT = "\n    "
_quoted = json.encoder.encode_basestring
"""A string as JSON, its letters as they are."""


class Event(NamedTuple):
    """One thing that is told: ``message`` is redacted, and as long as it is. ``extra`` becomes labels."""

    created: float
    level: str
    logger: str
    message: str
    provider: str = "logging"
    event: Mapping[str, Any] = _NOTHING
    error: TaskError | None = None
    extra: Mapping[str, str] = _NOTHING


def event_of(record: logging.LogRecord) -> Event:
    """What a log record tells, without its secrets."""
    known = vars(record)
    more = {name: value for name, value in known.items() if name not in _OWN} if len(known) > _PLAIN else {}
    return Event(
        created=record.created,
        level=record.levelname.lower(),
        logger=record.name,
        message=redacted(_message(record)),
        provider="warnings" if record.name == "py.warnings" else "logging",
        event=known.get(EVENT) or {},
        error=_error(record),
        extra={name: REDACTED if names_a_secret(name) else redacted(_text(value)) for name, value in more.items()},
    )


class EcsLines:
    """Events → lines of JSON. What all lines of a run have in common is written once.

    ``ids`` of the run become labels. Those named project, target, release and commit say what the service is, too.
    """

    def __init__(self, ids: Mapping[str, str]) -> None:
        labels = {name: redacted(value) for name, value in ids.items() if value}
        common = {
            "ecs.version": ECS_VERSION,
            "event.dataset": "framework.task",
            "service.name": labels.get("project", "framework"),
            "service.version": labels.get("release") or labels.get("commit"),
            "service.environment": labels.get("target"),
            "trace.id": trace_id(ids.get("project", ""), ids.get("target", ""), ids.get("job_run_id", "")),
            **{f"labels.{name}": value for name, value in labels.items()},
        }
        self._labels = frozenset(labels)
        self._common = _members({name: value for name, value in common.items() if value})
        self._moment = (0, "")

    def line(self, event: Event) -> str:
        """One line, without its end."""
        more = self._more(event) if event.error or event.extra or event.event else ""
        return (
            f'{{"@timestamp":"{self._time(event.created)}","log.level":{_quoted(event.level)},'
            f'"message":{_quoted(printable(event.message))},"log.logger":{_quoted(event.logger)},'
            f'"event.provider":"{event.provider}"{more}{self._common}}}'
        )

    def _more(self, event: Event) -> str:
        told = event.error
        error = {"type": told.type, "message": printable(told.message)} if told else {}
        # JSON writes the ends of its lines so that they end no line of the log.
        error |= {"stack_trace": "\n".join(map(printable, told.traceback.splitlines()))} if told else {}
        # A dot would make an object of a label, and labels have no such.
        labels = {name.replace(".", "_"): value for name, value in event.extra.items()}
        return _members(
            {
                **{f"event.{name}": value for name, value in event.event.items()},
                **{f"error.{name}": value for name, value in error.items() if value},
                **({"event.reason": printable(told.hint)} if told and told.hint else {}),
                # What the run is called cannot be said anew.
                **{f"labels.{name}": printable(value) for name, value in labels.items() if name not in self._labels},
            }
        )

    def _time(self, created: float) -> str:
        """The moment in UTC; that of a second is written once."""
        second, rest = divmod(int(created * 1000), 1000)
        if second != self._moment[0]:
            moment = datetime.datetime.fromtimestamp(second, datetime.UTC)
            self._moment = (second, moment.strftime("%Y-%m-%dT%H:%M:%S"))
        return f"{self._moment[1]}.{rest:03d}Z"


class ReadableLines:
    """Events → text. Each begins with its time, and what follows on further lines is indented: it is no other event."""

    def __init__(self) -> None:
        self._moment = (0, "")

    def line(self, event: Event) -> str:
        """One event, without the end of its last line."""
        second = int(event.created)
        if second != self._moment[0]:
            self._moment = (second, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second)))
        head = f"{self._moment[1]} {printable(f'{event.level.upper():<7} {event.logger}')}: "
        if not event.error and event.message.isprintable():
            return head + event.message
        error = (event.error.traceback, event.error.hint) if event.error else ()
        lines = [line for text in (event.message, *error) if text for line in text.rstrip().split("\n")]
        return head + _INDENT.join(printable(line.expandtabs(4)) for line in lines)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # of the caller: a wrong number of arguments, or a __str__ that raises
        return f"{record.msg!r} with arguments that do not fit: {type(error).__name__}: {error}"


def _error(record: logging.LogRecord) -> TaskError | None:
    told = vars(record).get(TASK_ERROR)
    if isinstance(told, TaskError):
        return redacted_error(told)
    if not record.exc_info or not record.exc_info[1]:
        return None
    error = record.exc_info[1]
    trace = redacted("".join(traceback.format_exception(error)))
    return TaskError(type(error).__name__, redacted(_text(error)), traceback=trace)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # of the caller's own class
        return f"a {type(value).__name__} that cannot be shown: {type(error).__name__}"


def _members(values: Mapping[str, Any]) -> str:
    """As they stand in an object, after others."""
    return "".join(f",{_quoted(name)}:{json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
