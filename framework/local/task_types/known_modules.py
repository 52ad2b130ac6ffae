"""Modules that code imports ``dbutils`` and ``spark`` from: locally they give the attempt's own objects.

Without them ``databricks.sdk.runtime`` falls back to stand-ins, and a task value set through those is lost.
"""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def install(names: Mapping[str, Any]) -> None:
    """Make ``names`` (``spark``, ``dbutils``, ``display`` …) what those modules hand out in this process."""
    runtime = ModuleType("dbruntime")
    vars(runtime)["UserNamespaceInitializer"] = _initializer(names)
    sys.modules["dbruntime"] = runtime
    # Imported before, it has looked already: in vain, or for those of a notebook that calls or was called.
    if sys.modules.pop("databricks.sdk.runtime", None):
        vars(sys.modules["databricks.sdk"]).pop("runtime", None)
    pyspark_dbutils = ModuleType("pyspark.dbutils")
    vars(pyspark_dbutils)["DBUtils"] = _always(names["dbutils"])
    sys.modules["pyspark.dbutils"] = pyspark_dbutils
    if not _is_installed("databricks.connect"):
        connect = ModuleType("databricks.connect")
        vars(connect)["DatabricksSession"] = type("DatabricksSession", (), {"builder": _Builder(names["spark"])})
        sys.modules["databricks.connect"] = connect


def _initializer(names: Mapping[str, Any]) -> type:
    """What a cluster's ``databricks.sdk.runtime`` asks for the names of a notebook."""

    class UserNamespaceInitializer:
        @classmethod
        def getOrCreate(cls) -> "UserNamespaceInitializer":  # noqa: N802
            return cls()

        def get_namespace_globals(self) -> dict[str, Any]:
            return dict(names)

    return UserNamespaceInitializer


def _always(dbutils: Any) -> type:
    class DBUtils:
        def __new__(cls, *_: Any, **__: Any) -> Any:
            return dbutils

    return DBUtils


class _Builder:
    """``DatabricksSession.builder``: whatever it is told, the session is the local one."""

    def __init__(self, spark: Any) -> None:
        self._spark = spark

    def getOrCreate(self) -> Any:  # noqa: N802
        return self._spark

    create = getOrCreate

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
