"""The values of ``:name`` and ``?`` written into a statement as literals.

Spark would do it itself, but the parser that Delta puts in front of Spark's drops what is given beside the text.
"""

import datetime
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from framework.core.errors import FrameworkError
from framework.local.task_types.catalogs.tokens import Token, quoted, tokens

_DAY_ZERO = datetime.date(1970, 1, 1)
_TIME_ZERO = datetime.datetime(1970, 1, 1)


def install() -> None:
    """Bind what is given to ``spark.sql`` in this process from now on."""
    from pyspark.sql.connect import plan

    original: Any = plan.SQL.__init__

    def with_literals(self: Any, query: str, args: Any = None, named_args: Any = None, views: Any = None) -> None:
        if args or named_args:
            named = {name: literal(column) for name, column in (named_args or {}).items()}
            query = bound(query, named, [literal(column) for column in args or ()])
        original(self, query, [], {}, views)

    plan.SQL.__init__ = with_literals


def bound(sql: str, named: Mapping[str, str], positional: Sequence[str]) -> str:
    """``sql`` with literals for its markers; one without a value stays, for Spark to refuse."""
    try:
        every = tokens(sql)
    except ValueError:
        return sql
    for start, end, text in reversed(list(_edits(every, named, positional))):
        # Two minus signs side by side would begin a comment.
        apart = " " if text.startswith("-") and sql[:start].endswith("-") else ""
        sql = sql[:start] + apart + text + sql[end:]
    return sql


def literal(column: Any) -> str:
    """What ``functions.lit`` has made, as SQL. Raises FrameworkError when it is no value."""
    return _written(column._expr)


def _written(expression: Any) -> str:
    if function := _COLLECTIONS.get(getattr(expression, "_name", "")):
        return f"{function}({', '.join(map(_written, expression._args))})"
    kind = expression._dataType.typeName() if hasattr(expression, "_value") else ""
    if kind and expression._value is None:
        return "NULL"
    if write := _WRITE.get(kind.partition("(")[0]):
        return write(expression._value)
    if kind in ("integer", "byte", "short", "long"):
        return f"{expression._value}L" if kind == "long" else str(expression._value)
    raise FrameworkError(
        "a parameter of this SQL is no value", "a local run takes text, numbers, dates, times, and arrays of them"
    )


def _double(value: float) -> str:
    return f"{value!r}D" if math.isfinite(value) else f"CAST('{value}' AS DOUBLE)"


def _timestamp(value: int) -> str:
    return f"TIMESTAMP'{_TIME_ZERO + datetime.timedelta(microseconds=value)}"


_WRITE: Mapping[str, Callable[[Any], str]] = {
    "string": quoted,
    "boolean": lambda value: str(value).lower(),
    "double": _double,
    "float": _double,
    "decimal": lambda value: f"{value:f}BD",
    "binary": lambda value: f"X'{bytes(value).hex()}'",
    "date": lambda value: f"DATE'{_DAY_ZERO + datetime.timedelta(days=value)}'",
    "timestamp": lambda value: f"{_timestamp(value)}Z'",
    "timestamp_ntz": lambda value: f"TIMESTAMP_NTZ{_timestamp(value).removeprefix('TIMESTAMP')}'",
}

_COLLECTIONS = {"array": "ARRAY", "map": "MAP", "struct": "STRUCT", "named_struct": "NAMED_STRUCT"}


def _edits(
    every: Sequence[Token], named: Mapping[str, str], positional: Sequence[str]
) -> Iterator[tuple[int, int, str]]:
    rest = iter(positional)
    for index, token in enumerate(every):
        if token.word in ("?", "?::"):
            if (value := next(rest, None)) is not None:
                yield token.start, token.start + 1, value
        elif token.word == ":" and index + 1 < len(every) and _is_marker(every, index):
            name = every[index + 1]
            if name.value in named:
                yield token.start, name.end, named[name.value]


def _is_marker(every: Sequence[Token], index: int) -> bool:
    """Whether a colon begins a marker; in ``a:b`` and ``STRUCT<a: INT>`` it does not."""
    colon, before = every[index], every[index - 1] if index else None
    begins = before is None or before.end < colon.start or not (before.value[-1:].isalnum() or before.value in "_)]")
    return begins and every[index + 1].start == colon.end
