"""What the columns of a written table mean, as comments that everybody sees."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from framework.core.errors import DataError
from framework.runtime.predicates import literal, quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_COMMENT = "comment"


def with_comments(frame: "DataFrame", comments: Mapping[str, str], table: str) -> "DataFrame":
    """``frame``, which makes a table with ``comments`` on its columns. Raises DataError when it lacks one of them."""
    if not comments:
        return frame
    from pyspark.sql import functions as F

    if missing := [column for column in comments if column not in frame.columns]:
        names = ", ".join(frame.columns)
        raise DataError(f"{table}: comments names '{missing[0]}', which the rows lack; they have {names}")
    commented = []
    for field in frame.schema.fields:
        said = {_COMMENT: comments[field.name]} if field.name in comments else {}
        commented.append(F.col(quoted(field.name)).alias(field.name, metadata={**field.metadata, **said}))
    return frame.select(*commented)


def put_on(table: str, comments: Mapping[str, str], spark: "SparkSession") -> None:
    """Change those comments of ``table`` that differ: a table that keeps its columns keeps their comments, too."""
    there = {field.name: field.metadata.get(_COMMENT) for field in spark.table(table).schema.fields} if comments else {}
    for column, text in comments.items():
        if there.get(column) != text:
            spark.sql(f"ALTER TABLE {table} ALTER COLUMN {quoted(column)} COMMENT {literal(text)}")
