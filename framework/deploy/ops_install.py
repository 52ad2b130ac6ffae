"""Makes the tables of run records in a target: once, and again to bring what a newer version adds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from framework.core.ops_tables import OPS_TABLES, ops_schema
from framework.deploy.deployed_jobs import short_name
from framework.deploy.ops_statements import (
    APPEND_ONLY,
    AUDIT_SCHEMA,
    append_only_statement,
    audit_statements,
    schema_statements,
    table_statements,
    writer_statements,
)
from framework.deploy.sql_warehouse import SqlWarehouse
from framework.deploy.workspace import asking
from framework.spec.target_spec import TargetSpec

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.catalog import TableInfo

_OF_PROJECT = f"{AUDIT_SCHEMA}_"
_CREATE = "CREATE SCHEMA on the catalog, and to own what is there already"
Columns = Mapping[str, Sequence[str]]
"""Of each table of a schema, its columns."""


@dataclass(frozen=True)
class Ops:
    """The tables of run records of a target; ``person`` begins their schemas where everybody has their own."""

    client: "WorkspaceClient"
    target: TargetSpec
    person: str = ""

    def schema(self, project: str) -> str:
        """``prod.ops_shop``."""
        return f"{self.target.catalog}.{self.person}{ops_schema(project)}"

    def columns(self, schema: str) -> dict[str, list[str]]:
        """Of each of the tables that are in ``schema``, its columns. Raises DatabricksError."""
        return {table: _names(found) for table, found in self.tables(schema).items()}

    def tables(self, schema: str) -> "dict[str, TableInfo]":
        """Those that are in ``schema``, by name. Raises DatabricksError."""
        from databricks.sdk.errors.platform import NotFound

        found = {}
        for table in OPS_TABLES:
            with asking(f"look at {schema}.{table.name}", f"SELECT on {schema}.{table.name}"):
                try:
                    found[table.name] = self.client.tables.get(f"{schema}.{table.name}")
                except NotFound:
                    continue
        return found

    def schemas(self) -> list[str]:
        """The schemas of every project in the target's catalog. Raises DatabricksError."""
        catalog = self.target.catalog
        with asking(f"list the schemas of {catalog}", f"USE CATALOG on {catalog}"):
            names = [each.name or "" for each in self.client.schemas.list(catalog)]
        return [f"{catalog}.{name}" for name in sorted(names) if name.startswith(_OF_PROJECT)]


def ops_of(client: "WorkspaceClient", target: TargetSpec) -> Ops:
    """Those of ``target``; in development, of who is logged in. Raises DatabricksError."""
    if target.mode != "development":
        return Ops(client, target)
    with asking("see who is logged in"):
        return Ops(client, target, f"{short_name(client.current_user.me())}_")


def statements(
    ops: Ops,
    projects: Iterable[str],
    auditors: Sequence[str],
    tags: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> Iterator[str]:
    """What makes the tables of ``projects``, lets their jobs append to them, and shows all rows to ``auditors``.

    ``tags`` are those of projects; they go before the target's, as they do for jobs.
    It is asked what is there already; a table that is whole needs no statement but for its tags and grants.
    """
    target, wanted = ops.target, {ops.schema(project): project for project in projects}
    writer = next(iter(target.run_as.values()), "")
    whole = {table.name: [column.name for column in table.columns] for table in OPS_TABLES}
    for schema, project in wanted.items():
        there, all_tags = ops.tables(schema), {**target.tags, **tags.get(project, {})}
        yield from schema_statements(schema, project, all_tags)
        for table in OPS_TABLES:
            found = there.get(table.name)
            yield from table_statements(schema, table, _names(found) if found else None, all_tags)
            if found and (found.properties or {}).get(APPEND_ONLY) != "true":
                yield append_only_statement(f"{schema}.{table.name}", on=True)
        if writer:
            yield from writer_statements(schema, writer)
    if not ops.person:
        others = {schema: ops.columns(schema) for schema in ops.schemas() if schema not in wanted}
        complete = {schema: there for schema, there in others.items() if len(there) == len(OPS_TABLES)}
        views: dict[str, Columns] = {**dict.fromkeys(wanted, whole), **complete}
        yield from audit_statements(target.catalog, dict(sorted(views.items())), auditors)


def install(warehouse: SqlWarehouse, wanted: Iterable[str]) -> None:
    """Execute the statements in their order. Raises DatabricksError at the first that is refused."""
    for statement in wanted:
        head = " ".join(statement.partition("(")[0].partition(" COMMENT")[0].split())
        warehouse.rows(statement, f"execute {head}", needs=_CREATE)


def _names(table: "TableInfo") -> list[str]:
    return [each.name or "" for each in table.columns or ()]
