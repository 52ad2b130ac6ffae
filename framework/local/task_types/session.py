"""Everything that a task's code finds around it: Spark, ``dbutils``, and the notebooks that it can run."""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from framework.local.task_types import known_modules
from framework.local.task_types.catalogs import session as session_names
from framework.local.task_types.catalogs.current import CurrentCatalog
from framework.local.task_types.dbutils.dbutils import DbUtils
from framework.local.task_types.dbutils.notebook import NotebookExit
from framework.local.task_types.dbutils.task_values import TaskValues
from framework.local.task_types.dbutils.widgets import Widgets
from framework.local.task_types.display import display, display_html
from framework.local.task_types.files import LocalFiles
from framework.local.task_types.invocation import Invocation
from framework.local.task_types.notebooks import reading, running
from framework.local.task_types.notebooks.running import Surroundings


@dataclass(frozen=True)
class Session:
    """An attempt's Spark session and what its task's code shares, whichever notebook it is in."""

    spark: Any
    root: Path
    file: Path
    parameters: Mapping[str, str]
    task_values: TaskValues
    files: LocalFiles
    secrets: Path

    @classmethod
    def open(cls, invocation: Invocation, directory: Path) -> Self:
        """Connect, and make this process's ``spark``, ``dbutils`` and modules those of the task. Once per process."""
        from pyspark.sql import DataFrame, SparkSession

        files = LocalFiles(invocation.files)
        spark = SparkSession.builder.getOrCreate()
        current = CurrentCatalog(lambda schema: spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        session_names.install(current, files)
        DataFrame.display = display
        session = cls(
            spark=spark,
            root=invocation.root,
            file=invocation.root / (invocation.file or ""),
            parameters=invocation.parameters,
            task_values=TaskValues(directory, invocation.task_values),
            files=files,
            secrets=invocation.secrets,
        )
        known_modules.install(session.names())
        return session

    def names(self) -> dict[str, Any]:
        """The names that code of Databricks finds without importing them."""
        return self._names(self._own_dbutils)

    def notebook(self, file: Path) -> str:
        """Run the task's notebook as ``__main__`` in its own directory; its exit value. Raises what it raises."""
        os.chdir(file.parent)
        sys.path[:0] = dict.fromkeys((str(file.parent), str(self.root)))
        sys.modules["__main__"] = ModuleType("__main__")
        return self._notebook(file, self._own_dbutils, vars(sys.modules["__main__"]))

    @cached_property
    def _own_dbutils(self) -> DbUtils:
        """The task's own: one object, in its notebook as in every module that imports it."""
        return self._dbutils(self.file, self.parameters)

    def _notebook(self, file: Path, dbutils: DbUtils, namespace: dict[str, Any]) -> str:
        notebook = reading.read(file, self.root)
        namespace.update(self._names(dbutils), __name__="__main__")
        try:
            running.run(notebook, Surroundings(namespace, dbutils, self.spark))
        except NotebookExit as exit_:
            return exit_.value
        return ""

    def _dbutils(self, file: Path, parameters: Mapping[str, str]) -> DbUtils:
        def run_other(path: str, seconds: float, arguments: Mapping[str, str]) -> str:
            target = reading.find(path, file, self.root)
            with _limited(seconds, path):
                return self._notebook(target, self._dbutils(target, arguments), {})

        return DbUtils(Widgets(parameters), self.task_values, self.files, self.secrets, run_other)

    def _names(self, dbutils: DbUtils) -> dict[str, Any]:
        from pyspark.sql.functions import udf

        return {
            "spark": self.spark,
            "dbutils": dbutils,
            "display": display,
            "displayHTML": display_html,
            "sql": self.spark.sql,
            "table": self.spark.table,
            "udf": udf,
            "getArgument": dbutils.widgets.getArgument,
        }


@contextmanager
def _limited(seconds: float, path: str) -> Iterator[None]:
    """Raise TimeoutError in the block after ``seconds``; only the main thread can be interrupted so."""
    if seconds <= 0 or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError(f"the notebook {path} did not end within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
