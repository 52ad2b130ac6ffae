"""Values of a SQL warehouse: it gives strings for everything, and JSON in a string for what is nested."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from framework.records.ops_arrow import parts

_NESTED = re.compile(r"(ARRAY|MAP|STRUCT)<(.*)>", re.IGNORECASE | re.DOTALL)


def decoded(value: str | None, kind: str) -> Any:
    """``value`` of a column of type ``kind``, in Spark SQL; moments are in UTC.

    Raises ValueError for a value of another type.
    """
    if value is None:
        return None
    return converted(json.loads(value) if _NESTED.fullmatch(kind) else value, kind)


def converted(value: Any, kind: str) -> Any:
    """The same of a value in JSON, whose numbers may be strings."""
    if value is None:
        return None
    if not (nested := _NESTED.fullmatch(kind.strip())):
        return _PLAIN.get(kind.strip().upper(), str)(value)
    inner = list(parts(nested[2]))
    match nested[1].upper():
        case "ARRAY":
            return [converted(each, nested[2]) for each in value]
        case "MAP":
            return {str(key): converted(each, inner[1]) for key, each in value.items()}
        case _:
            fields = (part.partition(":") for part in inner)
            return {name.strip("` "): converted(value.get(name.strip("` ")), of) for name, _, of in fields}


def _bool(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(str(value))
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "INT": int,
    "BIGINT": int,
    "LONG": int,
    "FLOAT": float,
    "DOUBLE": float,
    "BOOLEAN": _bool,
    "DATE": lambda value: date.fromisoformat(str(value)[:10]),
    "TIMESTAMP": _moment,
}
