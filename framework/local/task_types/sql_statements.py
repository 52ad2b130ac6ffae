"""SQL of a file or a notebook's cell: parameters filled in, statements run one after the other."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from framework.core.errors import FrameworkError, ProjectCodeError
from framework.local.task_types.catalogs.scripts import statements
from framework.local.task_types.catalogs.tokens import tokens
from framework.runtime import spark_errors

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_ASKING = {"SELECT", "VALUES", "TABLE", "FROM", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "WITH", "(", "BEGIN"}
_MARKER = re.compile(r":([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Statement:
    """One statement and where it stands."""

    text: str
    file: str
    line: int

    @property
    def headline(self) -> str:
        """Its first line, for logs."""
        first, _, more = self.text.partition("\n")
        return first.strip()[:120] + (" …" if more.strip() else "")

    @property
    def asks(self) -> bool:
        """Whether it is there for the rows that it returns, and not for what it changes."""
        words = [token.word for token in tokens(self.text)]
        writes = not {("INSERT", "INTO"), ("INSERT", "OVERWRITE")}.isdisjoint(pairwise(words))
        return words[0] in _ASKING and not (writes and words[0] in ("WITH", "FROM"))


def parse(text: str, file: str, line: int) -> list[Statement]:
    """The statements of a text that begins on ``line`` of ``file``. Raises FrameworkError when it is no SQL at all."""
    try:
        return [Statement(sql, file, line + text.count("\n", 0, start)) for start, sql in statements(text)]
    except ValueError as error:
        raise FrameworkError(
            f"{file}:{line}: this SQL cannot be read: {error}", "is a quote or comment open?"
        ) from None


def fill(text: str, pattern: re.Pattern[str], values: Mapping[str, str]) -> str:
    """``text`` with each match of ``pattern`` (its first group that matched is a name) replaced by the value."""

    def value(found: re.Match[str]) -> str:
        name = next(group for group in found.groups() if group)
        return values.get(name, found[0])

    return pattern.sub(value, text)


def run(spark: Any, every: list[Statement], values: Mapping[str, str]) -> "Iterator[tuple[Statement, DataFrame]]":
    """Run the statements and give each with its result. Raises ProjectCodeError with the statement's text."""
    for statement in every:
        given = {name: values[name] for name in _MARKER.findall(statement.text) if name in values}
        yield statement, blamed(statement, lambda s=statement, g=given: spark.sql(s.text, args=g or None))  # type: ignore[misc]


def blamed(statement: Statement, work: Callable[[], Any]) -> Any:
    """``work()``; what it raises becomes a ProjectCodeError of ``statement``."""
    try:
        return work()
    except FrameworkError as error:
        raise ProjectCodeError(f"{statement.file}:{statement.line}: {error.message}", error.hint) from None
    except Exception as error:
        summary = spark_errors.summary(error) or type(error).__name__
        text = "\n".join(statement.text.splitlines()[:20])
        raise ProjectCodeError(f"{statement.file}:{statement.line}: {summary}", _hint(error), text) from error


def _hint(error: Exception) -> str:
    if (column := spark_errors.unresolved_column(error)) and column.near:
        return f"closest columns: {', '.join(column.near)}"
    return ""
