"""Rows as the statement execution API gives them: every value a string, or null; what is nested is JSON in it."""

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from framework.testing.fake_workspace.exchange import Json

if TYPE_CHECKING:
    import pyarrow as pa


_IN_ONE = 1000
"""Rows of a chunk."""


def as_result(rows: "pa.Table | None") -> Json:
    """``manifest`` and ``chunks`` of an answer; None is that of a statement that has no rows."""
    columns = [(field.name, type_text(field.type)) for field in rows.schema] if rows is not None else []
    values = [list(row.values()) for row in rows.to_pylist()] if rows is not None else []
    schema = [
        {"name": name, "position": number, "type_text": kind, "type_name": _type_name(kind)}
        for number, (name, kind) in enumerate(columns)
    ]
    array = [[_text(value, kind) for value, (_, kind) in zip(row, columns, strict=True)] for row in values]
    chunks = _chunks(array)
    return {
        "manifest": {
            "format": "JSON_ARRAY",
            "schema": {"column_count": len(schema), "columns": schema},
            "total_chunk_count": len(chunks),
            "total_row_count": len(array),
            "truncated": False,
        },
        "chunks": chunks,
    }


def _chunks(array: list[list[str | None]]) -> list[Json]:
    begins = range(0, max(len(array), 1), _IN_ONE)
    return [
        {
            "chunk_index": number,
            "row_offset": begin,
            "row_count": len(part := array[begin : begin + _IN_ONE]),
            "data_array": part,
            **({"next_chunk_index": number + 1} if begin + _IN_ONE < len(array) else {}),
        }
        for number, begin in enumerate(begins)
    ]


def type_text(kind: "pa.DataType") -> str:
    """A type of Arrow in the words of Spark SQL."""
    import pyarrow.types as of

    if of.is_map(kind):
        return f"MAP<{type_text(kind.key_type)}, {type_text(kind.item_type)}>"
    if of.is_list(kind) or of.is_large_list(kind):
        return f"ARRAY<{type_text(kind.value_type)}>"
    if of.is_struct(kind):
        return f"STRUCT<{', '.join(f'{each.name}: {type_text(each.type)}' for each in kind)}>"
    if of.is_timestamp(kind):
        return "TIMESTAMP"
    return _PLAIN.get(str(kind), "STRING")


_PLAIN = {
    "int32": "INT",
    "int64": "BIGINT",
    "uint64": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "date32[day]": "DATE",
}


def _type_name(kind: str) -> str:
    return {"BIGINT": "LONG"}.get(name := kind.partition("<")[0], name)


def _text(value: Any, kind: str) -> str | None:
    if value is None:
        return None
    if kind.startswith(("MAP", "ARRAY", "STRUCT")):
        return json.dumps(dict(value) if kind.startswith("MAP") else value, default=str)
    if isinstance(value, bool):
        return str(value).lower()
    return _moment(value) if isinstance(value, date) else str(value)


def _moment(value: date) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return value.isoformat()
