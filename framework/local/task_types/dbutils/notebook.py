"""``dbutils.notebook``: leave this notebook with a value, or run another one for its value."""

from collections.abc import Callable, Mapping

from framework.local.task_types.dbutils.context import Context
from framework.local.task_types.dbutils.unavailable import Unavailable

RunNotebook = Callable[[str, float, Mapping[str, str]], str]
"""Runs the notebook at a path, within a number of seconds (0: no limit), with arguments; gives its exit value."""


class NotebookExit(BaseException):
    """The notebook ends here, successfully. No Exception: ``except Exception`` around the call must not catch it."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class Notebook:
    """``dbutils.notebook``."""

    def __init__(self, run: RunNotebook, context: Context) -> None:
        self._run = run
        self._context = context
        self.entry_point = _EntryPoint(self)

    def exit(self, value: object = "") -> None:
        """End the notebook successfully; its run's value is ``value``."""
        raise NotebookExit(str(value))

    def run(
        self,
        path: str,
        timeout_seconds: float = 0,
        arguments: Mapping[str, object] | None = None,
    ) -> str:
        """Run another notebook of the bundle with variables and a Spark session of its own; returns its exit value.

        Of those called in several threads one runs at a time. Raises what it raises, FrameworkError when it ends with
        ``sys.exit``, and TimeoutError after ``timeout_seconds`` (0: no limit; in the main thread only).
        """
        return self._run(path, timeout_seconds, {name: str(value) for name, value in (arguments or {}).items()})

    def getContext(self) -> Context:  # noqa: N802
        """Which job, run and notebook this is."""
        return self._context


class _EntryPoint(Unavailable):
    """``entry_point.getDbutils().notebook().getContext()``, the usual way to the context."""

    def __init__(self, notebook: Notebook) -> None:
        super().__init__("dbutils.notebook.entry_point")
        self._notebook = notebook

    def getDbutils(self) -> "_EntryPoint":  # noqa: N802
        return self

    def notebook(self) -> Notebook:
        return self._notebook
