"""The statements that make the tables of run records in a target: pure text, to be looked at or executed."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from framework.core.ops_tables import OPS_TABLES, Column, OpsTable
from framework.runtime.registry import unity_tags

AUDIT_SCHEMA = "ops"
"""The schema of the views over all projects of a catalog."""
APPEND_ONLY = "delta.appendOnly"
"""The property of a table that keeps rows from being changed and deleted, while it is ``true``."""
_PROPERTIES = {
    APPEND_ONLY: "true",
    "delta.autoOptimize.autoCompact": "true",
    "delta.logRetentionDuration": "interval 30 days",
    "delta.deletedFileRetentionDuration": "interval 7 days",
}
_NO_PLAIN_TEXT = re.compile(r"[\x00-\x1f\x7f]")


def schema_statements(schema: str, project: str, tags: Mapping[str, str]) -> Iterator[str]:
    """Those that make ``schema`` (``prod.ops_shop``) and say whose it is."""
    comment = literal(f"What the runs of {project} did. Made by framework ops install.")
    yield f"CREATE SCHEMA IF NOT EXISTS {name(schema)} COMMENT {comment}"
    yield from _tagged("SCHEMA", schema, tags)


def table_statements(
    schema: str, table: OpsTable, there: Sequence[str] | None, tags: Mapping[str, str]
) -> Iterator[str]:
    """Those that make ``table``, or bring what is new to it; ``there`` are the columns it has, None without a table."""
    full = f"{schema}.{table.name}"
    new = [each for each in table.columns if there is not None and each.name not in there]
    if there is None:
        clustered = ", ".join(map(name, table.clustered_by))
        properties = ",\n".join(f"  {literal(key)} = {literal(value)}" for key, value in _PROPERTIES.items())
        yield (
            f"CREATE TABLE IF NOT EXISTS {name(full)} (\n{_columns(table.columns)}\n)\n"
            f"COMMENT {literal(table.comment)}\nCLUSTER BY ({clustered})\nTBLPROPERTIES (\n{properties}\n)"
        )
    elif new:
        yield f"ALTER TABLE {name(full)} ADD COLUMNS (\n{_columns(new)}\n)"
    yield from _tagged("TABLE", full, tags)


def append_only_statement(full_name: str, on: bool) -> str:
    """What lets rows of a table be deleted, or, ``on`` again, not."""
    return f"ALTER TABLE {name(full_name)} SET TBLPROPERTIES ('{APPEND_ONLY}' = '{str(on).lower()}')"


def writer_statements(schema: str, writer: str) -> Iterator[str]:
    """Those that let who the jobs run as append to the tables, and no more: they are append only."""
    yield f"GRANT USE SCHEMA ON SCHEMA {name(schema)} TO {name(writer, parts=False)}"
    for table in OPS_TABLES:
        yield f"GRANT SELECT, MODIFY ON TABLE {name(f'{schema}.{table.name}')} TO {name(writer, parts=False)}"


def audit_statements(
    catalog: str, schemas: Mapping[str, Mapping[str, Sequence[str]]], auditors: Iterable[str]
) -> Iterator[str]:
    """Those that make a view over every project's rows, each once, for ``auditors``, who need no rights on the tables.

    ``schemas`` is schema → table → its columns: one that another version made may lack some.
    """
    audit = f"{catalog}.{AUDIT_SCHEMA}"
    comment = literal("What the runs of all projects did. Made by framework ops install.")
    yield f"CREATE SCHEMA IF NOT EXISTS {name(audit)} COMMENT {comment}"
    for table in OPS_TABLES:
        each = [_selected(f"{schema}.{table.name}", table, there[table.name]) for schema, there in schemas.items()]
        query = "\nUNION ALL\n".join(each)
        full = name(f"{audit}.{table.name}")
        yield f"CREATE OR REPLACE VIEW {full} COMMENT {literal(table.comment)} AS\n{query}"
    for group in auditors:
        yield f"GRANT USE SCHEMA, SELECT ON SCHEMA {name(audit)} TO {name(group, parts=False)}"


def merge_statement(schema: str, table: OpsTable, same: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Append ``rows``, as ``new``, but for those that are the ``same`` as one ``there``."""
    columns = ", ".join(f"`{column.name}`: {column.type}" for column in table.columns)
    content = json.dumps(list(rows), default=lambda moment: moment.isoformat())
    # In base64, so that nothing in it can be a part of the statement; not every engine takes a parameter in a MERGE.
    return (
        f"MERGE INTO {name(f'{schema}.{table.name}')} AS there\n"
        f"USING (SELECT inline(from_json(CAST(unbase64('{base64.b64encode(content.encode()).decode()}') AS STRING), "
        f"'ARRAY<STRUCT<{columns}>>', map('mode', 'FAILFAST')))) AS new\n"
        f"ON {same}\nWHEN NOT MATCHED THEN INSERT *"
    )


def name(text: str, parts: bool = True) -> str:
    """``text`` in backquotes: each of its ``parts``, or as it is."""
    each = text.split(".") if parts else [text]
    return ".".join("`" + part.replace("`", "``") + "`" for part in each)


def literal(text: str) -> str:
    """``text`` in quotes, on one line."""
    plain = _NO_PLAIN_TEXT.sub(" ", text).replace("\\", "\\\\")
    return "'" + plain.replace("'", "\\'") + "'"


def _columns(columns: Iterable[Column]) -> str:
    return ",\n".join(f"  {name(each.name)} {each.type} COMMENT {literal(each.comment)}" for each in columns)


def _tagged(kind: str, full_name: str, tags: Mapping[str, str]) -> Iterator[str]:
    if tags:
        pairs = ", ".join(f"{literal(key)} = {literal(value)}" for key, value in sorted(unity_tags(tags).items()))
        yield f"ALTER {kind} {name(full_name)} SET TAGS ({pairs})"


def _selected(full_name: str, table: OpsTable, there: Sequence[str]) -> str:
    columns = (
        # Its type is that of the other projects.
        name(each.name) if each.name in there else f"NULL AS {name(each.name)}"
        for each in table.columns
    )
    apart = ", ".join(name(each) for each in table.told_apart_by if each in there)
    first = f"row_number() OVER (PARTITION BY {apart} ORDER BY {name(table.key[0])}) = 1"
    return f"SELECT {', '.join(columns)} FROM {name(full_name)} QUALIFY {first}"  # noqa: S608 - names are quoted
