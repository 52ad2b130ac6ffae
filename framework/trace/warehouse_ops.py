"""Rows of runs in a workspace, asked of a SQL warehouse."""

from collections.abc import Callable, Sequence

from framework.core.errors import DatabricksError, FrameworkError
from framework.core.ops_tables import OpsTable
from framework.trace.conditions import Condition, Row
from framework.trace.ops import columns_of, newest_first, once, statement

Ask = Callable[[str, str], Sequence[Row]]
"""The rows of a statement; the second text completes 'cannot …'. Maps are dicts, moments in UTC."""

_NO_TABLE = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND")


class WarehouseOps:
    """The records in ``schemas``, each a project's; see Ops."""

    def __init__(self, ask: Ask, schemas: Sequence[str], target: str) -> None:
        self._ask, self._schemas, self._target = ask, schemas, target

    def select(
        self, table: OpsTable, where: Sequence[Condition], *, columns: Sequence[str] = (), limit: int | None = None
    ) -> list[Row]:
        """See Ops. Raises FrameworkError when there are no tables of records."""
        names = [f"`{name}`" for name in columns_of(table, columns and (*columns, *table.told_apart_by))]
        found: list[Row] = []
        missing = 0
        for schema in self._schemas:
            source = f"{quoted(schema)}.{table.name}"
            try:
                found += once(table, self._ask(statement(source, names, where, limit), f"read {schema}.{table.name}"))
            except DatabricksError as error:
                if "UNRESOLVED_COLUMN" in error.message:
                    raise self._outdated(schema) from error
                if not is_missing(error):
                    raise
                missing += 1
        if missing == len(self._schemas):
            hint = f"Make them: framework ops install -e {self._target}"
            raise FrameworkError(f"there are no tables of records in {', '.join(self._schemas)}", hint)
        return newest_first(found, limit)

    def _outdated(self, schema: str) -> FrameworkError:
        return FrameworkError(
            f"the tables of records in {schema} are those of an earlier version of the framework",
            f"Bring them up to date, with all of their rows: framework ops install -e {self._target}",
        )


def quoted(name: str) -> str:
    """A name in backquotes, each of its parts."""
    return ".".join(f"`{part}`" for part in name.split("."))


def is_missing(error: DatabricksError) -> bool:
    """Whether there is no such table."""
    return any(sign in error.message for sign in _NO_TABLE)
