"""The rows that were written, beside those that are written again, through a SQL warehouse."""

from collections.abc import Iterator, Sequence

from framework.deploy.ops_statements import literal, name
from framework.deploy.sql_warehouse import SqlWarehouse
from framework.trace.reproduced.written import Compared, Written, differing, is_loose

_ALL = "SELECT * FROM "


def prepare(warehouse: SqlWarehouse, schema: str, tables: Sequence[Written]) -> None:
    """Make an empty ``schema``, with the tables to which rows are added: these keep the types of their columns.

    Raises DatabricksError.
    """
    drop(warehouse, schema)
    comment = literal("What framework reproduce made again. It may be dropped.")
    needs = f"CREATE SCHEMA on the catalog {schema.partition('.')[0]}"
    warehouse.rows(f"CREATE SCHEMA {name(schema)} COMMENT {comment}", f"make the schema {schema}", needs=needs)
    for each in (each for each in tables if each.part != "all"):
        statement = f"CREATE TABLE {name(each.scratch)} AS {_at(each, each.version)} LIMIT 0"
        warehouse.rows(statement, f"make {each.scratch}", needs=f"SELECT on {each.table}")


def drop(warehouse: SqlWarehouse, schema: str) -> None:
    """Drop ``schema`` and all in it, unless it is not there. Raises DatabricksError."""
    statement = f"DROP SCHEMA IF EXISTS {name(schema)} CASCADE"
    warehouse.rows(statement, f"drop the schema {schema}", needs=f"to own {schema}")


def compared(warehouse: SqlWarehouse, written: Written) -> Compared:
    """The columns and rows of a table, then and now. Raises DatabricksError."""
    then, now = _at(written, written.version), f"{_ALL}{name(written.scratch)}"
    before, after = _types(warehouse, then, written.table), _types(warehouse, now, written.scratch)
    columns = differing(before, after)
    # Of columns that differ, rows are only counted.
    row = "1" if columns else f"struct({', '.join(_comparable(before))})"
    sides = [(then, 1, 0), (now, 0, 1)]
    if written.part == "added" and written.version:
        sides.append((_at(written, written.version - 1), -1, 0))
    elif written.part not in ("all", "added"):
        sides[0] = (f"{then} WHERE {written.part}", 1, 0)
    (found,) = warehouse.rows(_counting(sides, row), f"compare {written.table} with {written.scratch}")
    return Compared(then=found["then"], now=found["now"], columns=columns) if columns else Compared(**found)


def _counting(sides: Sequence[tuple[str, int, int]], row: str) -> str:
    """In one pass: how often each row is there, then (``a``) and now (``b``), as each query of ``sides`` counts it."""
    each = " UNION ALL ".join(f"SELECT {row} AS r, {a} AS a, {b} AS b FROM ({query})" for query, a, b in sides)  # noqa: S608
    like = f"SELECT greatest(sum(a), 0) AS a, sum(b) AS b FROM ({each}) GROUP BY r"  # noqa: S608 - names are quoted
    sums = {"then": "a", "now": "b", "only_then": "greatest(a - b, 0)", "only_now": "greatest(b - a, 0)"}
    wanted = (f"CAST(coalesce(sum({of}), 0) AS BIGINT) AS `{each}`" for each, of in sums.items())
    return f"SELECT {', '.join(wanted)} FROM ({like})"  # noqa: S608


def _types(warehouse: SqlWarehouse, query: str, table: str) -> dict[str, str]:
    found = warehouse.rows(f"DESCRIBE QUERY {query}", f"look at {table}", needs=f"SELECT on {table}")
    return {str(row["col_name"]): str(row["data_type"]) for row in found}


def _at(written: Written, version: int) -> str:
    return f"{_ALL}{name(written.table)} VERSION AS OF {version}"


def _comparable(types: dict[str, str]) -> Iterator[str]:
    for each, kind in types.items():
        column = name(each, parts=False)
        yield f"to_json(struct({column}))" if is_loose(kind) else column
