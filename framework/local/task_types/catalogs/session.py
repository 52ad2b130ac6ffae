"""The session API with names of other catalogs and paths of a workspace.

Spark Connect builds a plan object for everything that it asks of the server, so the names are mapped where those
objects are made. The change is to classes, and for good: this is for an attempt's own process only.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from framework.local.task_types.catalogs import names
from framework.local.task_types.catalogs.current import CurrentCatalog
from framework.local.task_types.files import LocalFiles

_TABLE_PLANS = (
    *("Read", "RelationChanges", "GetTable", "ListColumns", "TableExists", "DropTable", "DropView"),
    *("IsCached", "CacheTable", "UncacheTable", "RefreshTable", "RecoverPartitions", "ListPartitions", "AnalyzeTable"),
    *("GetTableProperties", "GetCreateTableString", "TruncateTable"),
)
_NEW_TABLE_PLANS = ("WriteOperationV2", "CreateTable")
_SCHEMA_PLANS = (
    *("GetDatabase", "DatabaseExists", "CreateDatabase", "DropDatabase"),
    *("ListTables", "ListViews", "ListFunctions", "ListColumns", "TableExists"),
)

_Map = Callable[[Any], Any]


def install(current: CurrentCatalog, files: LocalFiles) -> None:
    """Map what the session is asked for from now on."""
    from pyspark.sql.connect import plan

    for classes, argument, rule in (
        (_TABLE_PLANS, "table_name", current.table),
        (_NEW_TABLE_PLANS, "table_name", current.new_table),
        (_SCHEMA_PLANS, "db_name", current.schema),
        (("DataSource",), "paths", lambda paths: [files.for_spark(path) for path in paths]),
    ):
        for name in classes:
            # Older and newer versions of pyspark have some of them only.
            if kind := getattr(plan, name, None):
                _map_argument(kind, "__init__", argument, rule)
    _map_sql(plan.SQL, current)
    _map_writes(plan.WriteOperation, current, files)
    _map_streams(current, files)
    _map_delta(current, files)
    _follow_current_catalog(current)


def _map_argument(kind: Any, method: str, argument: str, rule: _Map) -> None:
    original = getattr(kind, method)
    signature = inspect.signature(original)

    @wraps(original)
    def with_local_name(*args: Any, **options: Any) -> Any:
        bound = signature.bind(*args, **options)
        if bound.arguments.get(argument):
            bound.arguments[argument] = rule(bound.arguments[argument])
        return original(*bound.args, **bound.kwargs)

    setattr(kind, method, with_local_name)


def _map_sql(kind: Any, current: CurrentCatalog) -> None:
    original = kind.__init__

    def with_local_names(self: Any, query: str, args: Any = None, named_args: Any = None, views: Any = None) -> None:
        values = {name: getattr(column._expr, "_value", None) for name, column in (named_args or {}).items()}
        original(self, current.sql(query, values), args, named_args, views)

    kind.__init__ = with_local_names


def _map_writes(kind: Any, current: CurrentCatalog, files: LocalFiles) -> None:
    original = kind.command

    def with_local_names(self: Any, session: Any) -> Any:
        if self.table_name:
            into = self.table_save_method == "insert_into"
            self.table_name = (current.table if into else current.new_table)(self.table_name)
        if self.path:
            self.path = files.for_spark(self.path)
        return original(self, session)

    kind.command = with_local_names


def _map_streams(current: CurrentCatalog, files: LocalFiles) -> None:
    from pyspark.sql.connect.streaming.readwriter import DataStreamWriter

    _map_argument(DataStreamWriter, "_start_internal", "tableName", current.new_table)
    _map_argument(DataStreamWriter, "_start_internal", "path", files.for_spark)
    original = DataStreamWriter.option

    def option(self: Any, key: str, value: Any) -> Any:
        is_path = key.lower() in ("checkpointlocation", "path") and isinstance(value, str)
        return original(self, key, files.for_spark(value) if is_path else value)

    DataStreamWriter.option = option


def _map_delta(current: CurrentCatalog, files: LocalFiles) -> None:
    try:
        from delta.connect import plan, tables
    except ImportError:
        return
    _map_argument(tables.DeltaTable, "__init__", "tableOrViewName", current.table)
    _map_argument(tables.DeltaTable, "__init__", "path", files.for_spark)
    _map_argument(plan.CreateDeltaTable, "__init__", "tableName", current.new_table)
    _map_argument(plan.CreateDeltaTable, "__init__", "location", files.for_spark)
    _map_argument(plan.CloneTable, "__init__", "target", current.new_table)
    _map_argument(plan.ConvertToDelta, "__init__", "identifier", current.table)
    _map_argument(plan.IsDeltaTable, "__init__", "path", files.for_spark)


def _follow_current_catalog(current: CurrentCatalog) -> None:
    from pyspark.sql.connect.catalog import Catalog

    schema_of = Catalog.currentDatabase
    Catalog.currentCatalog = lambda self: current.name
    Catalog.currentDatabase = lambda self: names.of_catalog(schema_of(self), current.name)

    def set_catalog(self: Any, catalogName: str) -> None:  # noqa: N803
        self._sparkSession.sql(f"USE CATALOG {names.join((catalogName,))}")

    def set_schema(self: Any, dbName: str) -> None:  # noqa: N803
        self._sparkSession.sql(f"USE {names.join(names.split(dbName))}")

    Catalog.setCurrentCatalog, Catalog.setCurrentDatabase = set_catalog, set_schema
