"""What a Spark error says, alike on classic Spark and Spark Connect, from pyspark 3.5 to 4.2.

The same failure arrives as ``Py4JJavaError`` (3.5), as a captured exception with a Java cause (4.x classic), or as a
Connect exception whose cause stands only in the server's stack trace. So the text of the whole chain is searched.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from framework.runtime.redaction import redacted

_UNRESOLVED = re.compile(
    r"with name `(?P<name>.+?)` cannot be resolved(?:.*?Did you mean one of the following\? \[(?P<near>[^\]]*)\])?",
    re.S,
)
_NOT_IN_FRAME = re.compile(r'Cannot resolve dataframe column "(?P<name>[^"]+)"')
_WORKER = re.compile(r"(Traceback \(most recent call last\):\n(?:.*\n)*?)(?P<last>[A-Za-z_][\w.]*(?:: .*)?)(?:\n|$)")
_CONFLICT = re.compile(
    r"\b(?:Concurrent(?:Append|DeleteRead|DeleteDelete|Write|Transaction)|ProtocolChanged|MetadataChanged)Exception\b"
    r"|\[DELTA_(?:CONCURRENT_(?!MODIF)\w+|PROTOCOL_CHANGED|METADATA_CHANGED)"
)
_MISSING_TABLE = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "DELTA_TABLE_NOT_FOUND")


@dataclass(frozen=True)
class UnresolvedColumn:
    """A column that a query asks for in vain. ``near`` are the closest ones that exist, ``place`` is file:line."""

    name: str
    near: tuple[str, ...]
    place: str


def is_spark_error(error: BaseException) -> bool:
    """Whether Spark raised ``error``, and not the project's own Python."""
    return type(error).__module__.startswith(("pyspark.", "py4j.", "delta."))


def summary(error: BaseException) -> str:
    """The first line of what ``error`` says, without plans, stack traces and secrets."""
    # Redacted before it is cut: half a secret would not be found.
    said = redacted(full_text(error)) if is_spark_error(error) else ""
    found = re.search(r"\[[A-Z][A-Z0-9_.]+\] [^\n]+", said)
    text = found[0] if found else (redacted(str(error)).strip().splitlines() or [""])[0]
    return text if len(text) <= 500 else text[:497] + "…"


def unresolved_column(error: BaseException) -> UnresolvedColumn | None:
    """The column that cannot be resolved, when that is what ``error`` is about."""
    if not is_spark_error(error):
        return None
    text = full_text(error)
    if not (found := _UNRESOLVED.search(text) or _NOT_IN_FRAME.search(text)):
        return None
    near = found.groupdict().get("near") or ""
    return UnresolvedColumn(found["name"].replace("`", ""), tuple(re.findall(r"`([^`]+)`", near)), _call_site(error))


def worker_error(error: BaseException) -> tuple[str, str] | None:
    """What Python code on a worker raised, as (traceback, last line), when that is the cause of ``error``."""
    if not is_spark_error(error) or not (found := _WORKER.search(redacted(full_text(error)))):
        return None
    return found[1] + found["last"], found["last"]


def is_missing_table(error: BaseException) -> bool:
    """Whether a table, or its schema, does not exist."""
    return is_spark_error(error) and any(f"[{name}" in full_text(error) for name in _MISSING_TABLE)


def is_missing_schema(error: BaseException, schema: str) -> bool:
    """Whether ``schema`` does not exist, and that is what ``error`` is about."""
    if not is_spark_error(error):
        return False
    return bool(re.search(rf"\[SCHEMA_NOT_FOUND\][^\n]*`{re.escape(schema)}`", full_text(error)))


def is_conflict(error: BaseException) -> bool:
    """Whether another writer committed in between, so that reading and writing again may succeed."""
    return is_spark_error(error) and bool(_CONFLICT.search(full_text(error)))


def marked(error: BaseException, marker: str) -> Any:
    """The JSON value that a check of ours wrote after ``marker`` into the error that it raised; or None."""
    _, found, rest = full_text(error).partition(marker)
    return json.JSONDecoder().raw_decode(rest)[0] if found else None


def full_text(error: BaseException) -> str:
    """All that ``error`` and its causes say, on either side of the wire."""
    return "\n".join(dict.fromkeys(_texts(error)))


def _texts(error: BaseException) -> Iterator[str]:
    yield str(error)
    for name in ("_stackTrace", "_stacktrace"):
        yield str(getattr(error, name, None) or "")
    yield from _java_messages(getattr(error, "_origin", None))
    cause = error.__cause__ or getattr(error, "_cause", None)
    if isinstance(cause, BaseException):
        yield from _texts(cause)


def _java_messages(throwable: Any) -> Iterator[str]:
    while throwable is not None:
        yield str(throwable.getMessage() or "")
        throwable = throwable.getCause()


def _call_site(error: BaseException) -> str:
    """Where the project's code named the column; pyspark 3.5 does not know."""
    for context in getattr(error, "getQueryContext", list)() or []:
        if hasattr(context, "callSite") and str(context.contextType()).endswith("DataFrame"):
            return str(context.callSite()).strip().splitlines()[0]
    return ""
