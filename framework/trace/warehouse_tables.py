"""Tables of a workspace, asked of a SQL warehouse: their histories, and their rows as they were."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from framework.core.errors import DatabricksError
from framework.trace.conditions import Row
from framework.trace.tables import NO_TABLE, Commit, commit_of
from framework.trace.warehouse_ops import Ask, is_missing, quoted

_SURELY_KEPT = timedelta(days=7)
"""Files that Delta keeps by default for so long after they were replaced."""
_TYPES = {"bigint": "long", "int": "integer", "smallint": "short", "tinyint": "byte"}


class WarehouseTables:
    """Tables of Unity Catalog; see Tables."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._histories: dict[str, list[Commit]] = {}

    def latest(self, table: str) -> int | None:
        """See Tables."""
        return max((commit.version for commit in self._history(table)), default=None)

    def commit(self, table: str, version: int) -> Commit | None:
        """See Tables."""
        return next((commit for commit in self._history(table) if commit.version == version), None)

    def commits(self, table: str, version: int) -> Iterator[Commit]:
        """See Tables."""
        return (commit for commit in self._history(table) if commit.version <= version)

    def beside(self, table: str) -> Sequence[str]:
        """See Tables: those of its schema."""
        schema = table.rpartition(".")[0]
        try:
            rows = self._ask(f"SHOW TABLES IN {quoted(schema)}", f"list the tables of {schema}")
        except DatabricksError:
            return ()
        return [f"{schema}.{row['tableName']}" for row in rows]

    def unreadable(self, table: str, version: int) -> str:
        """See Tables. Tried where files may be gone: that takes a query."""
        if not self._history(table):
            return NO_TABLE
        following = self.commit(table, version + 1)
        if not following or not following.at or datetime.now(UTC) - following.at < _SURELY_KEPT:
            return ""
        try:
            self.rows(table, version, (), 1)
        except DatabricksError as error:
            return error.message
        return ""

    def types(self, table: str, version: int) -> Mapping[str, str]:
        """See Tables."""
        query = f"DESCRIBE QUERY SELECT * FROM {quoted(table)} VERSION AS OF {int(version)}"  # noqa: S608
        rows = self._ask(query, f"describe v{version} of {table}")
        return {str(row["col_name"]): _TYPES.get(kind := str(row["data_type"]), kind) for row in rows}

    def rows(self, table: str, version: int, conditions: Sequence[str], limit: int) -> list[Row]:
        """See Tables."""
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        query = f"SELECT * FROM {quoted(table)} VERSION AS OF {int(version)}{where} LIMIT {int(limit)}"  # noqa: S608
        return list(self._ask(query, f"read v{version} of {table}"))

    def _history(self, table: str) -> list[Commit]:
        """The newest first; nothing of a table that is not there."""
        if table not in self._histories:
            try:
                rows = self._ask(f"DESCRIBE HISTORY {quoted(table)}", f"see the history of {table}")
            except DatabricksError as error:
                if not is_missing(error):
                    raise
                rows = ()
            commits = [commit_of(int(row["version"]), row) for row in rows]
            self._histories[table] = sorted(commits, key=lambda commit: commit.version, reverse=True)
        return self._histories[table]
