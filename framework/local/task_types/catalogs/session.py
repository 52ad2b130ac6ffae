"""The session API with names of other catalogs and paths of a workspace.

Spark Connect builds a plan object for everything that it asks of the server, so the names are mapped where those
objects are made. The change is to classes, and for good: this is for an attempt's own process only.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
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
_FUNCTION_PLANS = ("GetFunction", "FunctionExists")
_NEW_TABLE_PLANS = ("WriteOperationV2", "CreateTable")
_SCHEMA_PLANS = (
    *("GetDatabase", "DatabaseExists", "CreateDatabase", "DropDatabase"),
    *("ListTables", "ListViews", "ListFunctions"),
)
_PATHS = ("path", "checkpointlocation")
"""Options that hold a path, in lower case."""

_Map = Callable[[Any], Any]


def install(current: CurrentCatalog, files: LocalFiles) -> None:
    """Map what the session is asked for from now on."""
    from pyspark.sql.connect import plan

    current.path = files.for_spark
    for classes, argument, rule in _rules(current, files):
        for name in classes:
            # Older and newer versions of pyspark have some of them only.
            if kind := getattr(plan, name, None):
                _map_argument(kind, "__init__", argument, rule)
    _map_sql(plan.SQL, current)
    _map_writes(plan.WriteOperation, current, files)
    _map_options(plan.WriteOperationV2, files)
    _map_merge(current)
    _map_streams(current, files)
    _follow_current_catalog(current)


def create_schema(spark: Any, schema: str) -> bool:
    """Make a local schema unless it is there; whether it was made."""
    if spark.catalog.databaseExists(schema):
        return False
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    return True


def _rules(current: CurrentCatalog, files: LocalFiles) -> Iterator[tuple[Sequence[str], str, _Map]]:
    """Plans, which of their arguments is mapped, and how."""
    yield _TABLE_PLANS, "table_name", current.table
    yield _FUNCTION_PLANS, "function_name", current.table
    yield _NEW_TABLE_PLANS, "table_name", current.new_table
    yield _SCHEMA_PLANS, "db_name", current.schema
    yield ("DataSource",), "paths", lambda paths: [files.for_spark(path) for path in paths]
    yield ("DataSource", "CreateTable"), "options", lambda options: _local_options(options, files)
    yield ("CreateTable", "RefreshByPath"), "path", files.for_spark


def _map_argument(kind: Any, method: str, argument: str, rule: _Map) -> None:
    original = getattr(kind, method)
    signature = inspect.signature(original)

    @wraps(original)
    def with_local_name(*args: Any, **options: Any) -> Any:
        bound = signature.bind(*args, **options)
        if value := bound.arguments.get(argument):
            if argument != "db_name" and (schema := bound.arguments.pop("db_name", None)):
                value = names.join((*(names.split(schema) or (schema,)), value))
            bound.arguments[argument] = rule(value)
        return original(*bound.args, **bound.kwargs)

    setattr(kind, method, with_local_name)


def _map_sql(kind: Any, current: CurrentCatalog) -> None:
    original = kind.__init__

    def with_local_names(self: Any, *args: Any, **options: Any) -> None:
        original(self, *args, **options)
        # Only now: the values of parameters are in the text, and a name may be made of them.
        self._query = current.sql(self._query)

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
    _map_options(kind, files)


def _map_options(kind: Any, files: LocalFiles) -> None:
    original = kind.command

    def with_local_paths(self: Any, session: Any) -> Any:
        self.options = _local_options(self.options, files)
        return original(self, session)

    kind.command = with_local_paths


def _local_options(options: Mapping[str, Any], files: LocalFiles) -> dict[str, Any]:
    return {
        key: files.for_spark(value) if key.lower() in _PATHS and isinstance(value, str) else value
        for key, value in options.items()
    }


def _map_merge(current: CurrentCatalog) -> None:
    try:
        from pyspark.sql.connect.merge import MergeIntoWriter
    except ImportError:
        return
    _map_argument(MergeIntoWriter, "__init__", "table", current.table)


def _map_streams(current: CurrentCatalog, files: LocalFiles) -> None:
    from pyspark.sql.connect.streaming.readwriter import DataStreamWriter

    _map_argument(DataStreamWriter, "_start_internal", "tableName", current.new_table)
    _map_argument(DataStreamWriter, "_start_internal", "path", files.for_spark)
    original = DataStreamWriter.option

    def option(self: Any, key: str, value: Any) -> Any:
        return original(self, key, _local_options({key: value}, files)[key])

    DataStreamWriter.option = option


def _follow_current_catalog(current: CurrentCatalog) -> None:
    from pyspark.sql.connect.catalog import Catalog

    schema_of = Catalog.currentDatabase
    Catalog.currentCatalog = lambda self: current.namespace.catalog
    Catalog.currentDatabase = lambda self: schema_of(self) if current.namespace.is_local else current.namespace.schema

    def set_catalog(self: Any, catalogName: str) -> None:  # noqa: N803
        self._sparkSession.sql(f"USE CATALOG {names.join((catalogName,))}")

    def set_schema(self: Any, dbName: str) -> None:  # noqa: N803
        self._sparkSession.sql(f"USE {names.join(names.split(dbName))}")

    Catalog.setCurrentCatalog, Catalog.setCurrentDatabase = set_catalog, set_schema
