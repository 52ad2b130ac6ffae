"""What is executed: the shapes of statement that the framework makes. Anything else is a syntax error."""

import base64
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.core.ops_tables import Column
from framework.deploy.sql_values import converted
from framework.testing.fake_workspace.access import require_privileges
from framework.testing.fake_workspace.api import privileges, securables
from framework.testing.fake_workspace.exchange import Principal, Refused
from framework.testing.fake_workspace.sql import queries, tables
from framework.testing.fake_workspace.sql.results import type_text
from framework.testing.fake_workspace.sql.words import NAME, TEXT, columns_in, pairs_in, plain_name, plain_text
from framework.testing.fake_workspace.state import State

if TYPE_CHECKING:
    import pyarrow as pa

Parameters = Mapping[str, str | None]


class Failed(Exception):
    """A statement that cannot be executed: the ``code`` of the API, and what the warehouse says."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class _Session:
    state: State
    principal: Principal
    parameters: Parameters


def execute(state: State, principal: Principal, text: str, parameters: Parameters) -> "pa.Table | None":
    """The rows of a statement, None when it is of a kind that has none. Raises Failed."""
    from deltalake.exceptions import DeltaError

    session = _Session(state, principal, parameters)
    for shape, does in _SHAPES:
        if match := shape.fullmatch(text.strip().rstrip(";")):
            try:
                return does(session, match)
            except Refused as refused:
                told = "[INSUFFICIENT_PERMISSIONS] " if refused.status == 403 else ""
                raise Failed("BAD_REQUEST", f"{told}{refused.message}") from None
            except DeltaError as error:
                raise Failed("BAD_REQUEST", str(error)) from None
    raise Failed("BAD_REQUEST", f"[PARSE_SYNTAX_ERROR] Syntax error at or near '{text.split(maxsplit=1)[0]}'.")


def _create_schema(session: _Session, match: re.Match[str]) -> None:
    name = plain_name(match["name"])
    catalog = f"catalog:{name.partition('.')[0]}"
    if f"schema:{name}" in session.state.securables:
        if match["unless"]:
            return
        raise Refused(400, "BAD_REQUEST", f"[SCHEMA_ALREADY_EXISTS] Cannot create schema {name}: it already exists.")
    if catalog not in session.state.securables:
        raise Refused(404, "NOT_FOUND", f"[NO_SUCH_CATALOG_EXCEPTION] Catalog '{name.partition('.')[0]}' not found.")
    require_privileges(session.state, session.principal, catalog, "USE_CATALOG", "CREATE_SCHEMA")
    securables.add_securable(
        session.state, "schema", name, session.principal.name, comment=plain_text(match["comment"])
    )


def _drop_schema(session: _Session, match: re.Match[str]) -> None:
    name = plain_name(match["name"])
    if f"schema:{name}" not in session.state.securables:
        return
    require_privileges(session.state, session.principal, f"schema:{name}")
    securables.forget(session.state, f"schema:{name}")
    shutil.rmtree(tables.location_of(session.state, f"{name}.any").parent, ignore_errors=True)


def _create_table(session: _Session, match: re.Match[str]) -> None:
    name, columns = plain_name(match["name"]), columns_in(match["columns"])
    if f"table:{name}" in session.state.securables:
        return
    _require_schema(session, name)
    tables.create(session.state, name, columns, pairs_in(match["properties"] or ""))
    securables.add_securable(
        session.state,
        "table",
        name,
        session.principal.name,
        comment=plain_text(match["comment"]),
        columns=tables.described(columns),
        properties=pairs_in(match["properties"] or ""),
        storage_location=tables.location_of(session.state, name).as_uri(),
    )


def _create_table_as(session: _Session, match: re.Match[str]) -> None:
    from deltalake import write_deltalake

    name = plain_name(match["name"])
    if f"table:{name}" in session.state.securables:
        raise Refused(400, "BAD_REQUEST", f"[TABLE_OR_VIEW_ALREADY_EXISTS] Cannot create table or view {name}.")
    _require_schema(session, name)
    rows = queries.rows(session.state, session.principal, match["query"], session.parameters)
    place = tables.location_of(session.state, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_deltalake(place, rows)
    columns = tuple(Column(each.name, type_text(each.type), "") for each in rows.schema)
    given = {"columns": tables.described(columns), "storage_location": place.as_uri()}
    securables.add_securable(session.state, "table", name, session.principal.name, **given)


def _create_view(session: _Session, match: re.Match[str]) -> None:
    name, query = plain_name(match["name"]), match["query"]
    _require_schema(session, name)
    there = session.state.securables.get(f"table:{name}")
    if there and there["table_type"] != "VIEW":
        raise Refused(400, "BAD_REQUEST", f"[EXPECT_VIEW_NOT_TABLE] {name} is no view.")
    rows = queries.rows(session.state, session.principal, f"{query} LIMIT 0", {})  # it has to be sound
    if there:
        require_privileges(session.state, session.principal, f"table:{name}")
        session.state.securables.pop(f"table:{name}")
    columns = [{"name": each} for each in rows.schema.names]
    given = {"table_type": "VIEW", "view_definition": query, "columns": columns}
    securables.add_securable(
        session.state, "table", name, session.principal.name, comment=plain_text(match["comment"]), **given
    )


def _add_columns(session: _Session, match: re.Match[str]) -> None:
    from deltalake import Schema

    name, columns = plain_name(match["name"]), columns_in(match["columns"])
    table = tables.require_on_table(session.state, session.principal, name, "MODIFY")
    new = Schema.from_arrow(tables.arrow_of(columns)).fields
    tables.opened(session.state, name).alter.add_columns(new)
    table["columns"] = [*table["columns"], *tables.described(columns)]


def _set_properties(session: _Session, match: re.Match[str]) -> None:
    name, properties = plain_name(match["name"]), pairs_in(match["properties"])
    table = tables.require_on_table(session.state, session.principal, name, "MODIFY")
    tables.opened(session.state, name).alter.set_table_properties(properties)
    table["properties"] = {**table.get("properties", {}), **properties}


def _set_tags(session: _Session, match: re.Match[str]) -> None:
    key = f"{'schema' if match['kind'].upper() == 'SCHEMA' else 'table'}:{plain_name(match['name'])}"
    require_privileges(session.state, session.principal, key, "APPLY_TAG")
    found = session.state.securables.get(key)
    if found is None:
        raise tables.not_found(plain_name(match["name"]))
    found["tags"] = {**found.get("tags", {}), **pairs_in(match["tags"])}


def _grant(session: _Session, match: re.Match[str]) -> None:
    kind = {"VIEW": "table"}.get(match["kind"].upper(), match["kind"].lower())
    key, whom = f"{kind}:{plain_name(match['name'])}", match["whom"].strip("`")
    if key not in session.state.securables:
        raise tables.not_found(plain_name(match["name"]))
    require_privileges(session.state, session.principal, key)
    if whom not in {*session.state.principals, *session.state.groups, "account users"}:
        raise Refused(404, "NOT_FOUND", f"[PRINCIPAL_DOES_NOT_EXIST] Could not find principal with name {whom}.")
    given = (each.strip().upper() for each in match["privileges"].split(","))
    privileges.grant(session.state, key, whom, given)


def _merge(session: _Session, match: re.Match[str]) -> "pa.Table":
    import pyarrow as pa

    name = plain_name(match["name"])
    tables.require_on_table(session.state, session.principal, name, "SELECT", "MODIFY")
    there, new = tables.opened(session.state, name), _rows_given(match)
    done = (
        there.merge(new, " ".join(match["condition"].split()), source_alias="new", target_alias="there")
        .when_not_matched_insert_all()
        .execute()
    )
    return pa.table({"num_affected_rows": [int(done["num_target_rows_inserted"])]})


def _delete(session: _Session, match: re.Match[str]) -> "pa.Table":
    import pyarrow as pa

    name = plain_name(match["name"])
    tables.require_on_table(session.state, session.principal, name, "SELECT", "MODIFY")
    there = tables.opened(session.state, name)
    if there.metadata().configuration.get("delta.appendOnly") == "true":
        what = "[DELTA_CANNOT_MODIFY_APPEND_ONLY] This table is configured to only allow appends."
        raise Refused(400, "BAD_REQUEST", what)
    found = queries.rows(session.state, session.principal, match["query"], session.parameters)
    gone = found.rename_columns(["value"])
    same = f"there.{match['column']} = gone.value"
    done = there.merge(gone, same, source_alias="gone", target_alias="there").when_matched_delete().execute()
    return pa.table({"num_affected_rows": [int(done["num_target_rows_deleted"])]})


def _rows_given(match: re.Match[str]) -> "pa.Table":
    """What ``inline(from_json(…))`` is: objects, with the names and the types that the statement says."""
    import pyarrow as pa

    columns = columns_in(match["columns"])
    told = json.loads(base64.b64decode(match["rows"]))
    rows = [{each.name: converted(row.get(each.name), each.type) for each in columns} for row in told]
    return pa.Table.from_pylist(rows, schema=tables.arrow_of(columns))


def _history(session: _Session, match: re.Match[str]) -> "pa.Table":
    name = plain_name(match["name"])
    tables.require_on_table(session.state, session.principal, name, "SELECT")
    return queries.history(session.state, name, int(match["limit"]) if match["limit"] else None)


def _describe(session: _Session, match: re.Match[str]) -> "pa.Table":
    import pyarrow as pa

    found = queries.rows(session.state, session.principal, match["query"], session.parameters).schema
    names, kinds = found.names, [type_text(each.type).lower() for each in found]
    comments = pa.nulls(len(names), pa.string())
    return pa.table({"col_name": names, "data_type": kinds, "comment": comments})


def _select(session: _Session, match: re.Match[str]) -> "pa.Table":
    return queries.rows(session.state, session.principal, match[0], session.parameters)


def _require_schema(session: _Session, name: str) -> None:
    """Raises Refused without the schema, and for who may make nothing in it."""
    schema = f"schema:{name.rpartition('.')[0]}"
    if schema not in session.state.securables:
        raise Refused(404, "NOT_FOUND", f"[SCHEMA_NOT_FOUND] The schema {schema.partition(':')[2]} cannot be found.")
    tables.require_use(session.state, session.principal, f"table:{name}")
    require_privileges(session.state, session.principal, schema, "CREATE_TABLE")


def _shape(pattern: str) -> re.Pattern[str]:
    """Spaces stand for any white space."""
    spaced = pattern.replace(" ", r"\s+").replace("NAME", NAME).replace("TEXT", TEXT)
    return re.compile(spaced, re.IGNORECASE | re.DOTALL)


_COMMENT = "(?: COMMENT (?P<comment>TEXT))?"
_SHAPES: tuple[tuple[re.Pattern[str], Callable[[_Session, re.Match[str]], "pa.Table | None"]], ...] = (
    (_shape(f"CREATE SCHEMA(?P<unless> IF NOT EXISTS)? (?P<name>NAME){_COMMENT}"), _create_schema),
    (_shape("DROP SCHEMA IF EXISTS (?P<name>NAME) CASCADE"), _drop_schema),
    (
        _shape(
            rf"CREATE TABLE IF NOT EXISTS (?P<name>NAME) \((?P<columns>.+?)\){_COMMENT}"
            r"(?: CLUSTER BY \([^()]*\))?(?: TBLPROPERTIES \((?P<properties>[^()]*)\))?"
        ),
        _create_table,
    ),
    (_shape("CREATE TABLE (?P<name>NAME) AS (?P<query>SELECT .+)"), _create_table_as),
    (_shape(f"CREATE OR REPLACE VIEW (?P<name>NAME){_COMMENT} AS (?P<query>SELECT .+)"), _create_view),
    (_shape(r"ALTER TABLE (?P<name>NAME) ADD COLUMNS \((?P<columns>.+)\)"), _add_columns),
    (_shape(r"ALTER TABLE (?P<name>NAME) SET TBLPROPERTIES \((?P<properties>[^()]*)\)"), _set_properties),
    (_shape(r"DELETE FROM (?P<name>NAME) WHERE (?P<column>\w+) IN \((?P<query>SELECT .+)\)"), _delete),
    (_shape(r"ALTER (?P<kind>SCHEMA|TABLE|VIEW) (?P<name>NAME) SET TAGS \((?P<tags>.*)\)"), _set_tags),
    (
        _shape(
            r"GRANT (?P<privileges>[A-Z_, ]+?) ON (?P<kind>CATALOG|SCHEMA|TABLE|VIEW) (?P<name>NAME) "
            r"TO (?P<whom>`[^`]+`)"
        ),
        _grant,
    ),
    (
        _shape(
            r"MERGE INTO (?P<name>NAME) AS there "
            r"USING \(SELECT inline\(from_json\(CAST\(unbase64\('(?P<rows>[A-Za-z0-9+/=]*)'\) AS STRING\), "
            r"'ARRAY<STRUCT<(?P<columns>[^']+)>>', map\('mode', 'FAILFAST'\)\)\)\) AS new "
            r"ON (?P<condition>.+) WHEN NOT MATCHED THEN INSERT \*"
        ),
        _merge,
    ),
    (_shape(r"DESCRIBE HISTORY (?P<name>NAME)(?: LIMIT (?P<limit>\d+))?"), _history),
    (_shape(r"DESCRIBE QUERY (?P<query>SELECT .+)"), _describe),
    (_shape(r"(?:SELECT|WITH) .+"), _select),
)
