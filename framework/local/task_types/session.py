"""Everything that a task's code finds around it: Spark, ``dbutils``, and the notebooks that it can run."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from framework.core.errors import FrameworkError
from framework.local.task_types import isolation, known_modules
from framework.local.task_types.catalogs import session as session_names
from framework.local.task_types.catalogs.current import CurrentCatalog
from framework.local.task_types.dbutils.context import Context
from framework.local.task_types.dbutils.dbutils import DbUtils
from framework.local.task_types.dbutils.notebook import Notebook, NotebookExit
from framework.local.task_types.dbutils.secrets import Secrets
from framework.local.task_types.dbutils.task_values import TaskValues
from framework.local.task_types.dbutils.widgets import Widgets
from framework.local.task_types.display import display, display_html
from framework.local.task_types.files import LocalFiles
from framework.local.task_types.invocation import Invocation
from framework.local.task_types.notebooks import reading, running
from framework.local.task_types.notebooks.running import Surroundings


@dataclass(frozen=True)
class Session:
    """A Spark session and what the code in it shares: that of the attempt, or of a notebook that another one calls.

    ``invocation`` is the task's; ``file`` and ``parameters`` are those of the notebook.
    """

    invocation: Invocation
    spark: Any
    current: CurrentCatalog
    file: Path
    parameters: Mapping[str, str]
    task_values: TaskValues
    _one_at_a_time: Any = field(default_factory=threading.RLock, init=False)

    @classmethod
    def open(cls, invocation: Invocation, directory: Path) -> Self:
        """Connect, and make this process's ``spark``, ``dbutils`` and modules those of the task. Once per process."""
        from pyspark.sql import DataFrame, SparkSession

        spark = SparkSession.builder.getOrCreate()
        current = CurrentCatalog(lambda schema: session_names.create_schema(spark, schema))
        session_names.install(current, LocalFiles(invocation.files))
        DataFrame.display = display
        session = cls(
            invocation=invocation,
            spark=spark,
            current=current,
            file=invocation.root / (invocation.file or ""),
            parameters=invocation.parameters,
            task_values=TaskValues(directory, invocation.task_values),
        )
        known_modules.install(session.names())
        return session

    def names(self) -> dict[str, Any]:
        """The names that code of Databricks finds without importing them."""
        from pyspark.sql.functions import udf

        return {
            "spark": self.spark,
            "dbutils": self._dbutils,
            "display": display,
            "displayHTML": display_html,
            "sql": self.spark.sql,
            "table": self.spark.table,
            "udf": udf,
            "getArgument": self._dbutils.widgets.getArgument,
        }

    def notebook(self) -> str:
        """Run the notebook ``file`` as ``__main__`` in its own directory; its exit value. Raises what it raises."""
        notebook = reading.read(self.file, self.invocation.root)
        with isolation.as_main(self.file, self.invocation.root) as main:
            vars(main).update(self.names(), __name__="__main__")
            try:
                running.run(notebook, Surroundings(vars(main), self._dbutils, self.spark))
            except NotebookExit as exit_:
                return exit_.value
        return ""

    @cached_property
    def _dbutils(self) -> DbUtils:
        """One object, in the notebook as in every module that imports it."""
        files = LocalFiles(self.invocation.files)
        notebook = Notebook(self._run_other, Context(self.invocation, self.file))
        return DbUtils(Widgets(self.parameters), self.task_values, files, Secrets(self.invocation.secrets), notebook)

    def _run_other(self, path: str, seconds: float, arguments: Mapping[str, str]) -> str:
        """Run another notebook with everything of its own but the modules that are imported already."""
        file = reading.find(path, self.file, self.invocation.root)
        # Of those that a notebook starts in threads one runs at a time: the directory is one for all threads.
        with self._one_at_a_time, isolation.time_limit(seconds, path), isolation.spark_session(self.current) as spark:
            other = replace(self, spark=spark, file=file, parameters=arguments)
            try:
                known_modules.install(other.names())
                return other.notebook()
            except SystemExit as exit_:
                raise FrameworkError(
                    f"the notebook {path} ended with sys.exit({exit_.code!r})",
                    "to leave a notebook with success, use dbutils.notebook.exit(value)",
                ) from None
            finally:
                known_modules.install(self.names())
