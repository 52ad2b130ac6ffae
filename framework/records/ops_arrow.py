"""The types of the tables of records as Arrow has them: delta-rs appends Arrow, without a JVM."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from framework.core.ops_tables import OpsTable

if TYPE_CHECKING:
    import pyarrow as pa

_NESTED = re.compile(r"(ARRAY|MAP|STRUCT)<(.*)>")


def arrow_table(table: OpsTable, rows: list[dict[str, Any]]) -> "pa.Table":
    """``rows`` of ``table``."""
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema=arrow_schema(table))


def arrow_schema(table: OpsTable) -> "pa.Schema":
    """The columns of ``table``."""
    import pyarrow as pa

    return pa.schema([pa.field(column.name, _type(column.type)) for column in table.columns])


def _type(text: str) -> "pa.DataType":
    import pyarrow as pa

    if not (nested := _NESTED.fullmatch(text)):
        return _plain()[text]
    kind, inner = nested.groups()
    inside = list(parts(inner))
    if kind == "ARRAY":
        return pa.list_(_type(inner))
    if kind == "MAP":
        return pa.map_(*map(_type, inside))
    return pa.struct([(name, _type(of.strip())) for name, _, of in (part.partition(":") for part in inside)])


def parts(text: str) -> Iterator[str]:
    """``text`` at the commas that are in no brackets."""
    depth, begun = 0, 0
    for place, sign in enumerate(text):
        depth += (sign == "<") - (sign == ">")
        if sign == "," and not depth:
            yield text[begun:place].strip()
            begun = place + 1
    yield text[begun:].strip()


def _plain() -> dict[str, "pa.DataType"]:
    import pyarrow as pa

    return {
        "STRING": pa.string(),
        "INT": pa.int32(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us", tz="UTC"),
    }
