"""What the engine imports before it forks, so that no attempt has to."""

import gc
from contextlib import suppress
from importlib import import_module

_MODULES = (
    "pandas",
    "pyarrow",
    "pyspark.sql.connect.session",
    "pyspark.sql.connect.functions",
    "pyspark.sql.connect.catalog",
    "grpc._channel",
    "mlflow",
    "mlflow.pyfunc",
    "mlflow.store.tracking.sqlalchemy_store",
    "framework.runtime.entrypoint",
    "framework.local.task_types.execute",
    "sqlglot.dialects.databricks",
)


class Preload:
    """Imports done while the JVM starts; one at a time, so that a client who leaves meanwhile is noticed."""

    def __init__(self) -> None:
        self._left = list(_MODULES)

    def __bool__(self) -> bool:
        """Whether something is left to do."""
        return bool(self._left)

    def import_next(self) -> None:
        """Do one import. An attempt that needs a module which fails here shows the error in its own log."""
        with suppress(Exception):
            import_module(self._left.pop(0))
        if not self._left:
            # What all attempts share is not looked through, and so not copied, at each collection of theirs.
            gc.freeze()
